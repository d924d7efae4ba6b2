//! Penalties on weights.

use glorot_graph::Sym;
use serde_json::Value;

use crate::error::Result;

/// A penalty that is added to the loss.
pub trait Regularizer {
    /// The penalty (float32 scalar) of a weight.
    fn penalty(&self, weight: &Sym) -> Result<Sym>;

    /// `{ class_name, config }` as Keras serializes it.
    fn to_json(&self) -> Value;
}
