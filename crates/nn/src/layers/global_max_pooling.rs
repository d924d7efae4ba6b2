use glorot_graph::Sym;
use serde_json::{Map, Value};

use super::FromOptions;
use super::global_pooling::GlobalPooling;
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// The largest element of each channel: `[batch, steps, channels]` (`GlobalMaxPooling1D`) or `[batch, height, width,
/// channels]` (`GlobalMaxPooling2D`) to `[batch, channels]`. Options: `data_format`; `keepdims` (default false) keeps
/// the spatial axes with length 1.
pub struct GlobalMaxPooling<const AXES: usize>(GlobalPooling<AXES>);

impl<const AXES: usize> FromOptions for GlobalMaxPooling<AXES> {
    const CLASS: &'static str = ["GlobalMaxPooling1D", "GlobalMaxPooling2D"][AXES - 1];

    fn from_options(options: &mut Options) -> Result<Self> {
        Ok(GlobalMaxPooling(GlobalPooling::read(options)?))
    }
}

impl<const AXES: usize> Layer for GlobalMaxPooling<AXES> {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        self.0.config()
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        self.0.call(inputs, |x, axes, keep| x.max(axes, keep))
    }
}
