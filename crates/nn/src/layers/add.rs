use glorot_graph::Sym;
use serde_json::{Map, Value};

use super::{FromOptions, merge};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// The sum of two or more inputs of equal or broadcastable shapes.
pub struct Add;

impl FromOptions for Add {
    const CLASS: &'static str = "Add";

    fn from_options(_: &mut Options) -> Result<Add> {
        Ok(Add)
    }
}

impl Layer for Add {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::new()
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let inputs = merge::aligned(inputs)?;
        let sum = inputs[1..].iter().try_fold(inputs[0].clone(), |sum, x| sum.add(x))?;
        Ok(vec![sum])
    }
}
