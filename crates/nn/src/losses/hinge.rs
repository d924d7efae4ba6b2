//! Margin of signs.

use glorot_graph::Sym;
use glorot_tensor::DType;

use crate::config::Options;
use crate::error::Result;
use crate::losses::mean_squared_error::last_mean;
use crate::losses::{LossFunction, align};

const CLASS: &str = "Hinge";

/// The mean of `max(1 - y_true * y_pred, 0)` along the last axis. Targets are -1 or 1; if a batch holds only 0 and 1, they
/// are taken as -1 and 1.
struct Hinge;

/// No options.
pub fn read(_: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(Hinge))
}

/// Targets as they are, or `2 t - 1` if all of them are 0 or 1.
pub(super) fn signs(y_true: &Sym) -> Result<Sym> {
    let is = |value: f64| y_true.equal(&y_true.scalar_like(value));
    let binary = is(0.0)?.or(&is(1.0)?)?.cast(DType::F32)?;
    let all = binary.min(&(0..binary.rank()).collect::<Vec<_>>(), false)?;
    let all = all.equal(&all.scalar_like(1.0))?;
    Ok(all.select(&y_true.mul_scalar(2.0)?.sub_scalar(1.0)?, y_true)?)
}

/// What a prediction lacks to be on the right side by a margin of 1: `max(1 - t * y, 0)`.
pub(super) fn shortfall(y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
    let product = y_true.mul(y_pred)?;
    Ok(product.scalar_like(1.0).sub(&product)?.maximum_scalar(0.0)?)
}

impl LossFunction for Hinge {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let y_true = signs(&align(CLASS, y_true, y_pred)?)?;
        last_mean(&shortfall(&y_true, y_pred)?)
    }
}
