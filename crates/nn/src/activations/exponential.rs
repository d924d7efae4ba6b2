use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// `exp(x)`.
pub struct Exponential;

impl Activation for Exponential {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.exp()?)
    }

    fn to_json(&self) -> Value {
        "exponential".into()
    }
}
