use glorot_graph::{RandomKind, Sym};
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::activations::{self, Activation};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// Randomized leaky ReLU (Xu et al., 2015): `x` where positive, else `slope x`. In training each element has a slope of
/// its own, drawn uniformly from `lower` to `upper`; in inference all have their mean. Defaults: 1/8 and 1/3. With a
/// `seed` the slopes do not depend on the model's. Keras has no such layer; names and defaults are PyTorch's.
pub struct RRelu {
    lower: f64,
    upper: f64,
    seed: Option<u64>,
}

impl FromOptions for RRelu {
    const CLASS: &'static str = "RReLU";

    fn from_options(options: &mut Options) -> Result<RRelu> {
        let (lower, upper) = (options.float("lower", 1.0 / 8.0)?, options.float("upper", 1.0 / 3.0)?);
        options.check("upper", upper, upper >= lower, &format!("at least lower ({lower})"))?;
        Ok(RRelu { lower, upper, seed: options.seed()? })
    }
}

impl Layer for RRelu {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "lower": self.lower, "upper": self.upper, "seed": self.seed }))
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], training: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let &RRelu { lower, upper, seed } = self;
        if !training {
            return Ok(vec![activations::LeakyRelu { negative_slope: (lower + upper) / 2.0 }.apply(&x)?]);
        }
        let slopes = ctx.random(RandomKind::Uniform, x.shape(), seed)?.mul_scalar(upper - lower)?.add_scalar(lower)?;
        Ok(vec![x.greater(&x.scalar_like(0.0))?.select(&x, &x.mul(&slopes)?)?])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
