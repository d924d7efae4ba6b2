use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, layer};
use crate::config::Options;
use crate::error::Result;

/// `x` where positive, else `negative_slope * x`. Default: slope 0.2 (the `LeakyReLU` layer has 0.3).
pub struct LeakyRelu {
    pub negative_slope: f64,
}

impl LeakyRelu {
    pub(crate) fn read(options: &mut Options, default: f64) -> Result<LeakyRelu> {
        // Keras 2 calls the slope alpha.
        let keras2 = options.optional_float("alpha")?;
        Ok(LeakyRelu { negative_slope: options.float("negative_slope", keras2.unwrap_or(default))? })
    }

    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        Ok(Rc::new(LeakyRelu::read(options, 0.2)?))
    }
}

impl Activation for LeakyRelu {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let positive = x.greater(&x.scalar_like(0.0))?;
        Ok(positive.select(x, &x.mul_scalar(self.negative_slope)?)?)
    }

    fn to_json(&self) -> Value {
        if self.negative_slope == 0.2 {
            "leaky_relu".into()
        } else {
            layer("LeakyReLU", json!({ "negative_slope": self.negative_slope }))
        }
    }
}
