use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// 0 up to -1, `(x + 1)^2 / 4` between -1 and 1, `x` from 1 on.
pub struct SparsePlus;

impl Activation for SparsePlus {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let curve = x.maximum_scalar(-1.0)?.add_scalar(1.0)?.square()?.mul_scalar(0.25)?;
        Ok(x.less(&x.scalar_like(1.0))?.select(&curve, x)?)
    }

    fn to_json(&self) -> Value {
        "sparse_plus".into()
    }
}
