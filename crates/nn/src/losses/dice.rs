//! How little two regions overlap.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::{Error, Result};
use crate::losses::softmax::EPSILON;
use crate::losses::{LossFunction, align};

const CLASS: &str = "Dice";

/// `1 - 2 sum(t p) / (sum(t) + sum(p) + 1e-7)`, where the sums run along some axes, which vanish (Milletari et al. 2016).
struct Dice {
    axes: Overlap,
}

/// Options: `axis`, one or a list (all: the loss is one number).
pub fn read(options: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(Dice { axes: Overlap::read(options)? }))
}

impl LossFunction for Dice {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([("axis".into(), self.axes.to_json())])
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let axes = self.axes.resolve(CLASS, y_pred)?;
        let t = align(CLASS, y_true, y_pred)?;
        let both = t.mul(y_pred)?.sum(&axes, false)?.mul_scalar(2.0)?;
        let all = t.sum(&axes, false)?.add(&y_pred.sum(&axes, false)?)?.add_scalar(EPSILON)?;
        let overlap = both.div(&all)?;
        Ok(overlap.scalar_like(1.0).sub(&overlap)?)
    }
}

/// The axes along which an overlap is summed; `None`: all.
pub(super) struct Overlap(Option<Vec<i64>>);

impl Overlap {
    pub fn read(options: &mut Options) -> Result<Overlap> {
        Ok(Overlap(options.optional_ints("axis")?))
    }

    pub fn resolve(&self, class: &str, y_pred: &Sym) -> Result<Vec<usize>> {
        let shape = y_pred.shape();
        let Some(axes) = &self.0 else { return Ok((0..shape.rank()).collect()) };
        let mut resolved = Vec::with_capacity(axes.len());
        for &axis in axes {
            let found = shape.axis(axis as isize).filter(|axis| !resolved.contains(axis));
            resolved.push(found.ok_or_else(|| {
                let message =
                    format!("option 'axis' must be different axes of the predictions, {shape}; received {axes:?}");
                Error::config(class, message)
            })?);
        }
        Ok(resolved)
    }

    pub fn to_json(&self) -> Value {
        json!(self.0)
    }
}
