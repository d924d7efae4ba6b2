use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// `x tanh(softplus(x))` (Misra, 2019).
pub struct Mish;

impl Activation for Mish {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.mul(&x.softplus()?.tanh()?)?)
    }

    fn to_json(&self) -> Value {
        "mish".into()
    }
}
