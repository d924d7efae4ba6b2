//! Squares of gradients, kept as sums of rows and of columns.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::optimizers::rule::{Initial, Rule, Slot, Step, Update};
use crate::variable::Variable;

/// Adafactor (Shazeer and Stern 2018): at update `t`, with `beta = 1 - t^beta_2_decay` and `s = g^2 + epsilon_1`, of weights
/// with two axes and more
///
/// `r = beta r + (1 - beta) mean(s)` along the last axis, `c` likewise along the last but one, `v = r c / mean(r)`; of
/// others `v = beta v + (1 - beta) s`. Then `u = g / sqrt(v)` and
/// `w -= max(epsilon_2, rms(w)) min(rate, 1 / sqrt(t)) u / max(1, rms(u) / clip_threshold)`.
struct Adafactor {
    beta_2_decay: f64,
    epsilon_1: f64,
    epsilon_2: f64,
    clip_threshold: f64,
    relative_step: bool,
}

/// Options: `beta_2_decay` (-0.8), `epsilon_1` (1e-30), `epsilon_2` (1e-3), `clip_threshold` (1), `relative_step` (true; as in
/// Keras, the rate is at most `1 / sqrt(t)` either way).
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    let beta_2_decay = options.float("beta_2_decay", -0.8)?;
    options.check("beta_2_decay", beta_2_decay, beta_2_decay <= 0.0, "at most 0")?;
    let (epsilon_1, epsilon_2) = (options.not_negative("epsilon_1", 1e-30)?, options.not_negative("epsilon_2", 1e-3)?);
    let clip_threshold = options.float("clip_threshold", 1.0)?;
    options.check("clip_threshold", clip_threshold, clip_threshold > 0.0, "greater than 0")?;
    let relative_step = options.bool("relative_step", true)?;
    Ok(Box::new(Adafactor { beta_2_decay, epsilon_1, epsilon_2, clip_threshold, relative_step }))
}

/// The root of the mean of the squares.
fn rms(x: &Sym) -> Result<Sym> {
    Ok(x.square()?.mean_all()?.sqrt()?)
}

impl Rule for Adafactor {
    fn class_name(&self) -> &'static str {
        "Adafactor"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("beta_2_decay".into(), json!(self.beta_2_decay)),
            ("epsilon_1".into(), json!(self.epsilon_1)),
            ("epsilon_2".into(), json!(self.epsilon_2)),
            ("clip_threshold".into(), json!(self.clip_threshold)),
            ("relative_step".into(), json!(self.relative_step)),
        ])
    }

    /// Those of a matrix; [`Rule::slots_of`] tells which weights need only the last.
    fn slots(&self) -> Vec<Vec<Slot>> {
        vec![vec![
            Slot { name: "velocity_rows", initial: Initial::ZerosWithout(1) },
            Slot { name: "velocity_columns", initial: Initial::ZerosWithout(2) },
            Slot::zeros("velocity"),
        ]]
    }

    fn slots_of(&self, weight: &Variable) -> Vec<Vec<Slot>> {
        let mut slots = self.slots();
        if weight.spec().shape.rank() < 2 {
            slots[0][..2].iter_mut().for_each(|slot| slot.initial = Initial::Placeholder);
        }
        slots
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let rate = step.rate.minimum(&step.count.rsqrt()?)?;
        let alpha = rms(weight)?.maximum(&step.rate.scalar_like(self.epsilon_2))?.mul(&rate)?;
        let squares = gradient.square()?.add_scalar(self.epsilon_1)?;
        let beta = step.count.pow(&step.count.scalar_like(self.beta_2_decay))?.neg()?.add_scalar(1.0)?;
        let rest = beta.neg()?.add_scalar(1.0)?;
        let mean = |old: &Sym, new: &Sym| -> Result<Sym> { Ok(old.mul(&beta)?.add(&new.mul(&rest)?)?) };
        let mut new = slots.to_vec();
        let shape = weight.shape();
        if let Some(before) = shape.rank().checked_sub(2) {
            let last = before + 1;
            let rows = mean(&slots[0], &squares.mean(&[last], false)?)?;
            let columns = mean(&slots[1], &squares.mean(&[before], false)?)?;
            let scaled = rows.div(&rows.mean(&[before], true)?)?.reshape(shape.reduced(&[last], true))?;
            let v = scaled.mul(&columns.reshape(shape.reduced(&[before], true))?)?;
            new = vec![rows, columns, v];
        } else {
            new[2] = mean(&slots[2], &squares)?;
        }
        let u = gradient.div(&new[2].sqrt()?)?;
        let excess = rms(&u)?.div_scalar(self.clip_threshold)?;
        let divisor = excess.maximum(&excess.scalar_like(1.0))?;
        Ok(Update { weight: weight.sub(&u.div(&divisor)?.mul(&alpha)?)?, slots: new })
    }
}
