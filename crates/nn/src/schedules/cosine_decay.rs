//! Decay along half a cosine, after an optional warm-up.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::schedules::{Schedule, required, required_steps, steps_json};

/// From the start rate `s` to `alpha * s`: `s ((1 - alpha) (1 + cos(pi * step / decay_steps)) / 2 + alpha)`, where `s` is
/// `initial_learning_rate` (Loshchilov and Hutter 2017).
///
/// With a `warmup_target` the rate first grows linearly from `initial_learning_rate` to it in `warmup_steps`; the decay
/// begins then and there.
struct CosineDecay {
    initial_learning_rate: f64,
    decay_steps: f64,
    alpha: f64,
    warmup_target: Option<f64>,
    warmup_steps: f64,
    name: String,
}

/// Options: `initial_learning_rate`, `decay_steps` (positive), `alpha` (0), `warmup_target` (none), `warmup_steps` (0),
/// `name`.
pub fn read(options: &mut Options) -> Result<Box<dyn Schedule>> {
    let warmup_steps = options.not_negative("warmup_steps", 0.0)?;
    Ok(Box::new(CosineDecay {
        initial_learning_rate: required(options, "initial_learning_rate")?,
        decay_steps: required_steps(options, "decay_steps")?,
        alpha: options.float("alpha", 0.0)?,
        warmup_target: options.optional_float("warmup_target")?,
        warmup_steps,
        name: options.name("CosineDecay")?,
    }))
}

/// `(1 - alpha) (1 + cos(pi * fraction)) / 2 + alpha`.
pub(super) fn half_cosine(fraction: &Sym, alpha: f64) -> Result<Sym> {
    let cosine = fraction.mul_scalar(std::f64::consts::PI)?.cos()?;
    Ok(cosine.add_scalar(1.0)?.mul_scalar(0.5 * (1.0 - alpha))?.add_scalar(alpha)?)
}

impl Schedule for CosineDecay {
    fn class_name(&self) -> &'static str {
        "CosineDecay"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("initial_learning_rate".into(), json!(self.initial_learning_rate)),
            ("decay_steps".into(), steps_json(self.decay_steps)),
            ("alpha".into(), json!(self.alpha)),
            ("name".into(), json!(self.name)),
            ("warmup_target".into(), json!(self.warmup_target)),
            ("warmup_steps".into(), steps_json(self.warmup_steps)),
        ])
    }

    fn rate(&self, step: &Sym) -> Result<Sym> {
        let warmup_steps = if self.warmup_target.is_some() { self.warmup_steps } else { 0.0 };
        let start = self.warmup_target.unwrap_or(self.initial_learning_rate);
        let passed = step.sub_scalar(warmup_steps)?.div_scalar(self.decay_steps)?;
        let passed = passed.maximum_scalar(0.0)?.minimum_scalar(1.0)?;
        let decayed = half_cosine(&passed, self.alpha)?.mul_scalar(start)?;
        if warmup_steps == 0.0 {
            return Ok(decayed);
        }
        let growth = (start - self.initial_learning_rate) / warmup_steps;
        let warming = step.mul_scalar(growth)?.add_scalar(self.initial_learning_rate)?;
        Ok(step.less(&step.scalar_like(warmup_steps))?.select(&warming, &decayed)?)
    }
}
