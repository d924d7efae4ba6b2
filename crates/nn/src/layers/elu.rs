use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::activations::{self, Activation};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// `x` where positive, else `alpha (exp(x) - 1)` (Clevert et al., 2015). Default: alpha 1.
pub struct Elu(activations::Elu);

impl FromOptions for Elu {
    const CLASS: &'static str = "ELU";

    fn from_options(options: &mut Options) -> Result<Elu> {
        Ok(Elu(activations::Elu::read(options)?))
    }
}

impl Layer for Elu {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "alpha": self.0.alpha }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        Ok(vec![self.0.apply(&support::to_float(support::single(inputs)?)?)?])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
