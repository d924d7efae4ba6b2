//! Margin of the right class.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;
use crate::losses::categorical_crossentropy::last_axis;
use crate::losses::{LossFunction, Targets, align};

const CLASS: &str = "CategoricalHinge";

/// `max(largest wrong prediction - right prediction + 1, 0)`: `max((1 - t) y) - sum(t y) + 1` along the last axis, for
/// one-hot targets `t`.
struct CategoricalHinge;

/// No options.
pub fn read(_: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(CategoricalHinge))
}

impl LossFunction for CategoricalHinge {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn targets(&self) -> Targets {
        Targets::OneHot
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let axis = last_axis(CLASS, y_pred)?;
        let y_true = align(CLASS, y_true, y_pred)?;
        let right = y_true.mul(y_pred)?.sum(&[axis], false)?;
        let wrong = y_true.scalar_like(1.0).sub(&y_true)?.mul(y_pred)?.max(&[axis], false)?;
        Ok(wrong.sub(&right)?.add_scalar(1.0)?.maximum_scalar(0.0)?)
    }
}
