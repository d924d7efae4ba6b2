use std::rc::Rc;

use glorot_graph::Sym;
use glorot_tensor::DType;
use serde_json::{Value, json};

use super::{Activation, axis, function};
use crate::config::Options;
use crate::error::Result;

/// The distribution nearest to `x` along an axis (Martins and Astudillo, 2016): `max(x - tau, 0)` with the `tau` for which
/// it sums to 1. Small entries become exactly 0. Default: the last axis.
///
/// An entry is in the support if `1 + k x > s`, where `k` is the number and `s` the sum of the entries that are at least
/// as large. All pairs are compared, so the work is quadratic in the axis's length.
pub struct Sparsemax {
    pub axis: i64,
}

impl Sparsemax {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        Ok(Rc::new(Sparsemax { axis: options.int("axis", -1)? }))
    }
}

impl Activation for Sparsemax {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let axis = axis("sparsemax", self.axis, x)?;
        let shape = x.shape();
        // [..., length, 1, ...] and [..., 1, length, ...]: each entry against all others.
        let (mut each, mut others) = (shape.to_vec(), shape.to_vec());
        each.insert(axis + 1, 1);
        others.insert(axis, 1);
        let fixed = x.stop_gradient()?;
        let (each, others) = (fixed.reshape(each)?, fixed.reshape(others)?);
        let larger = others.greater_equal(&each)?;
        let count = larger.cast(DType::F32)?.sum(&[axis + 1], false)?;
        let sum = larger.select(&others, &others.scalar_like(0.0))?.sum(&[axis + 1], false)?;
        let support = fixed.mul(&count)?.add_scalar(1.0)?.greater(&sum)?;
        let total = support.select(x, &x.scalar_like(0.0))?.sum(&[axis], true)?.sub_scalar(1.0)?;
        let tau = total.div(&support.cast(DType::F32)?.sum(&[axis], true)?)?;
        Ok(x.sub(&tau)?.relu()?)
    }

    fn to_json(&self) -> Value {
        if self.axis == -1 { "sparsemax".into() } else { function("sparsemax", json!({ "axis": self.axis })) }
    }
}
