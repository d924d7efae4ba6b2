//! Mean of absolute errors.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;
use crate::losses::mean_squared_error::last_mean;
use crate::losses::{LossFunction, align};

const CLASS: &str = "MeanAbsoluteError";

/// The mean of `|y_pred - y_true|` along the last axis.
struct MeanAbsoluteError;

/// No options.
pub fn read(_: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(MeanAbsoluteError))
}

impl LossFunction for MeanAbsoluteError {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let error = y_pred.sub(&align(CLASS, y_true, y_pred)?)?;
        last_mean(&error.abs()?)
    }
}
