//! Momentum whose matrix is made orthogonal.

#[cfg(test)]
mod tests;

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::adam::{read_epsilon, towards};
use crate::optimizers::rule::{Rule, Slot, Step, Update, squares};
use crate::variable::Variable;

/// Muon (Jordan 2024; scaled as in Liu et al. 2025): for weights that are matrices `m = momentum m + g` and
/// `w -= rate rms_rate sqrt(max(rows, columns)) O(g + momentum m)` (without Nesterov `O(m)`), where `O` brings all
/// singular values close to 1.
///
/// `O(x)`: `x / (|x| + 1e-7)`, transposed if it has more rows than columns, then `ns_steps` times
/// `x = a x + (b A + c A A) x` with `A = x x^T`: a Newton-Schulz iteration.
///
/// All other weights, and those of embeddings and of excluded layers, follow Adam with the rate times `adam_lr_ratio` and
/// with the weight decay `adam_weight_decay`.
struct Muon {
    adam_beta_1: f64,
    adam_beta_2: f64,
    epsilon: f64,
    adam_weight_decay: Option<f64>,
    adam_lr_ratio: f64,
    exclude_layers: Vec<String>,
    exclude_embeddings: bool,
    coefficients: [f64; 3],
    momentum: f64,
    ns_steps: usize,
    nesterov: bool,
    rms_rate: Option<f64>,
}

/// Options: `momentum` (0.95), `nesterov` (true), `ns_steps` (5), `muon_a`, `muon_b`, `muon_c` (3.4445, -4.775, 2.0315),
/// `rms_rate` (0.2; `null`: no scaling by the shape), `adam_beta_1` (0.9), `adam_beta_2` (0.999), `epsilon` (1e-7),
/// `adam_weight_decay` (0.004), `adam_lr_ratio` (1), `exclude_layers` (none; weights whose path, as `output/kernel`,
/// contains one of these follow Adam), `exclude_embeddings` (true). The weight decay defaults to 0.004.
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    let (no_scaling, no_decay) = (options.is_null("rms_rate"), options.is_null("adam_weight_decay"));
    let in_unit = |options: &mut Options, name: &'static str, default: f64| -> Result<f64> {
        let value = options.float(name, default)?;
        options.check(name, value, (0.0..1.0).contains(&value), "at least 0 and less than 1")?;
        Ok(value)
    };
    let (rms_rate, adam_weight_decay) =
        (options.not_negative("rms_rate", 0.2)?, options.not_negative("adam_weight_decay", 0.004)?);
    let ns_steps = options.optional_size("ns_steps")?.unwrap_or(5);
    options.check("ns_steps", ns_steps, ns_steps <= 100, "at most 100")?;
    let coefficients =
        [options.float("muon_a", 3.4445)?, options.float("muon_b", -4.775)?, options.float("muon_c", 2.0315)?];
    Ok(Box::new(Muon {
        adam_beta_1: in_unit(options, "adam_beta_1", 0.9)?,
        adam_beta_2: in_unit(options, "adam_beta_2", 0.999)?,
        epsilon: read_epsilon(options)?,
        adam_weight_decay: (!no_decay).then_some(adam_weight_decay),
        adam_lr_ratio: options.not_negative("adam_lr_ratio", 1.0)?,
        exclude_layers: options.strings("exclude_layers")?,
        exclude_embeddings: options.bool("exclude_embeddings", true)?,
        coefficients,
        momentum: in_unit(options, "momentum", 0.95)?,
        ns_steps,
        nesterov: options.bool("nesterov", true)?,
        rms_rate: (!no_scaling).then_some(rms_rate),
    }))
}

impl Muon {
    fn follows_adam(&self, weight: &Variable) -> bool {
        let path = weight.path();
        let embedding = self.exclude_embeddings && path.to_lowercase().contains("embedding");
        let excluded = self.exclude_layers.iter().any(|layer| path.contains(layer.as_str()));
        weight.spec().shape.rank() != 2 || embedding || excluded
    }

