//! Likelihood of counts.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;
use crate::losses::mean_squared_error::last_mean;
use crate::losses::softmax::EPSILON;
use crate::losses::{LossFunction, align};

const CLASS: &str = "Poisson";

/// The mean of `y_pred - y_true log(y_pred + 1e-7)` along the last axis: of a Poisson distribution with mean `y_pred`, the
/// negative log-likelihood of `y_true` but for a constant.
struct Poisson;

/// No options.
pub fn read(_: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(Poisson))
}

impl LossFunction for Poisson {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let log = y_pred.add_scalar(EPSILON)?.log()?;
        last_mean(&y_pred.sub(&align(CLASS, y_true, y_pred)?.mul(&log)?)?)
    }
}
