use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::support::{WeightKeys, WeightOptions};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::{Layer, WeightBuilder};
use crate::variable::Variable;

const ALPHA: WeightKeys =
    WeightKeys { initializer: "alpha_initializer", regularizer: "alpha_regularizer", constraint: "alpha_constraint" };

/// `x` where positive, else `alpha x` with a trained `alpha` (He et al., 2015).
///
/// Weight: `alpha`, of one sample's shape, with length 1 along `shared_axes` (1 is the first axis after the batch), and
/// zeros at first: `shared_axes: [1, 2]` gives an image one slope a channel.
pub struct PRelu {
    options: WeightOptions,
    shared_axes: Option<Vec<i64>>,
    alpha: Option<Variable>,
}

impl FromOptions for PRelu {
    const CLASS: &'static str = "PReLU";

    fn from_options(options: &mut Options) -> Result<PRelu> {
        let shared_axes = options.optional_ints("shared_axes")?;
        Ok(PRelu { options: WeightOptions::read(options, &ALPHA, "zeros")?, shared_axes, alpha: None })
    }
}

impl PRelu {
    /// The shape of alpha for inputs of a shape.
    fn alpha_shape(&self, input: &Shape) -> Result<Shape> {
        let mut shape = input.to_vec();
        for &axis in self.shared_axes.iter().flatten() {
            let resolved = input.axis(axis as isize).filter(|&axis| axis > 0);
            let resolved = resolved.ok_or_else(|| {
                let input = support::any_batch(input);
                Error::invalid(format!(
                    "option 'shared_axes' has {axis}, but inputs of shape {input} have no such axis to share along"
                ))
            })?;
            shape[resolved] = 1;
        }
        Ok(shape.into_iter().skip(1).collect())
    }
}

impl Layer for PRelu {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = Map::new();
        self.options.write(&ALPHA, &mut config);
        config.extend(entries(json!({ "shared_axes": self.shared_axes })));
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let shape = self.alpha_shape(support::single(inputs)?)?;
        self.alpha = Some(self.options.add(weights, "alpha", shape)?);
        Ok(())
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let alpha = support::built(&self.alpha)?;
        let stored = &alpha.spec().shape;
        if self.alpha_shape(&x.shape())? != *stored {
            let received = support::any_batch(&x.shape());
            let message = format!(
                "alpha has shape {stored}, which does not fit inputs of shape {received}; make a new layer for them"
            );
            return Err(Error::invalid(message));
        }
        let below = x.neg()?.relu()?;
        Ok(vec![x.relu()?.sub(&ctx.read(alpha).mul(&below)?)?])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
