use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, function};
use crate::config::Options;
use crate::error::Result;

/// `x` where greater than `threshold`, else `default_value`. Both must be given.
pub struct Threshold {
    pub threshold: f64,
    pub default_value: f64,
}

impl Threshold {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        let mut required = |name: &'static str| {
            let value = options.optional_float(name)?;
            value.ok_or_else(|| options.missing(name, "a number"))
        };
        Ok(Rc::new(Threshold { threshold: required("threshold")?, default_value: required("default_value")? }))
    }
}

impl Activation for Threshold {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let above = x.greater(&x.scalar_like(self.threshold))?;
        Ok(above.select(x, &x.scalar_like(self.default_value))?)
    }

    fn to_json(&self) -> Value {
        function("threshold", json!({ "threshold": self.threshold, "default_value": self.default_value }))
    }
}
