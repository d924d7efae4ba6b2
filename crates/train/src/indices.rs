//! Inputs that hold indices into tables of embeddings.

use glorot_nn::model::{IndexRange, Port};
use glorot_tensor::{DType, Tensor};

use crate::error::{Error, Result};

/// Fails at the first element that is no index of the table. Fractions are cut off, as the model does.
pub(crate) fn check(model: &str, port: &Port, range: &IndexRange, x: &Tensor) -> Result<()> {
    let fits = |index: i64| usize::try_from(index).is_ok_and(|index| index < range.rows);
    let bad = match x.dtype() {
        DType::F32 => x.as_f32()?.iter().position(|index| !index.is_finite() || !fits(*index as i64)),
        DType::I32 => x.as_i32()?.iter().position(|&index| !fits(i64::from(index))),
        DType::U8 => x.as_u8()?.iter().position(|&index| !fits(i64::from(index))),
        DType::Bool => None,
    };
    let Some(bad) = bad else { return Ok(()) };
    let index = match x.dtype() {
        DType::F32 => x.as_f32()?[bad].to_string(),
        DType::I32 => x.as_i32()?[bad].to_string(),
        _ => x.as_u8()?[bad].to_string(),
    };
    let per_sample = (x.numel() / x.shape()[0]).max(1);
    let IndexRange { layer, class, rows } = range;
    Err(Error::data(format!(
        "input '{}' of model '{model}': index {index} of sample {} is out of range: layer '{layer}' ({class}) has {rows} \
         rows, so indices must be integers from 0 to {}",
        port.name,
        bad / per_sample,
        rows.saturating_sub(1)
    )))
}
