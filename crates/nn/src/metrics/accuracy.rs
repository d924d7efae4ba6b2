//! How often predictions equal targets.

use glorot_graph::Sym;
use glorot_tensor::DType;

use crate::config::Options;
use crate::error::Result;
use crate::losses::align;
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};

const CLASS: &str = "Accuracy";

/// 1 where a prediction equals its target exactly, else 0; the shapes are equal.
struct Accuracy;

/// No options.
pub fn read(options: Options) -> Result<Box<dyn Metric>> {
    Mean::read(Accuracy, options)
}

impl Values for Accuracy {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let y_true = align(CLASS, y_true, y_pred)?;
        Ok(y_true.equal(&y_pred.cast(DType::F32)?)?.cast(DType::F32)?)
    }
}
