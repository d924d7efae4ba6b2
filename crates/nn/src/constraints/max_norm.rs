use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Axes, Constraint, EPSILON, serialized};
use crate::config::Options;
use crate::error::Result;

/// Shortens vectors longer than `max_value`. Defaults: 2, axis 0.
pub struct MaxNorm {
    max_value: f64,
    axes: Axes,
}

impl MaxNorm {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Constraint>> {
        let max_value = options.not_negative("max_value", 2.0)?;
        Ok(Rc::new(MaxNorm { max_value, axes: Axes::from_options(options)? }))
    }
}

impl Constraint for MaxNorm {
    fn project(&self, weight: &Sym) -> Result<Sym> {
        let norms = self.axes.norms("MaxNorm", weight)?;
        let factor = norms.minimum_scalar(self.max_value)?.div(&norms.add_scalar(EPSILON)?)?;
        Ok(weight.mul(&factor)?)
    }

    fn to_json(&self) -> Value {
        serialized("MaxNorm", json!({ "max_value": self.max_value, "axis": self.axes.to_json() }))
    }
}
