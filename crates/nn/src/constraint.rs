//! Projections of weights.

use glorot_graph::Sym;
use serde_json::Value;

use crate::error::Result;

/// A projection that is applied to a weight after each update.
pub trait Constraint {
    /// The projected weight.
    fn project(&self, weight: &Sym) -> Result<Sym>;

    /// `{ class_name, config }` as Keras serializes it.
    fn to_json(&self) -> Value;
}
