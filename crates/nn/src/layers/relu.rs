use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::activations::{self, Activation};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// `max(x, 0)`; more generally `x` where greater than `threshold`, cut at `max_value`, and
/// `negative_slope (x - threshold)` below. Defaults: no maximum, slope 0, threshold 0.
pub struct Relu(activations::Relu);

impl FromOptions for Relu {
    const CLASS: &'static str = "ReLU";

    fn from_options(options: &mut Options) -> Result<Relu> {
        Ok(Relu(activations::Relu::read(options)?))
    }
}

impl Layer for Relu {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({
            "max_value": self.0.max_value,
            "negative_slope": self.0.negative_slope,
            "threshold": self.0.threshold,
        }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        Ok(vec![self.0.apply(&support::to_float(support::single(inputs)?)?)?])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
