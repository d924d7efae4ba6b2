//! What ends a layer with a kernel: `activation(y + bias)`.

use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Map, Value};

use super::support::{self, WeightKeys, WeightOptions};
use crate::activations::Activation;
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::WeightBuilder;
use crate::variable::Variable;

const BIAS: WeightKeys =
    WeightKeys { initializer: "bias_initializer", regularizer: "bias_regularizer", constraint: "bias_constraint" };

/// The bias of the last axis and the activation.
pub struct BiasActivation {
    activation: Rc<dyn Activation>,
    use_bias: bool,
    options: WeightOptions,
    bias: Option<Variable>,
}

impl BiasActivation {
    pub fn read(options: &mut Options) -> Result<BiasActivation> {
        Ok(BiasActivation {
            activation: support::activation(options, "activation")?,
            use_bias: options.bool("use_bias", true)?,
            options: WeightOptions::read(options, &BIAS, "zeros")?,
            bias: None,
        })
    }

    pub fn write(&self, config: &mut Map<String, Value>) {
        config.insert("activation".into(), self.activation.to_json());
        config.insert("use_bias".into(), self.use_bias.into());
        self.options.write(&BIAS, config);
    }

    /// Makes the bias, of `length` numbers, if there is one.
    pub fn build(&mut self, weights: &mut WeightBuilder<'_>, length: usize) -> Result<()> {
        if self.use_bias {
            self.bias = Some(self.options.add(weights, "bias", [length])?);
        }
        Ok(())
    }

    /// `y + bias`, or `y` without one.
    pub fn add_bias(&self, ctx: &Context, y: &Sym) -> Result<Sym> {
        match &self.bias {
            Some(bias) => Ok(y.add(&ctx.read(bias))?),
            None => Ok(y.clone()),
        }
    }

    pub fn activate(&self, y: &Sym) -> Result<Sym> {
        self.activation.apply(y)
    }
}
