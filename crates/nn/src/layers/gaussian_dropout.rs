use glorot_graph::{RandomKind, Sym};
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, noise, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// In training, multiplies by normally distributed numbers of mean 1 and standard deviation `sqrt(rate / (1 - rate))`,
/// which have the variance of dropout at that rate (at least 0, below 1); in inference, the identity. With a `seed` the
/// numbers do not depend on the model's. Srivastava et al. (2014).
pub struct GaussianDropout {
    rate: f64,
    seed: Option<u64>,
}

impl FromOptions for GaussianDropout {
    const CLASS: &'static str = "GaussianDropout";

    fn from_options(options: &mut Options) -> Result<GaussianDropout> {
        Ok(GaussianDropout { rate: noise::rate_below_one(options)?, seed: options.seed()? })
    }
}

impl Layer for GaussianDropout {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "rate": self.rate, "seed": self.seed }))
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], training: bool) -> Result<Vec<Sym>> {
        let x = support::single(inputs)?;
        if !training || self.rate == 0.0 {
            return Ok(vec![x.clone()]);
        }
        let x = support::to_float(x)?;
        let noise = ctx.random(RandomKind::Normal, x.shape(), self.seed)?;
        let stddev = (self.rate / (1.0 - self.rate)).sqrt();
        Ok(vec![x.mul(&noise.mul_scalar(stddev)?.add_scalar(1.0)?)?])
    }

    fn is_noise(&self) -> bool {
        true
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
