use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::activations;
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// An activation function as a layer.
pub struct Activation {
    activation: Rc<dyn activations::Activation>,
}

impl FromOptions for Activation {
    const CLASS: &'static str = "Activation";

    fn from_options(options: &mut Options) -> Result<Activation> {
        let activation = options.nested("activation", activations::deserialize)?;
        Ok(Activation { activation: activation.ok_or_else(|| options.missing("activation", "a name, as 'relu'"))? })
    }
}

impl Layer for Activation {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "activation": self.activation.to_json() }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        Ok(vec![self.activation.apply(&x)?])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
