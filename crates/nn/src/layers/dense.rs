use std::rc::Rc;

use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::support::{WeightKeys, WeightOptions};
use super::{FromOptions, entries, support};
use crate::activations::Activation;
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

pub(super) const BIAS: WeightKeys =
    WeightKeys { initializer: "bias_initializer", regularizer: "bias_regularizer", constraint: "bias_constraint" };

/// `activation(x · kernel + bias)` over the last axis: `[batch, ..., inputs]` to `[batch, ..., units]`.
/// Weights: `kernel [inputs, units]` (default Glorot uniform), `bias [units]` (default zeros, unless `use_bias` is false).
pub struct Dense {
    units: usize,
    activation: Rc<dyn Activation>,
    kernel_options: WeightOptions,
    bias_options: WeightOptions,
    use_bias: bool,
    kernel: Option<Variable>,
    bias: Option<Variable>,
}

impl FromOptions for Dense {
    const CLASS: &'static str = "Dense";

    fn from_options(options: &mut Options) -> Result<Dense> {
        Ok(Dense {
            units: options.positive("units")?,
            activation: support::activation(options, "activation")?,
            use_bias: options.bool("use_bias", true)?,
            kernel_options: WeightOptions::read(options, &KERNEL, "glorot_uniform")?,
            bias_options: WeightOptions::read(options, &BIAS, "zeros")?,
            kernel: None,
            bias: None,
        })
    }
}

impl Layer for Dense {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let mut config =
            entries(json!({ "units": self.units, "activation": self.activation.to_json(), "use_bias": self.use_bias }));
        self.kernel_options.write(&KERNEL, &mut config);
        self.bias_options.write(&BIAS, &mut config);
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let shape = support::single(inputs)?;
        let [_, .., inputs] = **shape else {
            let message = format!("expected inputs of rank 2 or more ([batch, ..., features]), received {shape}");
            return Err(Error::invalid(message));
        };
        self.kernel = Some(self.kernel_options.add(weights, "kernel", [inputs, self.units])?);
        if self.use_bias {
            self.bias = Some(self.bias_options.add(weights, "bias", [self.units])?);
        }
        Ok(())
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let kernel = ctx.read(support::built(&self.kernel)?);
        let (shape, expected) = (x.shape(), kernel.shape()[0]);
        let [ref outer @ .., received] = *shape else {
            return Err(Error::invalid("expected inputs, received a scalar"));
        };
        if received != expected {
            let message = format!(
                "expected inputs with {expected} features (shape [batch, ..., {expected}]), received shape {}; the \
                 layer was built for {expected}: reshape the inputs, or make a new layer for them",
                support::any_batch(&shape)
            );
            return Err(Error::invalid(message));
        }
        let rows = outer.iter().product();
        let product = x.reshape([rows, expected])?.mat_mul(&kernel)?;
        let mut y = product.reshape([outer, &[self.units]].concat())?;
        if let Some(bias) = &self.bias {
            y = y.add(&ctx.read(bias))?;
        }
        Ok(vec![self.activation.apply(&y)?])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
