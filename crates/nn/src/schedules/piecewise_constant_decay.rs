//! A constant in each of several ranges of steps.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::schedules::{Schedule, steps_json};

/// The first value up to and including the first boundary, then the next one, …; the last value after the last boundary.
struct PiecewiseConstantDecay {
    boundaries: Vec<f64>,
    values: Vec<f64>,
    name: String,
}

/// Options: `boundaries` (ascending steps), `values` (one more than boundaries), `name`.
pub fn read(options: &mut Options) -> Result<Box<dyn Schedule>> {
    let boundaries = options.optional_floats("boundaries")?.unwrap_or_default();
    let values = options.optional_floats("values")?.unwrap_or_default();
    if values.len() != boundaries.len() + 1 {
        let received = format!("{} boundaries and {} values", boundaries.len(), values.len());
        return Err(
            options.error(format!("option 'values' must have one entry more than 'boundaries'; received {received}"))
        );
    }
    if !boundaries.is_sorted() {
        return Err(options.error(format!("option 'boundaries' must be ascending; received {boundaries:?}")));
    }
    Ok(Box::new(PiecewiseConstantDecay { boundaries, values, name: options.name("PiecewiseConstant")? }))
}

impl Schedule for PiecewiseConstantDecay {
    fn class_name(&self) -> &'static str {
        "PiecewiseConstantDecay"
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("boundaries".into(), self.boundaries.iter().map(|&boundary| steps_json(boundary)).collect()),
            ("values".into(), json!(self.values)),
            ("name".into(), json!(self.name)),
        ])
    }

    fn rate(&self, step: &Sym) -> Result<Sym> {
        let mut rate = step.scalar_like(self.values[self.boundaries.len()]);
        for (boundary, value) in self.boundaries.iter().zip(&self.values).rev() {
            let before = step.less_equal(&step.scalar_like(*boundary))?;
            rate = before.select(&step.scalar_like(*value), &rate)?;
        }
        Ok(rate)
    }
}
