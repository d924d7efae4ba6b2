//! Decay along half a cosine that starts again and again.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::schedules::cosine_decay::half_cosine;
use crate::schedules::{Schedule, required, required_steps, steps_json};

/// SGDR (Loshchilov and Hutter 2017): `initial_learning_rate ((1 - alpha) m_mul^i (1 + cos(pi * f)) / 2 + alpha)`, where
/// `f` is the part that has passed of period `i` (from 0), which has `first_decay_steps * t_mul^i` steps.
struct CosineDecayRestarts {
    initial_learning_rate: f64,
    first_decay_steps: f64,
    t_mul: f64,
    m_mul: f64,
    alpha: f64,
    name: String,
}

/// Options: `initial_learning_rate`, `first_decay_steps` (positive), `t_mul` (2, at least 1), `m_mul` (1), `alpha` (0),
/// `name`.
pub fn read(options: &mut Options) -> Result<Box<dyn Schedule>> {
    let t_mul = options.float("t_mul", 2.0)?;
    options.check("t_mul", t_mul, t_mul >= 1.0, "at least 1")?;
    Ok(Box::new(CosineDecayRestarts {
        initial_learning_rate: required(options, "initial_learning_rate")?,
        first_decay_steps: required_steps(options, "first_decay_steps")?,
        t_mul,
        m_mul: options.float("m_mul", 1.0)?,
        alpha: options.float("alpha", 0.0)?,
        name: options.name("SGDRDecay")?,
    }))
}

impl CosineDecayRestarts {
    /// The number of the period (from 0) and the part of it that has passed, for a time in first periods.
    fn period(&self, time: &Sym) -> Result<(Sym, Sym)> {
        let one = time.scalar_like(1.0);
        if self.t_mul == 1.0 {
            let period = time.floor()?;
            return Ok((period.clone(), time.sub(&period)?));
        }
        // The start of period i is at (t_mul^i - 1) / (t_mul - 1).
        let multiplier = time.scalar_like(self.t_mul);
        let start = |period: &Sym| -> Result<Sym> {
            Ok(multiplier.pow(period)?.sub_scalar(1.0)?.div_scalar(self.t_mul - 1.0)?)
        };
        let growth = time.mul_scalar(self.t_mul - 1.0)?.add_scalar(1.0)?;
        let guess = growth.log()?.div_scalar(self.t_mul.ln())?.floor()?;
        // The logarithm's rounding must not keep a period from starting in time.
        let next = guess.add(&one)?;
        let period = start(&next)?.less_equal(time)?.select(&next, &guess)?;
        let passed = time.sub(&start(&period)?)?.div(&multiplier.pow(&period)?)?;
        Ok((period, passed))
    }
}

impl Schedule for CosineDecayRestarts {
    fn class_name(&self) -> &'static str {
        "CosineDecayRestarts"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("initial_learning_rate".into(), json!(self.initial_learning_rate)),
            ("first_decay_steps".into(), steps_json(self.first_decay_steps)),
            ("t_mul".into(), json!(self.t_mul)),
            ("m_mul".into(), json!(self.m_mul)),
            ("alpha".into(), json!(self.alpha)),
            ("name".into(), json!(self.name)),
        ])
    }

    fn rate(&self, step: &Sym) -> Result<Sym> {
        let (period, passed) = self.period(&step.div_scalar(self.first_decay_steps)?)?;
        let height = step.scalar_like(self.m_mul).pow(&period)?.mul_scalar(1.0 - self.alpha)?;
        let part = half_cosine(&passed, 0.0)?.mul(&height)?.add_scalar(self.alpha)?;
        Ok(part.mul_scalar(self.initial_learning_rate)?)
    }
}
