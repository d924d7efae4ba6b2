use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, axis, layer};
use crate::config::Options;
use crate::error::Result;

/// `exp(x) / sum(exp(x))` along an axis or several. Default: the last axis, where a crossentropy of the result starts
/// from `x`.
pub struct Softmax {
    pub axes: Vec<i64>,
}

impl Softmax {
    pub(crate) fn read(options: &mut Options) -> Result<Softmax> {
        let axes = options.optional_ints("axis")?.unwrap_or_else(|| vec![-1]);
        options.check("axis", format!("{axes:?}"), !axes.is_empty(), "an axis or a list of axes")?;
        Ok(Softmax { axes })
    }

    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        Ok(Rc::new(Softmax::read(options)?))
    }

    /// The option `axis`.
    pub(crate) fn axis_json(&self) -> Value {
        if let [axis] = self.axes[..] { json!(axis) } else { json!(self.axes) }
    }
}

impl Activation for Softmax {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let axes = self.axes.iter().map(|&wanted| axis("softmax", wanted, x)).collect::<Result<Vec<usize>>>()?;
        // The result does not depend on the shift, so neither does the gradient.
        let shift = x.max(&axes, true)?.stop_gradient()?;
        let exp = x.sub(&shift)?.exp()?;
        let probabilities = exp.div(&exp.sum(&axes, true)?)?;
        if axes == [x.rank() - 1] {
            probabilities.remember_logits(x);
        }
        Ok(probabilities)
    }

    fn to_json(&self) -> Value {
        match self.axes[..] {
            [-1] => "softmax".into(),
            _ => layer("Softmax", json!({ "axis": self.axis_json() })),
        }
    }
}
