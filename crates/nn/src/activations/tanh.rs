use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// Hyperbolic tangent.
pub struct Tanh;

impl Activation for Tanh {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.tanh()?)
    }

    fn to_json(&self) -> Value {
        "tanh".into()
    }
}
