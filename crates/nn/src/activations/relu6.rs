use glorot_graph::Sym;
use serde_json::Value;

use super::{Activation, Relu};
use crate::error::Result;

/// `max(x, 0)`, cut at 6. Its derivative at both kinks is 0.
pub struct Relu6;

impl Activation for Relu6 {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Relu { max_value: Some(6.0), negative_slope: 0.0, threshold: 0.0 }.apply(x)
    }

    fn to_json(&self) -> Value {
        "relu6".into()
    }
}
