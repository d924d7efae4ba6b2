//! What layers that add noise in training share.

use glorot_graph::{RandomKind, Sym};
use glorot_tensor::Shape;
use serde_json::{Value, json};

use super::support;
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};

/// The option `rate`, the fraction that is dropped: from 0 to 1.
pub fn rate(options: &mut Options) -> Result<f64> {
    let rate = options.optional_float("rate")?;
    let rate = rate.ok_or_else(|| options.missing("rate", "a number from 0 to 1"))?;
    options.check("rate", rate, (0.0..=1.0).contains(&rate), "from 0 to 1")?;
    Ok(rate)
}

/// The option `rate` of layers whose noise has no bound as it comes near 1: from 0 to below 1.
pub fn rate_below_one(options: &mut Options) -> Result<f64> {
    let rate = rate(options)?;
    options.check("rate", rate, rate < 1.0, "at least 0 and below 1")?;
    Ok(rate)
}

/// The option `noise_shape`: elements share their fate along axes where it is 1 (`null`: the input's length).
pub struct NoiseShape(Option<Vec<Option<usize>>>);

impl NoiseShape {
    pub fn read(options: &mut Options) -> Result<NoiseShape> {
        Ok(NoiseShape(options.optional_shape("noise_shape")?))
    }

    /// The shape of the random numbers for an input.
    pub fn resolve(&self, input: &Shape) -> Result<Shape> {
        let Some(noise) = &self.0 else { return Ok(input.clone()) };
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

    pub fn to_json(&self) -> Value {
        json!(self.0)
    }
}

/// Which elements are kept (bool): each with probability `1 - rate`.
pub fn kept(ctx: &Context, shape: Shape, rate: f64, seed: Option<u64>) -> Result<Sym> {
    let noise = ctx.random(RandomKind::Uniform, shape, seed)?;
    Ok(noise.greater_equal(&noise.scalar_like(rate))?)
}

/// Sets the fraction `rate` of the elements to 0 and divides the others by `1 - rate`. `shape`: that of the choice, which
/// broadcasts to the input's.
pub fn drop(ctx: &Context, x: &Sym, rate: f64, shape: Shape, seed: Option<u64>) -> Result<Sym> {
    let zero = x.scalar_like(0.0);
    if rate == 1.0 {
        return Ok(zero.broadcast_to(x.shape())?);
    }
    Ok(kept(ctx, shape, rate, seed)?.select(&x.mul_scalar(1.0 / (1.0 - rate))?, &zero)?)
}
