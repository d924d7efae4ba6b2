use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, layer};
use crate::config::Options;
use crate::error::{Error, Result};

/// `exp(x) / sum(exp(x))` along an axis or several. Default: the last axis, where a crossentropy of the result starts
/// from `x`.
pub struct Softmax {
    pub axes: Vec<i64>,
}

impl Softmax {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        let axes = options.optional_ints("axis")?.unwrap_or_else(|| vec![-1]);
        options.check("axis", format!("{axes:?}"), !axes.is_empty(), "an axis or a list of axes")?;
        Ok(Rc::new(Softmax { axes }))
    }
}

impl Activation for Softmax {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let shape = x.shape();
        let resolve = |&axis: &i64| {
            shape.axis(axis as isize).ok_or_else(|| {
                Error::config("softmax", format!("option 'axis' is {axis}, but the input has shape {shape}"))
            })
        };
        let axes = self.axes.iter().map(resolve).collect::<Result<Vec<usize>>>()?;
        // The result does not depend on the shift, so neither does the gradient.
        let shift = x.max(&axes, true)?.stop_gradient()?;
        let exp = x.sub(&shift)?.exp()?;
        let probabilities = exp.div(&exp.sum(&axes, true)?)?;
        if axes == [shape.rank() - 1] {
            probabilities.remember_logits(x);
        }
        Ok(probabilities)
    }

    fn to_json(&self) -> Value {
        match self.axes[..] {
            [-1] => "softmax".into(),
            [axis] => layer("Softmax", json!({ "axis": axis })),
            _ => layer("Softmax", json!({ "axis": self.axes })),
        }
    }
}
