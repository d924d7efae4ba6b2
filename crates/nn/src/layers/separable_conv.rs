use glorot_graph::{Padding, Sym};
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::bias_activation::BiasActivation;
use super::depthwise_conv::DEPTHWISE;
use super::sliding::Sliding;
use super::support::{WeightKeys, WeightOptions};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::{Layer, WeightBuilder};
use crate::variable::Variable;

const POINTWISE: WeightKeys = WeightKeys {
    initializer: "pointwise_initializer",
    regularizer: "pointwise_regularizer",
    constraint: "pointwise_constraint",
};

/// A convolution of each channel by itself (`DepthwiseConv2D`, without bias and activation), whose results a
/// convolution with windows of size 1 then mixes into `filters` channels. `[batch, steps, channels]`
/// (`SeparableConv1D`) or `[batch, height, width, channels]` (`SeparableConv2D`) to the same with `filters` channels.
/// Other options: as those of `Conv2D`, without `groups`; `depth_multiplier` (default 1).
///
/// Weights: `depthwise_kernel [...kernel_size, channels, depth_multiplier]`, `pointwise_kernel [1, ..., channels *
/// depth_multiplier, filters]` (both by default Glorot uniform), `bias [filters]` (default zeros, unless `use_bias` is
/// false). Chollet (2017), arXiv 1610.02357.
pub struct SeparableConv<const AXES: usize> {
    filters: usize,
    depth_multiplier: usize,
    sliding: Sliding<AXES>,
    depthwise_options: WeightOptions,
    pointwise_options: WeightOptions,
    end: BiasActivation,
    kernels: Option<[Variable; 2]>,
}

impl<const AXES: usize> FromOptions for SeparableConv<AXES> {
    const CLASS: &'static str = ["SeparableConv1D", "SeparableConv2D"][AXES - 1];

    fn from_options(options: &mut Options) -> Result<Self> {
        let conv = SeparableConv {
            filters: options.positive("filters")?,
            depth_multiplier: options.optional_positive("depth_multiplier")?.unwrap_or(1),
            sliding: Sliding::read(options, false)?,
            depthwise_options: WeightOptions::read(options, &DEPTHWISE, "glorot_uniform")?,
            pointwise_options: WeightOptions::read(options, &POINTWISE, "glorot_uniform")?,
            end: BiasActivation::read(options)?,
            kernels: None,
        };
        // Keras 2 writes them beside, without a use for them.
        options.inert(&["groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint"])?;
        Ok(conv)
    }
}

impl<const AXES: usize> Layer for SeparableConv<AXES> {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = entries(json!({ "filters": self.filters, "depth_multiplier": self.depth_multiplier }));
        self.sliding.write(&mut config);
        self.depthwise_options.write(&DEPTHWISE, &mut config);
        self.pointwise_options.write(&POINTWISE, &mut config);
        self.end.write(&mut config);
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let channels = self.sliding.channels(inputs)?;
        let depthwise = [&self.sliding.kernel_size[..], &[channels, self.depth_multiplier]].concat();
        let pointwise = [&[1; AXES][..], &[channels.saturating_mul(self.depth_multiplier), self.filters]].concat();
        self.kernels = Some([
            self.depthwise_options.add(weights, "depthwise_kernel", depthwise)?,
            self.pointwise_options.add(weights, "pointwise_kernel", pointwise)?,
        ]);
        self.end.build(weights, self.filters)
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let [depthwise, pointwise] = support::built(&self.kernels)?;
        let (depthwise, pointwise) = (ctx.read(depthwise), ctx.read(pointwise));
        let x = self.sliding.enter(inputs, depthwise.shape()[AXES])?;
        let separate = self.sliding.depthwise_conv(&x, &depthwise)?;
        let mixed = separate.conv(&pointwise, &[1; AXES], Padding::Valid, &[1; AXES], 1)?;
        let y = self.end.add_bias(ctx, &mixed)?;
        Ok(vec![self.end.activate(&self.sliding.format.leave(&y, AXES)?)?])
    }
}
