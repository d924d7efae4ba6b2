//! Decay with the inverse of time ("power scheduling").

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::schedules::{Schedule, required, required_steps, steps_json};

/// `initial_learning_rate / (1 + decay_rate * step / decay_steps)`; with `staircase` the quotient is rounded down.
struct InverseTimeDecay {
    initial_learning_rate: f64,
    decay_steps: f64,
    decay_rate: f64,
    staircase: bool,
    name: String,
}

/// Options: `initial_learning_rate`, `decay_steps` (positive), `decay_rate`, `staircase` (false), `name`.
pub fn read(options: &mut Options) -> Result<Box<dyn Schedule>> {
    Ok(Box::new(InverseTimeDecay {
        initial_learning_rate: required(options, "initial_learning_rate")?,
        decay_steps: required_steps(options, "decay_steps")?,
        decay_rate: required(options, "decay_rate")?,
        staircase: options.bool("staircase", false)?,
        name: options.name("InverseTimeDecay")?,
    }))
}

impl Schedule for InverseTimeDecay {
    fn class_name(&self) -> &'static str {
        "InverseTimeDecay"
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
        let mut time = step.div_scalar(self.decay_steps)?;
        if self.staircase {
            time = time.floor()?;
        }
        let divisor = time.mul_scalar(self.decay_rate)?.add_scalar(1.0)?;
        Ok(step.scalar_like(self.initial_learning_rate).div(&divisor)?)
    }
}
