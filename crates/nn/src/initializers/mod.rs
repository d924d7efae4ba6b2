//! First values of weights.

use glorot_tensor::{DType, Shape, Tensor};
use serde_json::Value;

use crate::error::Result;

/// Makes the first value of a weight.
pub trait Initializer {
    /// A tensor of the given shape and dtype.
    fn initialize(&self, shape: &Shape, dtype: DType) -> Result<Tensor>;

    /// `{ class_name, config }` as Keras serializes it.
    fn to_json(&self) -> Value;
}
