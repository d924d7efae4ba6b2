//! Mean of squared errors.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;
use crate::losses::{LossFunction, align};

const CLASS: &str = "MeanSquaredError";

/// The mean of `(y_pred - y_true)^2` along the last axis.
struct MeanSquaredError;

/// No options.
pub fn read(_: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(MeanSquaredError))
}

impl LossFunction for MeanSquaredError {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let error = y_pred.sub(&align(CLASS, y_true, y_pred)?)?;
        last_mean(&error.square()?)
    }
}

/// The mean along the last axis; a scalar stays.
pub(super) fn last_mean(values: &Sym) -> Result<Sym> {
    match values.rank() {
        0 => Ok(values.clone()),
        rank => Ok(values.mean(&[rank - 1], false)?),
    }
}
