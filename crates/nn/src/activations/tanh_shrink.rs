use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// `x - tanh(x)`.
pub struct TanhShrink;

impl Activation for TanhShrink {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.sub(&x.tanh()?)?)
    }

    fn to_json(&self) -> Value {
        "tanh_shrink".into()
    }
}
