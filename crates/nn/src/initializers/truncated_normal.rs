use std::rc::Rc;

use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value, json};

use super::{Initializer, draw, entries, serialized};
use crate::config::Options;
use crate::error::Result;

/// Normal distribution without what lies more than two standard deviations from the mean. Defaults: mean 0, standard
/// deviation 0.05 (before truncation; after it, 0.88 times as much).
pub struct TruncatedNormal {
    pub mean: f64,
    pub stddev: f64,
    pub seed: Option<u64>,
}

impl TruncatedNormal {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Initializer>> {
        let (mean, stddev) = (options.float("mean", 0.0)?, options.float("stddev", 0.05)?);
        options.check("stddev", stddev, stddev >= 0.0, "at least 0")?;
        Ok(Rc::new(TruncatedNormal { mean, stddev, seed: options.seed()? }))
    }
}

impl Initializer for TruncatedNormal {
    fn initialize(&self, shape: &Shape, dtype: DType) -> Result<Tensor> {
        draw(shape, dtype, self.seed, |stream| self.mean + self.stddev * stream.next_truncated_normal())
    }

    fn to_json(&self) -> Value {
        serialized("TruncatedNormal", entries(json!({ "seed": self.seed, "mean": self.mean, "stddev": self.stddev })))
    }
}
