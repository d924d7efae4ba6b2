use glorot_graph::{RandomKind, Sym};
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// In training, adds normally distributed numbers of mean 0 and standard deviation `stddev` (at least 0); in inference,
/// the identity. With a `seed` the numbers do not depend on the model's.
pub struct GaussianNoise {
    stddev: f64,
    seed: Option<u64>,
}

impl FromOptions for GaussianNoise {
    const CLASS: &'static str = "GaussianNoise";

    fn from_options(options: &mut Options) -> Result<GaussianNoise> {
        let stddev = options.optional_float("stddev")?;
        let stddev = stddev.ok_or_else(|| options.missing("stddev", "a number of at least 0"))?;
        options.check("stddev", stddev, stddev >= 0.0, "at least 0")?;
        Ok(GaussianNoise { stddev, seed: options.seed()? })
    }
}

impl Layer for GaussianNoise {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "stddev": self.stddev, "seed": self.seed }))
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], training: bool) -> Result<Vec<Sym>> {
        let x = support::single(inputs)?;
        if !training || self.stddev == 0.0 {
            return Ok(vec![x.clone()]);
        }
        let x = support::to_float(x)?;
        let noise = ctx.random(RandomKind::Normal, x.shape(), self.seed)?;
        Ok(vec![x.add(&noise.mul_scalar(self.stddev)?)?])
    }

    fn is_noise(&self) -> bool {
        true
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
