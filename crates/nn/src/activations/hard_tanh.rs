use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// `x` cut at -1 and 1, where its derivative is still 1.
pub struct HardTanh;

impl Activation for HardTanh {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.maximum_scalar(-1.0)?.minimum_scalar(1.0)?)
    }

    fn to_json(&self) -> Value {
        "hard_tanh".into()
    }
}
