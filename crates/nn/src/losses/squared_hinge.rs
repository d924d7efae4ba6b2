//! Squared margin of signs.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;
use crate::losses::hinge::{shortfall, signs};
use crate::losses::mean_squared_error::last_mean;
use crate::losses::{LossFunction, align};

const CLASS: &str = "SquaredHinge";

/// The mean of `max(1 - y_true * y_pred, 0)^2` along the last axis. Targets are -1 or 1; if a batch holds only 0 and 1,
/// they are taken as -1 and 1.
struct SquaredHinge;

/// No options.
pub fn read(_: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(SquaredHinge))
}

impl LossFunction for SquaredHinge {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let y_true = signs(&align(CLASS, y_true, y_pred)?)?;
        last_mean(&shortfall(&y_true, y_pred)?.square()?)
    }
}
