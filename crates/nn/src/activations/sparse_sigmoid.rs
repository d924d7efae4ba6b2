use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// `(x + 1) / 2`, cut at 0 and 1, where its derivative is 0.
pub struct SparseSigmoid;

impl Activation for SparseSigmoid {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let (low, high) = (x.scalar_like(-1.0), x.scalar_like(1.0));
        let line = x.add_scalar(1.0)?.mul_scalar(0.5)?;
        let below = x.greater_equal(&high)?.select(&high, &line)?;
        Ok(x.less_equal(&low)?.select(&x.scalar_like(0.0), &below)?)
    }

    fn to_json(&self) -> Value {
        "sparse_sigmoid".into()
    }
}
