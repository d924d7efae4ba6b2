//! Logarithm of the hyperbolic cosine of errors.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;
use crate::losses::mean_squared_error::last_mean;
use crate::losses::{LossFunction, align};

const CLASS: &str = "LogCosh";

/// The mean of `log(cosh(y_pred - y_true))` along the last axis: a square for small errors, absolute for large ones.
struct LogCosh;

/// No options.
pub fn read(_: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(LogCosh))
}

impl LossFunction for LogCosh {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let error = y_pred.sub(&align(CLASS, y_true, y_pred)?)?;
        // log(cosh(x)) = x + softplus(-2 x) - log(2), without overflow.
        let losses = error.add(&error.mul_scalar(-2.0)?.softplus()?)?.sub_scalar(std::f64::consts::LN_2)?;
        last_mean(&losses)
    }
}
