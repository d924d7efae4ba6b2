//! "Follow the regularized leader": weights that are often exactly 0.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;

use crate::optimizers::rule::{Rule, Slot, Step, Update, squares};

/// FTRL-proximal (McMahan et al. 2013) with the shrinkage of Google's variant. With `p = -learning_rate_power`:
///
/// `n' = n + g^2`, `z += g + 2 shrinkage w - (n'^p - n^p) / rate w`,
/// `w = (clip(z, -l1, l1) - z) / (n'^p / rate + 2 l2 + beta / rate)`, `n = n'`.
struct Ftrl {
    learning_rate_power: f64,
    initial_accumulator_value: f64,
    l1: f64,
    l2: f64,
    shrinkage: f64,
    beta: f64,
}

/// Options: `learning_rate_power` (-0.5, at most 0), `initial_accumulator_value` (0.1), `l1_regularization_strength` (0),
/// `l2_regularization_strength` (0), `l2_shrinkage_regularization_strength` (0), `beta` (0); all at least 0 but the first.
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    let power = options.float("learning_rate_power", -0.5)?;
    options.check("learning_rate_power", power, power <= 0.0, "at most 0")?;
    Ok(Box::new(Ftrl {
        learning_rate_power: power,
        initial_accumulator_value: options.not_negative("initial_accumulator_value", 0.1)?,
        l1: options.not_negative("l1_regularization_strength", 0.0)?,
        l2: options.not_negative("l2_regularization_strength", 0.0)?,
        shrinkage: options.not_negative("l2_shrinkage_regularization_strength", 0.0)?,
        beta: options.not_negative("beta", 0.0)?,
    }))
}

impl Rule for Ftrl {
    fn class_name(&self) -> &'static str {
        "Ftrl"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("learning_rate_power".into(), json!(self.learning_rate_power)),
            ("initial_accumulator_value".into(), json!(self.initial_accumulator_value)),
            ("l1_regularization_strength".into(), json!(self.l1)),
            ("l2_regularization_strength".into(), json!(self.l2)),
            ("l2_shrinkage_regularization_strength".into(), json!(self.shrinkage)),
            ("beta".into(), json!(self.beta)),
        ])
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        let accumulator = Slot::filled("accumulator", self.initial_accumulator_value);
        vec![vec![accumulator, Slot::zeros("linear")]]
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let power = |n: &Sym| -> Result<Sym> {
            if self.learning_rate_power == -0.5 {
                return Ok(n.sqrt()?);
            }
            Ok(n.pow(&n.scalar_like(-self.learning_rate_power))?)
        };
        let per_rate = step.rate.reciprocal()?;
        let accumulator = slots[0].add(&squares(gradient)?)?;
        let strength = power(&accumulator)?;
        let pull = strength.sub(&power(&slots[0])?)?.mul(&per_rate)?.mul(weight)?;
        let shrunk = gradient.add(&weight.mul_scalar(2.0 * self.shrinkage)?)?;
        let linear = slots[1].add(&shrunk.sub(&pull)?)?;
        let clipped = linear.maximum_scalar(-self.l1)?.minimum_scalar(self.l1)?;
        let fixed = per_rate.mul_scalar(self.beta)?.add_scalar(2.0 * self.l2)?;
        let quadratic = strength.mul(&per_rate)?.add(&fixed)?;
        Ok(Update { weight: clipped.sub(&linear)?.div(&quadratic)?, slots: vec![accumulator, linear] })
    }
}
