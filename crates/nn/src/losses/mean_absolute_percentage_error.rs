//! Mean of relative errors.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;
use crate::losses::mean_squared_error::last_mean;
use crate::losses::softmax::EPSILON;
use crate::losses::{LossFunction, align};

const CLASS: &str = "MeanAbsolutePercentageError";

/// The mean of `100 |y_true - y_pred| / max(|y_true|, 1e-7)` along the last axis.
struct MeanAbsolutePercentageError;

/// No options.
pub fn read(_: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(MeanAbsolutePercentageError))
}

impl LossFunction for MeanAbsolutePercentageError {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let y_true = align(CLASS, y_true, y_pred)?;
        let relative = y_true.sub(y_pred)?.div(&y_true.abs()?.maximum_scalar(EPSILON)?)?;
        Ok(last_mean(&relative.abs()?)?.mul_scalar(100.0)?)
    }
}
