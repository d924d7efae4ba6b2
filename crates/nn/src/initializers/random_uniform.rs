use std::rc::Rc;

use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value, json};

use super::{Initializer, draw, entries, serialized};
use crate::config::Options;
use crate::error::Result;

/// Uniform distribution in `[minval, maxval)`. Defaults: -0.05 and 0.05.
pub struct RandomUniform {
    pub minval: f64,
    pub maxval: f64,
    pub seed: Option<u64>,
}

impl RandomUniform {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Initializer>> {
        let (minval, maxval) = (options.float("minval", -0.05)?, options.float("maxval", 0.05)?);
        options.check("maxval", maxval, maxval >= minval, &format!("at least minval ({minval})"))?;
        Ok(Rc::new(RandomUniform { minval, maxval, seed: options.seed()? }))
    }
}

impl Initializer for RandomUniform {
    fn initialize(&self, shape: &Shape, dtype: DType) -> Result<Tensor> {
        let width = self.maxval - self.minval;
        draw(shape, dtype, self.seed, |stream| self.minval + width * stream.next_f64())
    }

    fn to_json(&self) -> Value {
        let config = json!({ "seed": self.seed, "minval": self.minval, "maxval": self.maxval });
        serialized("RandomUniform", entries(config))
    }
}
