//! Exponential decay.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::schedules::{Schedule, required, required_steps, steps_json};

/// `initial_learning_rate * decay_rate ^ (step / decay_steps)`; with `staircase` the exponent is rounded down.
struct ExponentialDecay {
    initial_learning_rate: f64,
    decay_steps: f64,
    decay_rate: f64,
    staircase: bool,
    name: String,
}

/// Options: `initial_learning_rate`, `decay_steps` (positive), `decay_rate`, `staircase` (false), `name`.
pub fn read(options: &mut Options) -> Result<Box<dyn Schedule>> {
    Ok(Box::new(ExponentialDecay {
        initial_learning_rate: required(options, "initial_learning_rate")?,
        decay_steps: required_steps(options, "decay_steps")?,
        decay_rate: required(options, "decay_rate")?,
        staircase: options.bool("staircase", false)?,
        name: options.name("ExponentialDecay")?,
    }))
}

impl Schedule for ExponentialDecay {
    fn class_name(&self) -> &'static str {
        "ExponentialDecay"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("initial_learning_rate".into(), json!(self.initial_learning_rate)),
            ("decay_steps".into(), steps_json(self.decay_steps)),
            ("decay_rate".into(), json!(self.decay_rate)),
            ("staircase".into(), json!(self.staircase)),
            ("name".into(), json!(self.name)),
        ])
    }

    fn rate(&self, step: &Sym) -> Result<Sym> {
        let mut exponent = step.div_scalar(self.decay_steps)?;
        if self.staircase {
            exponent = exponent.floor()?;
        }
        Ok(step.scalar_like(self.decay_rate).pow(&exponent)?.mul_scalar(self.initial_learning_rate)?)
    }
}
