use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// `x`.
pub struct Linear;

impl Activation for Linear {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.clone())
    }

    fn to_json(&self) -> Value {
        "linear".into()
    }
}
