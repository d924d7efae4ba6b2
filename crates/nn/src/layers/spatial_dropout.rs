use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::spatial::DataFormat;
use super::{FromOptions, entries, noise, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// Dropout of whole channels of sequences (`AXES` 1: `[batch, steps, channels]`) or images (2: `[batch, height, width,
/// channels]`, or the channels as axis 1 by `data_format`). In training, sets a random fraction `rate` (0 to 1) of the
/// channels of each sample to 0 and divides the others by `1 - rate`; in inference, the identity. Tompson et al. (2015).
pub struct SpatialDropout<const AXES: usize> {
    rate: f64,
    seed: Option<u64>,
    format: DataFormat,
}

impl<const AXES: usize> FromOptions for SpatialDropout<AXES> {
    const CLASS: &'static str = if AXES == 1 { "SpatialDropout1D" } else { "SpatialDropout2D" };

    fn from_options(options: &mut Options) -> Result<SpatialDropout<AXES>> {
        // Keras 2 writes it beside.
        options.unsupported(&["noise_shape"])?;
        let format = if AXES == 1 { DataFormat::ChannelsLast } else { DataFormat::read(options)? };
        Ok(SpatialDropout { rate: noise::rate(options)?, seed: options.seed()?, format })
    }
}

impl<const AXES: usize> SpatialDropout<AXES> {
    /// The shape of the choice: one number a sample and channel.
    fn noise_shape(&self, input: &Shape) -> Result<Shape> {
        let length = self.format.channels(input, AXES)?;
        let mut shape = vec![1; AXES + 2];
        shape[0] = input[0];
        shape[if self.format == DataFormat::ChannelsLast { AXES + 1 } else { 1 }] = length;
        Ok(Shape::from(shape))
    }
}

impl<const AXES: usize> Layer for SpatialDropout<AXES> {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = entries(json!({ "rate": self.rate, "seed": self.seed }));
        if AXES > 1 {
            config.insert("data_format".into(), self.format.name().into());
        }
        config
    }

    /// Keras refuses `trainable` here.
    fn serialized_config(&self, name: &str, _: bool) -> Map<String, Value> {
        let mut config = self.config();
        config.extend(entries(json!({ "name": name, "dtype": "float32" })));
        config
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], training: bool) -> Result<Vec<Sym>> {
        let x = support::single(inputs)?;
        let shape = self.noise_shape(&x.shape())?;
        if !training || self.rate == 0.0 {
            return Ok(vec![x.clone()]);
        }
        Ok(vec![noise::drop(ctx, &support::to_float(x)?, self.rate, shape, self.seed)?])
    }

    fn is_noise(&self) -> bool {
        true
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
