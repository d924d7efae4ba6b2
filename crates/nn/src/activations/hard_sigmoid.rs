use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, Relu6, function};
use crate::config::Options;
use crate::error::Result;

/// `relu6(x + 3) / 6`: 0 up to -3, 1 from 3 on, a line between them. Its derivative at both kinks is 0. With another
/// `slope` (default: 1/6) `slope x + 0.5`, cut at 0 and 1: in Keras 2 it was 0.2.
pub struct HardSigmoid {
    slope: Option<f64>,
}

impl HardSigmoid {
    /// With the slope 1/6.
    pub const DEFAULT: HardSigmoid = HardSigmoid { slope: None };

    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        let slope = options.optional_float("slope")?;
        if let Some(slope) = slope {
            options.check("slope", slope, slope > 0.0, "greater than 0")?;
        }
        Ok(Rc::new(HardSigmoid { slope }))
    }
}

impl Activation for HardSigmoid {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        match self.slope {
            None => Ok(Relu6.apply(&x.add_scalar(3.0)?)?.div_scalar(6.0)?),
            Some(slope) => Ok(Relu6.apply(&x.mul_scalar(6.0 * slope)?.add_scalar(3.0)?)?.div_scalar(6.0)?),
        }
    }

    fn to_json(&self) -> Value {
        match self.slope {
            None => "hard_sigmoid".into(),
            Some(slope) => function("hard_sigmoid", json!({ "slope": slope })),
        }
    }
}
