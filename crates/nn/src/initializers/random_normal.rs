use std::rc::Rc;

use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value, json};

use super::{Initializer, draw, entries, serialized};
use crate::config::Options;
use crate::error::Result;

/// Normal distribution. Defaults: mean 0, standard deviation 0.05.
pub struct RandomNormal {
    pub mean: f64,
    pub stddev: f64,
    pub seed: Option<u64>,
}

impl RandomNormal {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Initializer>> {
        let (mean, stddev) = (options.float("mean", 0.0)?, options.float("stddev", 0.05)?);
        options.check("stddev", stddev, stddev >= 0.0, "at least 0")?;
        Ok(Rc::new(RandomNormal { mean, stddev, seed: options.seed()? }))
    }
}

impl Initializer for RandomNormal {
    fn initialize(&self, shape: &Shape, dtype: DType) -> Result<Tensor> {
        draw(shape, dtype, self.seed, |stream| self.mean + self.stddev * stream.next_normal())
    }

    fn to_json(&self) -> Value {
        serialized("RandomNormal", entries(json!({ "seed": self.seed, "mean": self.mean, "stddev": self.stddev })))
    }
}
