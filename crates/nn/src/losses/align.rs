//! Targets in the shape of predictions.

use glorot_graph::Sym;
use glorot_tensor::DType;

use crate::error::{Error, Result};

/// Targets as float32 in the shape of the predictions, from which they may differ by a last axis of length 1. `class`
/// names the loss or metric in errors.
pub fn align(class: &str, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
    let (shape, wanted) = (y_true.shape(), y_pred.shape());
    let squeezed = |long: &[usize], short: &[usize]| long.split_last() == Some((&1, short));
    let y_true = y_true.cast(DType::F32)?;
    if shape == wanted {
        return Ok(y_true);
    }
    if squeezed(&shape, &wanted) || squeezed(&wanted, &shape) {
        return Ok(y_true.reshape(wanted)?);
    }
    let message = format!("targets must have the shape of the predictions, {wanted}; received {shape}");
    Err(Error::config(class, message))
}
