//! Weights of samples in the shape of their values.

use glorot_graph::Sym;
use glorot_tensor::DType;

use crate::error::{Error, Result};

/// Weights (float32) in the shape of the predictions. They may have the shape of the first axes of the predictions, or
/// that and an axis of length 1; `class` names the metric in errors.
pub fn weights_like(class: &str, weight: &Sym, y_pred: &Sym) -> Result<Sym> {
    let (given, wanted) = (weight.shape(), y_pred.shape());
    let mut shape = given.to_vec();
    if shape.len() > wanted.rank() && shape.last() == Some(&1) {
        shape.pop();
    }
    shape.resize(shape.len().max(wanted.rank()), 1);
    let fits = shape.len() == wanted.rank() && shape.iter().zip(wanted.iter()).all(|(a, b)| *a == 1 || a == b);
    if !fits {
        let message = format!("sample weights must have the shape of the predictions, {wanted}, or of its first axes");
        return Err(Error::config(class, format!("{message}; received {given}")));
    }
    Ok(weight.cast(DType::F32)?.reshape(shape)?.broadcast_to(wanted)?)
}