    /// A matrix with the singular vectors of `x` and singular values close to 1.
    fn orthogonal(&self, x: &Sym) -> Result<Sym> {
        let [a, b, c] = self.coefficients;
        let tall = x.shape()[0] > x.shape()[1];
        let wide = if tall { x.transpose(&[1, 0])? } else { x.clone() };
        let norm = wide.square()?.sum_all()?.sqrt()?.add_scalar(1e-7)?;
        let mut x = wide.div(&norm)?;
        for _ in 0..self.ns_steps {
            let product = x.mat_mul_with(&x, false, true)?;
            let polynomial = product.mul_scalar(b)?.add(&product.mul_scalar(c)?.mat_mul(&product)?)?;
            x = x.mul_scalar(a)?.add(&polynomial.mat_mul(&x)?)?;
        }
        Ok(if tall { x.transpose(&[1, 0])? } else { x })
    }

    fn muon(&self, step: &Step, weight: &Sym, gradient: &Sym, momentum: &Sym) -> Result<Update> {
        let momentum = momentum.mul_scalar(self.momentum)?.add(gradient)?;
        let direction =
            if self.nesterov { gradient.add(&momentum.mul_scalar(self.momentum)?)? } else { momentum.clone() };
        let longest = weight.shape().iter().copied().max().unwrap_or(1) as f64;
        let scale = self.rms_rate.map_or(1.0, |rate| rate * longest.sqrt());
        let change = self.orthogonal(&direction)?.mul(&step.rate.mul_scalar(scale)?)?;
        Ok(Update { weight: weight.sub(&change)?, slots: vec![momentum] })
    }

    fn adam(&self, step: &Step, weight: &Sym, gradient: &Sym, m: &Sym, v: &Sym) -> Result<Update> {
        let corrections = (step.one_minus_power(self.adam_beta_2)?, step.one_minus_power(self.adam_beta_1)?);
        let rate = step.rate.mul_scalar(self.adam_lr_ratio)?.mul(&corrections.0.sqrt()?.div(&corrections.1)?)?;
        let m = towards(m, gradient, self.adam_beta_1)?;
        let v = towards(v, &squares(gradient)?, self.adam_beta_2)?;
        let change = m.mul(&rate)?.div(&v.sqrt()?.add_scalar(self.epsilon)?)?;
        Ok(Update { weight: weight.sub(&change)?, slots: vec![m, v] })
    }
}

impl Rule for Muon {
    fn class_name(&self) -> &'static str {
        "Muon"
    }

    fn config(&self) -> Map<String, Value> {
        let [a, b, c] = self.coefficients;
        Map::from_iter([
            ("adam_beta_1".into(), json!(self.adam_beta_1)),
            ("adam_beta_2".into(), json!(self.adam_beta_2)),
            ("epsilon".into(), json!(self.epsilon)),
            ("exclude_layers".into(), json!(self.exclude_layers)),
            ("muon_a".into(), json!(a)),
            ("muon_b".into(), json!(b)),
            ("muon_c".into(), json!(c)),
            ("adam_lr_ratio".into(), json!(self.adam_lr_ratio)),
            ("momentum".into(), json!(self.momentum)),
            ("ns_steps".into(), json!(self.ns_steps)),
            ("nesterov".into(), json!(self.nesterov)),
            ("exclude_embeddings".into(), json!(self.exclude_embeddings)),
            ("adam_weight_decay".into(), json!(self.adam_weight_decay)),
            ("rms_rate".into(), json!(self.rms_rate)),
        ])
    }

    fn default_weight_decay(&self) -> Option<f64> {
        Some(0.004)
    }

    /// Those of Adam; [`Rule::slots_of`] tells which weights have both.
    fn slots(&self) -> Vec<Vec<Slot>> {
        vec![vec![Slot::zeros("momentum"), Slot::zeros("velocity")]]
    }

    fn slots_of(&self, weight: &Variable) -> Vec<Vec<Slot>> {
        if self.follows_adam(weight) { self.slots() } else { vec![vec![Slot::zeros("momentum")]] }
    }

    fn weight_decay_of(&self, weight: &Variable, weight_decay: Option<f64>) -> Option<f64> {
        if self.follows_adam(weight) { self.adam_weight_decay } else { weight_decay }
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        match slots {
            [m, v] => self.adam(step, weight, gradient, m, v),
            _ => self.muon(step, weight, gradient, &slots[0]),
        }
    }
}
