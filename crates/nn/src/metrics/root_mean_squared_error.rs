//! Root of the mean squared error.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;
use crate::losses::align;
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};

const CLASS: &str = "RootMeanSquaredError";

/// The root of the mean over all samples of `(y_pred - y_true)^2`.
struct RootMeanSquaredError;

/// No options.
pub fn read(options: Options) -> Result<Box<dyn Metric>> {
    Mean::read(RootMeanSquaredError, options)
}

impl Values for RootMeanSquaredError {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        Ok(y_pred.sub(&align(CLASS, y_true, y_pred)?)?.square()?)
    }

    fn finish(&self, mean: &Sym) -> Result<Sym> {
        Ok(mean.sqrt()?)
    }

    fn heeds_mask(&self) -> bool {
        false
    }
}
