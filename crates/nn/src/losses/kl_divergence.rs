//! Divergence of distributions.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;
use crate::losses::categorical_crossentropy::last_axis;
use crate::losses::softmax::EPSILON;
use crate::losses::{LossFunction, align};

const CLASS: &str = "KLDivergence";

/// The Kullback-Leibler divergence `sum(t log(t / p))` along the last axis, both clipped to `[1e-7, 1]`.
struct KlDivergence;

/// No options.
pub fn read(_: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(KlDivergence))
}

impl LossFunction for KlDivergence {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let clip = |y: &Sym| -> Result<Sym> { Ok(y.maximum_scalar(EPSILON)?.minimum_scalar(1.0)?) };
        let axis = last_axis(CLASS, y_pred)?;
        let (t, p) = (clip(&align(CLASS, y_true, y_pred)?)?, clip(y_pred)?);
        Ok(t.mul(&t.div(&p)?.log()?)?.sum(&[axis], false)?)
    }
}
