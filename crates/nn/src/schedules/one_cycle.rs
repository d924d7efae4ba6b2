//! A rate that rises once and falls once.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::schedules::{Schedule, required, steps_json};

/// The 1cycle policy (Smith 2018; options and arithmetic of PyTorch's `OneCycleLR`): from `max / div_factor` up to `max` in
/// the first `pct_start` of the steps, then down to `max / (div_factor final_div_factor)`; with `three_phase` first back
/// down to where it began, as fast as it rose. After `total_steps` the rate stays.
struct OneCycle {
    max_learning_rate: f64,
    div_factor: f64,
    final_div_factor: f64,
    cycle: Cycle,
    name: String,
}

/// Options: `max_learning_rate`, `total_steps` (at least 2), `pct_start` (0.3, between 0 and 1), `anneal_strategy` (`cos`;
/// `linear`), `div_factor` (25), `final_div_factor` (10000), `three_phase` (false), `name`.
pub fn read(options: &mut Options) -> Result<Box<dyn Schedule>> {
    let mut factor = |name: &'static str, default: f64| -> Result<f64> {
        let value = options.float(name, default)?;
        options.check(name, value, value > 0.0, "greater than 0")?;
        Ok(value)
    };
    Ok(Box::new(OneCycle {
        div_factor: factor("div_factor", 25.0)?,
        final_div_factor: factor("final_div_factor", 1e4)?,
        max_learning_rate: required(options, "max_learning_rate")?,
        cycle: Cycle::read(options)?,
        name: options.name("OneCycle")?,
    }))
}

impl Schedule for OneCycle {
    fn class_name(&self) -> &'static str {
        "OneCycle"
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = Map::from_iter([("max_learning_rate".into(), json!(self.max_learning_rate))]);
        config.extend(self.cycle.config());
        config.insert("div_factor".into(), json!(self.div_factor));
        config.insert("final_div_factor".into(), json!(self.final_div_factor));
        config.insert("name".into(), json!(self.name));
        config
    }

    fn rate(&self, step: &Sym) -> Result<Sym> {
        let first = self.max_learning_rate / self.div_factor;
        let last = first / self.final_div_factor;
        if self.cycle.three_phase {
            self.cycle.along(step, &[first, self.max_learning_rate, first, last])
        } else {
            self.cycle.along(step, &[first, self.max_learning_rate, last])
        }
    }
}

/// The phases of a cycle.
pub(super) struct Cycle {
    total_steps: f64,
    pct_start: f64,
    linear: bool,
    pub three_phase: bool,
}

impl Cycle {
    pub fn read(options: &mut Options) -> Result<Cycle> {
        let total_steps = required(options, "total_steps")?;
        options.check("total_steps", total_steps, total_steps >= 2.0, "at least 2")?;
        let pct_start = options.float("pct_start", 0.3)?;
        options.check("pct_start", pct_start, (0.0..=1.0).contains(&pct_start), "between 0 and 1")?;
        Ok(Cycle {
            total_steps,
            pct_start,
            linear: options.choice("anneal_strategy", &[("cos", false), ("linear", true)], false)?,
            three_phase: options.bool("three_phase", false)?,
        })
    }

    /// The options as they are serialized.
    pub fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("total_steps".into(), steps_json(self.total_steps)),
            ("pct_start".into(), json!(self.pct_start)),
            ("anneal_strategy".into(), json!(if self.linear { "linear" } else { "cos" })),
            ("three_phase".into(), json!(self.three_phase)),
        ])
    }

    /// The last step of each phase.
    fn ends(&self) -> Vec<f64> {
        let rise = self.pct_start * self.total_steps;
        match self.three_phase {
            true => vec![rise - 1.0, 2.0 * rise - 2.0, self.total_steps - 1.0],
            false => vec![rise - 1.0, self.total_steps - 1.0],
        }
    }

    /// The way from the first value to the last through those between: one phase from each to the next.
    pub fn along(&self, step: &Sym, values: &[f64]) -> Result<Sym> {
        let ends = self.ends();
        let mut value = step.scalar_like(values[values.len() - 1]);
        for (phase, &end) in ends.iter().enumerate().rev() {
            let start = if phase == 0 { 0.0 } else { ends[phase - 1] };
            let (from, to) = (values[phase], values[phase + 1]);
            // A phase without length is at its end.
            let passed = match end - start {
                0.0 => step.scalar_like(1.0),
                length => step.sub_scalar(start)?.div_scalar(length)?.minimum_scalar(1.0)?,
            };
            let now = match self.linear {
                true => passed.mul_scalar(to - from)?.add_scalar(from)?,
                false => {
                    let cosine = passed.mul_scalar(std::f64::consts::PI)?.cos()?.add_scalar(1.0)?;
                    cosine.mul_scalar(0.5 * (from - to))?.add_scalar(to)?
                }
            };
            value = step.less_equal(&step.scalar_like(end))?.select(&now, &value)?;
        }
        Ok(value)
    }
}
