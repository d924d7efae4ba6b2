use glorot_graph::Sym;
use glorot_tensor::DType;
use serde_json::{Map, Value};

use super::FromOptions;
use super::global_pooling::GlobalPooling;
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// The mean of each channel: `[batch, steps, channels]` (`GlobalAveragePooling1D`) or `[batch, height, width,
/// channels]` (`GlobalAveragePooling2D`) to `[batch, channels]`. Options: `data_format`; `keepdims` (default false)
/// keeps the spatial axes with length 1. Of sequences with a mask (`Embedding` with `mask_zero`, `Masking`) it is the
/// mean of the steps that count.
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

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let mask = inputs.first().filter(|_| AXES == 1).and_then(|x| ctx.mask(x));
        let Some(mask) = mask else { return self.0.call(inputs, |x, axes, keep| x.mean(axes, keep)) };
        self.0.call(inputs, |x, axes, keep| {
            // One column a step, along the axis of the steps.
            let mut shape = vec![1; 3];
            (shape[0], shape[axes[0]]) = (x.shape()[0], x.shape()[axes[0]]);
            let counts = mask.reshape(shape)?;
            let sum = counts.select(x, &x.scalar_like(0.0))?.sum(axes, keep)?;
            sum.div(&counts.cast(DType::F32)?.sum(axes, keep)?)
        })
    }
}
