//! Decay along a power of the remaining time.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::schedules::{Schedule, required, required_steps, steps_json};

/// `(initial_learning_rate - end_learning_rate) (1 - step / decay_steps) ^ power + end_learning_rate`.
///
/// After `decay_steps` the rate stays; with `cycle` it starts again, over the next multiple of `decay_steps`.
struct PolynomialDecay {
    initial_learning_rate: f64,
    decay_steps: f64,
    end_learning_rate: f64,
    power: f64,
    cycle: bool,
    name: String,
}

/// Options: `initial_learning_rate`, `decay_steps` (positive), `end_learning_rate` (0.0001), `power` (1), `cycle`
/// (false), `name`.
pub fn read(options: &mut Options) -> Result<Box<dyn Schedule>> {
    Ok(Box::new(PolynomialDecay {
        initial_learning_rate: required(options, "initial_learning_rate")?,
        decay_steps: required_steps(options, "decay_steps")?,
        end_learning_rate: options.float("end_learning_rate", 0.0001)?,
        power: options.float("power", 1.0)?,
        cycle: options.bool("cycle", false)?,
        name: options.name("PolynomialDecay")?,
    }))
}

impl Schedule for PolynomialDecay {
    fn class_name(&self) -> &'static str {
        "PolynomialDecay"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("initial_learning_rate".into(), json!(self.initial_learning_rate)),
            ("decay_steps".into(), steps_json(self.decay_steps)),
            ("end_learning_rate".into(), json!(self.end_learning_rate)),
            ("power".into(), json!(self.power)),
            ("cycle".into(), json!(self.cycle)),
            ("name".into(), json!(self.name)),
        ])
    }

    fn rate(&self, step: &Sym) -> Result<Sym> {
        let time = step.div_scalar(self.decay_steps)?;
        let passed = if self.cycle { time.div(&time.ceil()?.maximum_scalar(1.0)?)? } else { time.minimum_scalar(1.0)? };
        let left = passed.scalar_like(1.0).sub(&passed)?.pow(&passed.scalar_like(self.power))?;
        let range = self.initial_learning_rate - self.end_learning_rate;
        Ok(left.mul_scalar(range)?.add_scalar(self.end_learning_rate)?)
    }
}
