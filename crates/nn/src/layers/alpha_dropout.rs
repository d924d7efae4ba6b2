use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::noise::{self, NoiseShape};
use super::{FromOptions, entries, support};
use crate::activations::Selu;
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// Dropout that keeps mean 0 and variance 1, for networks of SELU units (Klambauer et al., 2017). In training, sets a
/// random fraction `rate` (at least 0, below 1) of the elements to SELU's limit `alpha' = -1.7580993`, then all elements
/// to `a x + b` with `a = ((1 - rate) (1 + rate alpha'^2))^(-1/2)` and `b = -a rate alpha'`; in inference, the identity.
/// Elements share their fate along axes where `noise_shape` is 1 (`null`: the input's length). With a `seed` the choice
/// does not depend on the model's.
pub struct AlphaDropout {
    rate: f64,
    noise_shape: NoiseShape,
    seed: Option<u64>,
}

impl FromOptions for AlphaDropout {
    const CLASS: &'static str = "AlphaDropout";

    fn from_options(options: &mut Options) -> Result<AlphaDropout> {
        let rate = noise::rate_below_one(options)?;
        Ok(AlphaDropout { rate, noise_shape: NoiseShape::read(options)?, seed: options.seed()? })
    }
}

impl Layer for AlphaDropout {
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
        let (rate, limit) = (self.rate, Selu::LIMIT);
        let a = ((1.0 - rate) * (1.0 + rate * limit * limit)).powf(-0.5);
        let b = -a * rate * limit;
        let kept = noise::kept(ctx, self.noise_shape.resolve(&x.shape())?, rate, self.seed)?;
        Ok(vec![kept.select(&x.mul_scalar(a)?.add_scalar(b)?, &x.scalar_like(a * limit + b))?])
    }

    fn is_noise(&self) -> bool {
        true
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
