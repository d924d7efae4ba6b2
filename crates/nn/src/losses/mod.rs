//! Losses.

use glorot_graph::Sym;
use serde_json::Value;

use crate::error::Result;

/// A loss before reduction.
pub trait Loss {
    /// The name in logs and Keras's function spelling: `sparse_categorical_crossentropy`.
    fn name(&self) -> &str;

    /// `{ class_name, config }` as Keras serializes it.
    fn to_json(&self) -> Value;

    /// The loss of each sample: the shape of `y_pred` without its last axis.
    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym>;
}
