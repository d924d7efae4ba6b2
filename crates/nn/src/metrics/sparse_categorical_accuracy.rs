//! How often the most likely class is the label.

use glorot_graph::Sym;
use glorot_tensor::DType;

use crate::config::Options;
use crate::error::{Error, Result};
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};

const CLASS: &str = "SparseCategoricalAccuracy";

/// 1 where the largest prediction is at the place of the label, else 0; of equal ones the first counts. Predictions
/// `[…, classes]`, labels `[…]` or `[…, 1]`.
struct SparseCategoricalAccuracy;

/// No options.
pub fn read(options: Options) -> Result<Box<dyn Metric>> {
    Mean::read(SparseCategoricalAccuracy, options)
}

/// The place of the largest value along the last axis (int32).
pub(super) fn predicted_class(class: &str, y_pred: &Sym) -> Result<Sym> {
    match y_pred.rank() {
        0 => Err(Error::config(class, "expected predictions with an axis of classes, received a scalar")),
        rank => Ok(y_pred.arg_max(rank - 1)?),
    }
}

/// Labels as int32 in the shape of the predictions without the classes.
pub(super) fn labels(class: &str, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
    let (shape, predicted) = (y_true.shape(), y_pred.shape());
    let samples = &predicted[..predicted.rank().saturating_sub(1)];
    if shape[..] == *samples || shape.split_last() == Some((&1, samples)) {
        return Ok(y_true.cast(DType::I32)?.reshape(samples)?);
    }
    let message = format!("labels must have the shape of the predictions {predicted} without its last axis");
    Err(Error::config(class, format!("{message}; received {shape}")))
}

impl Values for SparseCategoricalAccuracy {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let predicted = predicted_class(CLASS, y_pred)?;
        Ok(labels(CLASS, y_true, y_pred)?.equal(&predicted)?.cast(DType::F32)?)
    }
}
