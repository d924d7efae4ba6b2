use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::activations::{self, Activation};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// What stands for minus infinity where a mask leaves an element out, as in Keras.
const MASKED: f64 = -1e9;

/// `exp(x) / sum(exp(x))` along `axis`, or a list of axes. Default: the last axis, where a crossentropy of the result starts
/// from `x`. Elements that the mask of the input leaves out are 0.
pub struct Softmax(activations::Softmax);

impl FromOptions for Softmax {
    const CLASS: &'static str = "Softmax";

    fn from_options(options: &mut Options) -> Result<Softmax> {
        Ok(Softmax(activations::Softmax::read(options)?))
    }
}

impl Layer for Softmax {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "axis": self.0.axis_json() }))
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let Some(mask) = ctx.mask(&inputs[0]) else { return Ok(vec![self.0.apply(&x)?]) };
        if mask.shape().broadcast(&x.shape()).as_ref() != Some(&x.shape()) {
            let message =
                format!("expected a mask that broadcasts to the input, {}; received {}", x.shape(), mask.shape());
            return Err(Error::invalid(message));
        }
        let y = self.0.apply(&mask.select(&x, &x.scalar_like(MASKED))?)?;
        Ok(vec![mask.select(&y, &y.scalar_like(0.0))?])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
