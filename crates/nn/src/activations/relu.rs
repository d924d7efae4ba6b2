use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, LeakyRelu, layer};
use crate::config::Options;
use crate::error::Result;

/// `max(x, 0)`; more generally `x` where greater than `threshold`, cut at `max_value`, and
/// `negative_slope (x - threshold)` below. Defaults: no maximum, slope 0, threshold 0.
pub struct Relu {
    pub max_value: Option<f64>,
    pub negative_slope: f64,
    pub threshold: f64,
}

impl Relu {
    pub(crate) fn read(options: &mut Options) -> Result<Relu> {
        let max_value = options.optional_float("max_value")?;
        let negative_slope = options.float("negative_slope", 0.0)?;
        let threshold = options.float("threshold", 0.0)?;
        if let Some(max_value) = max_value {
            options.check("max_value", max_value, max_value >= 0.0, "at least 0")?;
        }
        options.check("negative_slope", negative_slope, negative_slope >= 0.0, "at least 0")?;
        options.check("threshold", threshold, threshold >= 0.0, "at least 0")?;
        Ok(Relu { max_value, negative_slope, threshold })
    }

    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        Ok(Rc::new(Relu::read(options)?))
    }
}

impl Activation for Relu {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let &Relu { max_value, negative_slope, threshold } = self;
        if negative_slope != 0.0 && max_value.is_none() && threshold == 0.0 {
            return LeakyRelu { negative_slope }.apply(x);
        }
        let mut y = if threshold == 0.0 {
            x.relu()?
        } else {
            x.less_equal(&x.scalar_like(threshold))?.select(&x.scalar_like(0.0), x)?
        };
        match max_value {
            // TensorFlow has ReLU6 as an op, whose derivative at 6 is 0; cutting at other values has derivative 1 there.
            Some(6.0) if threshold == 0.0 => {
                let limit = y.scalar_like(6.0);
                y = y.greater_equal(&limit)?.select(&limit, &y)?;
            }
            Some(max_value) => y = y.minimum_scalar(max_value)?,
            None => {}
        }
        if negative_slope != 0.0 {
            let below = x.neg()?.add_scalar(threshold)?.relu()?;
            y = y.sub(&below.mul_scalar(negative_slope)?)?;
        }
        Ok(y)
    }

    fn to_json(&self) -> Value {
        let &Relu { max_value, negative_slope, threshold } = self;
        if max_value.is_none() && negative_slope == 0.0 && threshold == 0.0 {
            return "relu".into();
        }
        let config = json!({ "max_value": max_value, "negative_slope": negative_slope, "threshold": threshold });
        layer("ReLU", config)
    }
}
