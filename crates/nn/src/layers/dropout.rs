use glorot_graph::{RandomKind, Sym};
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// In training, sets a random fraction `rate` (0 to 1) of the elements to 0 and divides the others by `1 - rate`; in
/// inference, the identity. Elements share their fate along axes where `noise_shape` is 1 (`null`: the input's length).
/// With a `seed` the choice does not depend on the model's.
pub struct Dropout {
    rate: f64,
    noise_shape: Option<Vec<Option<usize>>>,
    seed: Option<u64>,
}

impl FromOptions for Dropout {
    const CLASS: &'static str = "Dropout";

    fn from_options(options: &mut Options) -> Result<Dropout> {
        let rate = options.optional_float("rate")?;
        let rate = rate.ok_or_else(|| options.error("option 'rate' is missing; give a number from 0 to 1"))?;
        options.check("rate", rate, (0.0..=1.0).contains(&rate), "from 0 to 1")?;
        Ok(Dropout { rate, noise_shape: options.optional_shape("noise_shape")?, seed: options.seed()? })
    }
}

impl Dropout {
    /// The shape of the random numbers for an input.
    fn noise_shape(&self, input: &Shape) -> Result<Shape> {
        let Some(noise) = &self.noise_shape else { return Ok(input.clone()) };
        let resolved: Shape = noise.iter().zip(input.iter()).map(|(noise, &dim)| noise.unwrap_or(dim)).collect();
        if noise.len() == input.rank() && resolved.broadcast(input).as_ref() == Some(input) {
            return Ok(resolved);
        }
        let noise = json!(noise);
        Err(Error::invalid(format!(
            "option 'noise_shape' must have one entry an axis of the input, each 1, null or the axis's length; received \
             {noise} for an input of shape {}",
            support::any_batch(input)
        )))
    }
}

impl Layer for Dropout {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "rate": self.rate, "seed": self.seed, "noise_shape": self.noise_shape }))
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], training: bool) -> Result<Vec<Sym>> {
        let x = support::single(inputs)?;
        if !training || self.rate == 0.0 {
            return Ok(vec![x.clone()]);
        }
        let x = support::to_float(x)?;
        let zero = x.scalar_like(0.0);
        if self.rate == 1.0 {
            return Ok(vec![zero.broadcast_to(x.shape())?]);
        }
        let noise = ctx.random(RandomKind::Uniform, self.noise_shape(&x.shape())?, self.seed)?;
        let kept = noise.greater_equal(&noise.scalar_like(self.rate))?;
        Ok(vec![kept.select(&x.mul_scalar(1.0 / (1.0 - self.rate))?, &zero)?])
    }
}
