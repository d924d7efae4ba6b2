use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// `log(1 + exp(x))`.
pub struct Softplus;

impl Activation for Softplus {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.softplus()?)
    }

    fn to_json(&self) -> Value {
        "softplus".into()
    }
}
