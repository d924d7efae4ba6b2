use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::activations::{self, Activation};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// `x` where positive, else `negative_slope x` (Maas et al., 2013). Default: slope 0.3 (the activation function has 0.2); at
/// least 0. Keras 2 calls it `alpha`.
pub struct LeakyRelu(activations::LeakyRelu);

impl FromOptions for LeakyRelu {
    const CLASS: &'static str = "LeakyReLU";

    fn from_options(options: &mut Options) -> Result<LeakyRelu> {
        let leaky = activations::LeakyRelu::read(options, 0.3)?;
        let slope = leaky.negative_slope;
        options.check("negative_slope", slope, slope >= 0.0, "at least 0")?;
        Ok(LeakyRelu(leaky))
    }
}

impl Layer for LeakyRelu {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "negative_slope": self.0.negative_slope }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        Ok(vec![self.0.apply(&support::to_float(support::single(inputs)?)?)?])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
