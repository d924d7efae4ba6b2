use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::spatial::DataFormat;
use super::up_sampling_2d::repeat;
use super::{FromOptions, entries};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// Repeats each step `size` times (default 2): `[batch, steps, channels]` to `[batch, steps * size, channels]`. Any
/// dtype.
pub struct UpSampling1D {
    size: usize,
}

impl FromOptions for UpSampling1D {
    const CLASS: &'static str = "UpSampling1D";

    fn from_options(options: &mut Options) -> Result<UpSampling1D> {
        Ok(UpSampling1D { size: options.optional_positive("size")?.unwrap_or(2) })
    }
}

impl Layer for UpSampling1D {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "size": self.size }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        Ok(vec![repeat(&DataFormat::ChannelsLast.enter(inputs, 1)?, &[self.size])?])
    }
}
