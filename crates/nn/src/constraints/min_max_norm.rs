use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Axes, Constraint, EPSILON, serialized};
use crate::config::Options;
use crate::error::Result;

/// Brings the lengths of vectors between `min_value` and `max_value`, by the fraction `rate` of the way.
/// Defaults: 0, 1, rate 1, axis 0.
pub struct MinMaxNorm {
    min_value: f64,
    max_value: f64,
    rate: f64,
    axes: Axes,
}

impl MinMaxNorm {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Constraint>> {
        let (min_value, max_value) = (options.float("min_value", 0.0)?, options.float("max_value", 1.0)?);
        let rate = options.float("rate", 1.0)?;
        options.check("max_value", max_value, max_value >= min_value, &format!("at least min_value ({min_value})"))?;
        options.check("rate", rate, (0.0..=1.0).contains(&rate), "between 0 and 1")?;
        Ok(Rc::new(MinMaxNorm { min_value, max_value, rate, axes: Axes::from_options(options)? }))
    }
}

impl Constraint for MinMaxNorm {
    fn project(&self, weight: &Sym) -> Result<Sym> {
        let norms = self.axes.norms("MinMaxNorm", weight)?;
        let clipped = norms.maximum_scalar(self.min_value)?.minimum_scalar(self.max_value)?;
        let desired = clipped.mul_scalar(self.rate)?.add(&norms.mul_scalar(1.0 - self.rate)?)?;
        Ok(weight.mul(&desired.div(&norms.add_scalar(EPSILON)?)?)?)
    }

    fn to_json(&self) -> Value {
        let config = json!({ "min_value": self.min_value, "max_value": self.max_value, "rate": self.rate,
            "axis": self.axes.to_json() });
        serialized("MinMaxNorm", config)
    }
}
