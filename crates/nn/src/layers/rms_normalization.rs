use glorot_graph::Sym;
use glorot_tensor::{DType, Shape};
use serde_json::{Map, Value, json};

use super::normalizing::{Axes, weight_shape};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::initializers::Ones;
use crate::layer::{Layer, WeightBuilder, WeightSpec};
use crate::variable::Variable;

/// `scale x / sqrt(mean(x^2) + epsilon)` with the mean of each sample along `axis` (default: the last; a list of axes:
/// over all of them). Zhang and Sennrich (2019).
///
/// Weight, of the lengths of the axes: `scale`, which starts at 1. Default: epsilon 1e-6.
pub struct RmsNormalization {
    axes: Axes,
    epsilon: f64,
    scale: Option<Variable>,
}

impl FromOptions for RmsNormalization {
    const CLASS: &'static str = "RMSNormalization";

    fn from_options(options: &mut Options) -> Result<RmsNormalization> {
        let axes = Axes::read(options)?;
        let epsilon = options.not_negative("epsilon", 1e-6)?;
        Ok(RmsNormalization { axes, epsilon, scale: None })
    }
}

impl Layer for RmsNormalization {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "axis": self.axes.to_json(), "epsilon": self.epsilon }))
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let input = support::single(inputs)?;
        let scale = weights.add(WeightSpec {
            name: "scale",
            shape: self.axes.resolve(input)?.iter().map(|&axis| input[axis]).collect(),
            dtype: DType::F32,
            initializer: &Ones,
            trainable: true,
            regularizer: None,
            constraint: None,
        })?;
        self.scale = Some(scale);
        Ok(())
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let scale = support::built(&self.scale)?;
        let shape = x.shape();
        self.axes.check(scale, &shape)?;
        let axes = self.axes.resolve(&shape)?;
        let normalized = x.mul(&x.square()?.mean(&axes, true)?.add_scalar(self.epsilon)?.rsqrt()?)?;
        Ok(vec![normalized.mul(&ctx.read(scale).reshape(weight_shape(&shape, &axes))?)?])
    }
}
