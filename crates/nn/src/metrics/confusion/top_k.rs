//! The largest predictions of a sample.

use glorot_graph::Sym;
use glorot_tensor::DType;

use crate::error::{Error, Result};

/// Less than every threshold.
pub const NONE: f64 = -1e10;

/// Predictions `[…, classes]` with all but the `k` largest of each sample replaced by [`NONE`]; of equal ones the first
/// count.
pub fn keep_top_k(class: &str, y_pred: &Sym, k: usize) -> Result<Sym> {
    let classes = y_pred.shape().last().copied().unwrap_or(1);
    if k > classes {
        let message = format!("option 'top_k' is {k}, but the predictions have only {classes} classes");
        return Err(Error::config(class, message));
    }
    let axis = y_pred.rank() - 1;
    let places = y_pred.tracer().iota(y_pred.shape(), axis, DType::I32)?;
    let lowest = y_pred.scalar_like(f64::from(f32::MIN));
    let mut rest = y_pred.clone();
    let mut kept = y_pred.scalar_like(NONE).broadcast_to(y_pred.shape())?;
    for _ in 0..k {
        let largest = rest.arg_max(axis)?.reshape(y_pred.shape().reduced(&[axis], true))?;
        let is_largest = places.equal(&largest)?;
        kept = is_largest.select(y_pred, &kept)?;
        rest = is_largest.select(&lowest, &rest)?;
    }
    Ok(kept)
}
