//! How often each class was taken for each.

use glorot_graph::Sym;
use glorot_tensor::DType;

use crate::error::{Error, Result};
use crate::metrics::weights::weights_like;

/// The weights of pairs of target and predicted class, summed by pair: float32 `[classes, classes]`, the target's class
/// first. `labels` and `predicted` are class numbers of any type and shape, as many of each; pairs with a number that is
/// no class, or whose label is `ignore_class`, do not count. `class` names the metric in errors.
pub fn count_pairs(
    class: &str,
    labels: &Sym,
    predicted: &Sym,
    sample_weight: Option<&Sym>,
    classes: usize,
    ignore_class: Option<i64>,
) -> Result<Sym> {
    let (shaped, count) = (predicted.clone(), predicted.shape().numel());
    if labels.shape().numel() != count {
        let (given, wanted) = (labels.shape(), predicted.shape());
        let message = format!("there must be a target for each predicted class, of shape {wanted}; received {given}");
        return Err(Error::config(class, message));
    }
    let flat = |values: &Sym| -> Result<Sym> { Ok(values.cast(DType::I32)?.reshape([count])?) };
    let (labels, predicted) = (flat(labels)?, flat(predicted)?);
    let is_class = |values: &Sym| -> Result<Sym> {
        let (least, end) = (values.scalar_like(0.0), values.scalar_like(classes as f64));
        Ok(values.greater_equal(&least)?.and(&values.less(&end)?)?)
    };
    let mut counts = is_class(&labels)?.and(&is_class(&predicted)?)?;
    if let Some(ignored) = ignore_class {
        counts = counts.and(&labels.not_equal(&labels.scalar_like(ignored as f64))?)?;
    }
    let weight = match sample_weight {
        Some(weight) => weights_like(class, weight, &shaped)?.reshape([count, 1])?,
        None => labels.tracer().fill(1.0, [count, 1], DType::F32),
    };
    let pair = labels.mul_scalar(classes as f64)?.add(&predicted)?;
    // Indices out of range are skipped.
    let pair = counts.select(&pair, &pair.scalar_like(-1.0))?;
    Ok(pair.scatter_add(&weight, classes * classes)?.reshape([classes, classes])?)
}
