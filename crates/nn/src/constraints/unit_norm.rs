use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Axes, Constraint, EPSILON, serialized};
use crate::config::Options;
use crate::error::Result;

/// Gives vectors the length 1. Default: axis 0.
pub struct UnitNorm {
    axes: Axes,
}

impl UnitNorm {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Constraint>> {
        Ok(Rc::new(UnitNorm { axes: Axes::from_options(options)? }))
    }
}

impl Constraint for UnitNorm {
    fn project(&self, weight: &Sym) -> Result<Sym> {
        let norms = self.axes.norms("UnitNorm", weight)?;
        Ok(weight.div(&norms.add_scalar(EPSILON)?)?)
    }

    fn to_json(&self) -> Value {
        serialized("UnitNorm", json!({ "axis": self.axes.to_json() }))
    }
}
