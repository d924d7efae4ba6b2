use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, SQRT_2};
use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, function};
use crate::config::Options;
use crate::error::Result;

/// `x P(Z <= x)` for a standard normal `Z`: `x (1 + erf(x / sqrt(2))) / 2` (Hendrycks and Gimpel, 2016). With
/// `approximate`, `x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2`. Default: exact.
pub struct Gelu {
    pub approximate: bool,
}

impl Gelu {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        Ok(Rc::new(Gelu { approximate: options.bool("approximate", false)? }))
    }
}

impl Activation for Gelu {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        if self.approximate {
            // (1 + tanh(z)) / 2 is sigmoid(2 z), which does not cancel for negative z.
            let factor = x.square()?.mul_scalar(0.044_715)?.add_scalar(1.0)?;
            let doubled = x.mul(&factor)?.mul_scalar(SQRT_2 * FRAC_2_SQRT_PI)?;
            return Ok(x.mul(&doubled.sigmoid()?)?);
        }
        let probability = x.mul_scalar(FRAC_1_SQRT_2)?.erf()?.add_scalar(1.0)?;
        Ok(x.mul_scalar(0.5)?.mul(&probability)?)
    }

    fn to_json(&self) -> Value {
        if self.approximate { function("gelu", json!({ "approximate": true })) } else { "gelu".into() }
    }
}
