//! Adaptive moments.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::hyper::Hyper;
use crate::optimizers::rule::{Rule, Slot, Step, Update, squares};

/// Adam (Kingma and Ba 2015), as in section 2.1 of the paper: at update `t`
///
/// `m += (g - m) (1 - beta_1)`, `v += (g^2 - v) (1 - beta_2)`, `w -= alpha m / (sqrt(v) + epsilon)` with
/// `alpha = rate sqrt(1 - beta_2^t) / (1 - beta_1^t)`: epsilon is added to the root of the uncorrected `v`.
///
/// `amsgrad` (Reddi et al. 2018) divides by the largest `v` so far.
pub(super) struct Adam {
    class_name: &'static str,
    default_weight_decay: Option<f64>,
    beta_1: Hyper,
    beta_2: f64,
    epsilon: f64,
    amsgrad: bool,
}

/// Options: `beta_1` (0.9, or a schedule; the correction then takes its current value), `beta_2` (0.999), `epsilon` (1e-7), `amsgrad` (false).
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    Ok(Box::new(Adam::read(options, "Adam", None)?))
}

impl Adam {
    pub fn read(options: &mut Options, class_name: &'static str, default_weight_decay: Option<f64>) -> Result<Adam> {
        let beta_1 = Hyper::read(options, "beta_1", 0.9)?;
        let beta_2 = options.float("beta_2", 0.999)?;
        for (name, beta) in [("beta_1", beta_1.first()?), ("beta_2", beta_2)] {
            options.check(name, beta, (0.0..1.0).contains(&beta), "at least 0 and less than 1")?;
        }
        let epsilon = read_epsilon(options)?;
        let amsgrad = options.bool("amsgrad", false)?;
        Ok(Adam { class_name, default_weight_decay, beta_1, beta_2, epsilon, amsgrad })
    }
}

/// `beta_1` (0.9) and `beta_2` (0.999), in `[0, 1)`.
pub(super) fn read_betas(options: &mut Options) -> Result<(f64, f64)> {
    let (beta_1, beta_2) = (options.float("beta_1", 0.9)?, options.float("beta_2", 0.999)?);
    for (name, beta) in [("beta_1", beta_1), ("beta_2", beta_2)] {
        options.check(name, beta, (0.0..1.0).contains(&beta), "at least 0 and less than 1")?;
    }
    Ok((beta_1, beta_2))
}

/// `epsilon` (1e-7), not negative.
pub(super) fn read_epsilon(options: &mut Options) -> Result<f64> {
    let epsilon = options.not_negative("epsilon", 1e-7)?;
    Ok(epsilon)
}

impl Rule for Adam {
    fn class_name(&self) -> &'static str {
        self.class_name
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("beta_1".into(), self.beta_1.to_json()),
            ("beta_2".into(), json!(self.beta_2)),
            ("epsilon".into(), json!(self.epsilon)),
            ("amsgrad".into(), json!(self.amsgrad)),
        ])
    }

    fn default_weight_decay(&self) -> Option<f64> {
        self.default_weight_decay
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        let mut slots = vec![vec![Slot::zeros("momentum"), Slot::zeros("velocity")]];
        if self.amsgrad {
            slots.push(vec![Slot::zeros("velocity_hat")]);
        }
        slots
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let correction = step.one_minus_power(self.beta_2)?.sqrt()?.div(&self.beta_1.one_minus_power(step)?)?;
        let alpha = step.rate.mul(&correction)?;
        let m = slots[0].add(&gradient.sub(&slots[0])?.mul(&self.beta_1.one_minus(step)?)?)?;
        let v = towards(&slots[1], &squares(gradient)?, self.beta_2)?;
        let mut new = vec![m.clone(), v.clone()];
        let mut scale = v;
        if let Some(largest) = slots.get(2) {
            scale = largest.maximum(&scale)?;
            new.push(scale.clone());
        }
        let change = m.mul(&alpha)?.div(&scale.sqrt()?.add_scalar(self.epsilon)?)?;
        Ok(Update { weight: weight.sub(&change)?, slots: new })
    }
}

/// A step of an exponential moving average: `average + (value - average) (1 - beta)`.
pub(super) fn towards(average: &Sym, value: &Sym, beta: f64) -> Result<Sym> {
    Ok(average.add(&value.sub(average)?.mul_scalar(1.0 - beta)?)?)
}
