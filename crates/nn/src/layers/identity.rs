use glorot_graph::Sym;
use serde_json::{Map, Value};

use super::FromOptions;
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// The inputs as they are.
pub struct Identity;

impl FromOptions for Identity {
    const CLASS: &'static str = "Identity";

    fn from_options(_: &mut Options) -> Result<Identity> {
        Ok(Identity)
    }
}

impl Layer for Identity {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::new()
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        Ok(inputs.to_vec())
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
