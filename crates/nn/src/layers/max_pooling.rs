use glorot_graph::Sym;
use serde_json::{Map, Value};

use super::FromOptions;
use super::pooling::Pooling;
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// The largest element of each window, channel by channel: of `[batch, steps, channels]` (`MaxPooling1D`) or `[batch,
/// height, width, channels]` (`MaxPooling2D`). Options: `pool_size` (default 2), `strides` (default: the pool size),
/// `padding` (`valid`: only whole windows; `same`: `ceil(length / stride)` of them), `data_format`. Padding is never
/// the largest.
pub struct MaxPooling<const AXES: usize>(Pooling<AXES>);

impl<const AXES: usize> FromOptions for MaxPooling<AXES> {
    const CLASS: &'static str = ["MaxPooling1D", "MaxPooling2D"][AXES - 1];

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(MaxPooling(Pooling::read(options)?))
    }
}

impl<const AXES: usize> Layer for MaxPooling<AXES> {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        self.0.config()
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        self.0.call(inputs, Sym::max_pool)
    }
}
