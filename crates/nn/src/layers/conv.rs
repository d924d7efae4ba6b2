use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::bias_activation::BiasActivation;
use super::sliding::Sliding;
use super::support::{WeightKeys, WeightOptions};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::{Layer, WeightBuilder};
use crate::variable::Variable;

pub(super) const KERNEL: WeightKeys = WeightKeys {
    initializer: "kernel_initializer",
    regularizer: "kernel_regularizer",
    constraint: "kernel_constraint",
};

/// Convolution: `activation(x ∗ kernel + bias)`, each output the sum over a window and all channels of its group.
/// `[batch, steps, channels]` (`Conv1D`) or `[batch, height, width, channels]` (`Conv2D`) to the same with `filters`
/// channels.
///
/// Options: `filters`, `kernel_size`, `strides` (default 1), `padding` (`valid`: only whole windows; `same`:
/// `ceil(length / stride)` of them, zeros around; `causal`, of sequences: zeros before), `dilation_rate` (default 1),
/// `groups` (default 1; channels and filters must be multiples), `data_format`, `activation`, `use_bias`.
///
/// Weights: `kernel [...kernel_size, channels / groups, filters]` (default Glorot uniform), `bias [filters]` (default
/// zeros, unless `use_bias` is false).
pub struct Conv<const AXES: usize> {
    filters: usize,
    sliding: Sliding<AXES>,
    groups: usize,
    kernel_options: WeightOptions,
    end: BiasActivation,
    kernel: Option<Variable>,
}

impl<const AXES: usize> FromOptions for Conv<AXES> {
    const CLASS: &'static str = ["Conv1D", "Conv2D"][AXES - 1];

    fn from_options(options: &mut Options) -> Result<Self> {
        let conv = Conv {
            filters: options.positive("filters")?,
            sliding: Sliding::read(options, AXES == 1)?,
            groups: options.optional_positive("groups")?.unwrap_or(1),
            kernel_options: WeightOptions::read(options, &KERNEL, "glorot_uniform")?,
            end: BiasActivation::read(options)?,
            kernel: None,
        };
        let fits = conv.filters.is_multiple_of(conv.groups);
        options.check("filters", conv.filters, fits, &format!("a multiple of groups ({})", conv.groups))?;
        Ok(conv)
    }
}

impl<const AXES: usize> Layer for Conv<AXES> {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = entries(json!({ "filters": self.filters }));
        self.sliding.write(&mut config);
        config.insert("groups".into(), self.groups.into());
        self.kernel_options.write(&KERNEL, &mut config);
        self.end.write(&mut config);
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let channels = self.sliding.channels(inputs)?;
        if channels == 0 || !channels.is_multiple_of(self.groups) {
            return Err(Error::invalid(format!(
                "expected inputs whose channels are a multiple of groups ({}), received {channels} channels (shape {})",
                self.groups,
                support::any_batch(&inputs[0])
            )));
        }
        let shape = [&self.sliding.kernel_size[..], &[channels / self.groups, self.filters]].concat();
        self.kernel = Some(self.kernel_options.add(weights, "kernel", shape)?);
        self.end.build(weights, self.filters)
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let kernel = ctx.read(support::built(&self.kernel)?);
        let x = self.sliding.enter(inputs, kernel.shape()[AXES] * self.groups)?;
        let y = self.end.add_bias(ctx, &self.sliding.conv(&x, &kernel, self.groups)?)?;
        Ok(vec![self.end.activate(&self.sliding.format.leave(&y, AXES)?)?])
    }
}
