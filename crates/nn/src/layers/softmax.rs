use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::activations::{self, Activation};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// `exp(x) / sum(exp(x))` along `axis`, or a list of axes. Default: the last axis, where a crossentropy of the result starts
/// from `x`.
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

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        Ok(vec![self.0.apply(&support::to_float(support::single(inputs)?)?)?])
    }
}
