//! Steps scaled by the root of all squared gradients so far.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;

use crate::optimizers::adam::read_epsilon;
use crate::optimizers::rule::{Rule, Slot, Step, Update, squares};

/// Adagrad (Duchi et al. 2011): `a += g^2`, `w -= rate g / sqrt(a + epsilon)`.
struct Adagrad {
    initial_accumulator_value: f64,
    epsilon: f64,
}

/// Options: `initial_accumulator_value` (0.1, at least 0), `epsilon` (1e-7).
pub fn read(options: &mut Options) -> Result<Box<dyn Rule>> {
    let initial_accumulator_value = read_initial_accumulator(options)?;
    Ok(Box::new(Adagrad { initial_accumulator_value, epsilon: read_epsilon(options)? }))
}

/// `initial_accumulator_value` (0.1), not negative.
pub(super) fn read_initial_accumulator(options: &mut Options) -> Result<f64> {
    let initial = options.not_negative("initial_accumulator_value", 0.1)?;
    Ok(initial)
}

impl Rule for Adagrad {
    fn class_name(&self) -> &'static str {
        "Adagrad"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("initial_accumulator_value".into(), json!(self.initial_accumulator_value)),
            ("epsilon".into(), json!(self.epsilon)),
        ])
    }

    fn slots(&self) -> Vec<Vec<Slot>> {
        vec![vec![Slot::filled("accumulator", self.initial_accumulator_value)]]
    }

    fn update(&self, step: &Step, weight: &Sym, gradient: &Sym, slots: &[Sym]) -> Result<Update> {
        let accumulator = slots[0].add(&squares(gradient)?)?;
        let change = gradient.mul(&step.rate)?.div(&accumulator.add_scalar(self.epsilon)?.sqrt()?)?;
        Ok(Update { weight: weight.sub(&change)?, slots: vec![accumulator] })
    }
}
