use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::bias_activation::BiasActivation;
use super::sliding::Sliding;
use super::support::{WeightKeys, WeightOptions};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::{Layer, WeightBuilder};
use crate::variable::Variable;

pub(super) const DEPTHWISE: WeightKeys = WeightKeys {
    initializer: "depthwise_initializer",
    regularizer: "depthwise_regularizer",
    constraint: "depthwise_constraint",
};

/// Convolution of each channel by itself, `depth_multiplier` (default 1) results a channel: `[batch, steps, channels]`
/// (`DepthwiseConv1D`) or `[batch, height, width, channels]` (`DepthwiseConv2D`) to the same with `channels *
/// depth_multiplier` channels, those of one input channel next to each other. Other options: as those of `Conv2D`,
/// without `filters` and `groups`.
///
/// Weights: `kernel [...kernel_size, channels, depth_multiplier]` (default Glorot uniform), `bias [channels *
/// depth_multiplier]` (default zeros, unless `use_bias` is false).
pub struct DepthwiseConv<const AXES: usize> {
    depth_multiplier: usize,
    sliding: Sliding<AXES>,
    kernel_options: WeightOptions,
    end: BiasActivation,
    kernel: Option<Variable>,
}

impl<const AXES: usize> FromOptions for DepthwiseConv<AXES> {
    const CLASS: &'static str = ["DepthwiseConv1D", "DepthwiseConv2D"][AXES - 1];

    fn from_options(options: &mut Options) -> Result<Self> {
        let conv = DepthwiseConv {
            depth_multiplier: options.optional_positive("depth_multiplier")?.unwrap_or(1),
            sliding: Sliding::read(options, false)?,
            kernel_options: WeightOptions::read(options, &DEPTHWISE, "glorot_uniform")?,
            end: BiasActivation::read(options)?,
            kernel: None,
        };
        // Keras 2 writes them beside, without a use for them.
        options.inert(&["groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"])?;
        Ok(conv)
    }
}

impl<const AXES: usize> Layer for DepthwiseConv<AXES> {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = entries(json!({ "depth_multiplier": self.depth_multiplier }));
        self.sliding.write(&mut config);
        self.kernel_options.write(&DEPTHWISE, &mut config);
        self.end.write(&mut config);
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let channels = self.sliding.channels(inputs)?;
        let shape = [&self.sliding.kernel_size[..], &[channels, self.depth_multiplier]].concat();
        self.kernel = Some(self.kernel_options.add(weights, "kernel", shape)?);
        self.end.build(weights, channels * self.depth_multiplier)
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let kernel = ctx.read(support::built(&self.kernel)?);
        let x = self.sliding.enter(inputs, kernel.shape()[AXES])?;
        let y = self.end.add_bias(ctx, &self.sliding.depthwise_conv(&x, &kernel)?)?;
        Ok(vec![self.end.activate(&self.sliding.format.leave(&y, AXES)?)?])
    }
}
