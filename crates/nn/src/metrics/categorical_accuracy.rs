//! How often the most likely class is the target's.

use glorot_graph::Sym;
use glorot_tensor::DType;

use crate::config::Options;
use crate::error::Result;
use crate::losses::align;
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};
use crate::metrics::sparse_categorical_accuracy::predicted_class;

const CLASS: &str = "CategoricalAccuracy";

/// 1 where the largest prediction is at the place of the largest target, else 0. Both are `[…, classes]`; of equal ones
/// the first counts.
struct CategoricalAccuracy;

/// No options.
pub fn read(options: Options) -> Result<Box<dyn Metric>> {
    Mean::read(CategoricalAccuracy, options)
}

impl Values for CategoricalAccuracy {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let target = predicted_class(CLASS, &align(CLASS, y_true, y_pred)?)?;
        Ok(target.equal(&predicted_class(CLASS, y_pred)?)?.cast(DType::F32)?)
    }
}
