use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// `x sigmoid(x)`, also called swish (Elfwing et al., 2017; Ramachandran et al., 2017).
pub struct Silu;

impl Activation for Silu {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.mul(&x.sigmoid()?)?)
    }

    fn to_json(&self) -> Value {
        "silu".into()
    }
}
