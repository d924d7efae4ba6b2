//! Mean of squared errors of logarithms.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;
use crate::losses::mean_squared_error::last_mean;
use crate::losses::softmax::EPSILON;
use crate::losses::{LossFunction, align};

const CLASS: &str = "MeanSquaredLogarithmicError";

/// The mean of `(log(max(y_true, 1e-7) + 1) - log(max(y_pred, 1e-7) + 1))^2` along the last axis.
struct MeanSquaredLogarithmicError;

/// No options.
pub fn read(_: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(MeanSquaredLogarithmicError))
}

impl LossFunction for MeanSquaredLogarithmicError {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let log = |y: &Sym| -> Result<Sym> { Ok(y.maximum_scalar(EPSILON)?.log1p()?) };
        let error = log(y_pred)?.sub(&log(&align(CLASS, y_true, y_pred)?)?)?;
        last_mean(&error.square()?)
    }
}
