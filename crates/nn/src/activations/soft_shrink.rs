use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, function};
use crate::config::Options;
use crate::error::Result;

/// `x` brought nearer to 0 by `threshold`, and 0 where it is within it; its derivative at the kinks is 0. Default:
/// threshold 0.5.
pub struct SoftShrink {
    pub threshold: f64,
}

impl SoftShrink {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        let threshold = options.not_negative("threshold", 0.5)?;
        Ok(Rc::new(SoftShrink { threshold }))
    }
}

impl Activation for SoftShrink {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let within = x.maximum_scalar(-self.threshold)?.minimum_scalar(self.threshold)?;
        Ok(x.sub(&within)?)
    }

    fn to_json(&self) -> Value {
        match self.threshold {
            0.5 => "soft_shrink".into(),
            threshold => function("soft_shrink", json!({ "threshold": threshold })),
        }
    }
}
