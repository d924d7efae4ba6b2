use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, function};
use crate::config::Options;
use crate::error::Result;

/// `x` where positive, else `alpha (exp(x / alpha) - 1)` (Barron, 2017), computed as `alpha elu(x / alpha)`. Default:
/// alpha 1; it must be greater than 0.
pub struct Celu {
    pub alpha: f64,
}

impl Celu {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        let alpha = options.float("alpha", 1.0)?;
        options.check("alpha", alpha, alpha > 0.0, "greater than 0")?;
        Ok(Rc::new(Celu { alpha }))
    }
}

impl Activation for Celu {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.div_scalar(self.alpha)?.elu(1.0)?.mul_scalar(self.alpha)?)
    }

    fn to_json(&self) -> Value {
        if self.alpha == 1.0 { "celu".into() } else { function("celu", json!({ "alpha": self.alpha })) }
    }
}
