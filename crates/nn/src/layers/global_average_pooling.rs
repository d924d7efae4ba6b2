use glorot_graph::Sym;
use serde_json::{Map, Value};

use super::FromOptions;
use super::global_pooling::GlobalPooling;
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// The mean of each channel: `[batch, steps, channels]` (`GlobalAveragePooling1D`) or `[batch, height, width,
/// channels]` (`GlobalAveragePooling2D`) to `[batch, channels]`. Options: `data_format`; `keepdims` (default false)
/// keeps the spatial axes with length 1.
pub struct GlobalAveragePooling<const AXES: usize>(GlobalPooling<AXES>);

impl<const AXES: usize> FromOptions for GlobalAveragePooling<AXES> {
    const CLASS: &'static str = ["GlobalAveragePooling1D", "GlobalAveragePooling2D"][AXES - 1];

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(GlobalAveragePooling(GlobalPooling::read(options)?))
    }
}

impl<const AXES: usize> Layer for GlobalAveragePooling<AXES> {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        self.0.config()
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        self.0.call(inputs, |x, axes, keep| x.mean(axes, keep))
    }
}
