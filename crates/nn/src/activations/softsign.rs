use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// `x / (1 + |x|)`.
pub struct Softsign;

impl Activation for Softsign {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.div(&x.abs()?.add_scalar(1.0)?)?)
    }

    fn to_json(&self) -> Value {
        "softsign".into()
    }
}
