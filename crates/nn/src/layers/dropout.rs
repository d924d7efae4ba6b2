use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::noise::{self, NoiseShape};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// In training, sets a random fraction `rate` (0 to 1) of the elements to 0 and divides the others by `1 - rate`; in
/// inference, the identity. Elements share their fate along axes where `noise_shape` is 1 (`null`: the input's length).
/// With a `seed` the choice does not depend on the model's. Srivastava et al. (2014).
pub struct Dropout {
    rate: f64,
    noise_shape: NoiseShape,
    seed: Option<u64>,
}

impl FromOptions for Dropout {
    const CLASS: &'static str = "Dropout";

    fn from_options(options: &mut Options) -> Result<Dropout> {
        Ok(Dropout { rate: noise::rate(options)?, noise_shape: NoiseShape::read(options)?, seed: options.seed()? })
    }
}

impl Layer for Dropout {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "rate": self.rate, "seed": self.seed, "noise_shape": self.noise_shape.to_json() }))
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], training: bool) -> Result<Vec<Sym>> {
        let x = support::single(inputs)?;
        if !training || self.rate == 0.0 {
            return Ok(vec![x.clone()]);
        }
        let x = support::to_float(x)?;
        let shape = self.noise_shape.resolve(&x.shape())?;
        Ok(vec![noise::drop(ctx, &x, self.rate, shape, self.seed)?])
    }

    fn is_noise(&self) -> bool {
        true
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
