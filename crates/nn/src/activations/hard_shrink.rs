use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, function};
use crate::config::Options;
use crate::error::Result;

/// `x` where `|x| > threshold`, else 0. Default: threshold 0.5.
pub struct HardShrink {
    pub threshold: f64,
}

impl HardShrink {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        let threshold = options.not_negative("threshold", 0.5)?;
        Ok(Rc::new(HardShrink { threshold }))
    }
}

impl Activation for HardShrink {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let far = x.abs()?.greater(&x.scalar_like(self.threshold))?;
        Ok(far.select(x, &x.scalar_like(0.0))?)
    }

    fn to_json(&self) -> Value {
        match self.threshold {
            0.5 => "hard_shrink".into(),
            threshold => function("hard_shrink", json!({ "threshold": threshold })),
        }
    }
}
