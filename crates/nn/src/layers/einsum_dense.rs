use std::rc::Rc;

use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::dense::{BIAS, KERNEL};
use super::einsum::{Equation, Weights};
use super::support::WeightOptions;
use super::{FromOptions, entries, support};
use crate::activations::Activation;
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::{Layer, WeightBuilder};
use crate::variable::Variable;

/// `activation(einsum(equation, x, kernel) + bias)`: a dense layer between any axes, as Keras's `EinsumDense`.
/// Weights: `kernel`, whose shape follows from equation, inputs and `output_shape` (default Glorot uniform, its fans those of
/// the axes that are summed and that are not), and with `bias_axes` a `bias` of those axes (default zeros).
pub struct EinsumDense {
    equation: Equation,
    output_shape: Vec<Option<usize>>,
    bias_axes: Option<String>,
    activation: Rc<dyn Activation>,
    kernel_options: WeightOptions,
    bias_options: WeightOptions,
    /// Of the inputs for which it was built.
    rank: usize,
    kernel: Option<Variable>,
    bias: Option<Variable>,
}

impl FromOptions for EinsumDense {
    const CLASS: &'static str = "EinsumDense";

    fn from_options(options: &mut Options) -> Result<EinsumDense> {
        let equation = options.optional_string("equation")?;
        let equation = equation.ok_or_else(|| options.missing("equation", "one, as 'ab,bc->ac'"))?;
        let parsed = Equation::parse(&equation);
        let equation =
            parsed.map_err(|why| options.error(format!("option 'equation': {why}; received '{equation}'")))?;
        let output_shape = options.optional_lengths("output_shape")?;
        let output_shape = output_shape.ok_or_else(|| {
            options.missing("output_shape", "the lengths of the outputs' axes that have a letter, without the batch")
        })?;
        for length in output_shape.iter().flatten() {
            options.check("output_shape", length, *length > 0, "lengths of at least 1")?;
        }
        let bias_axes = options.optional_string("bias_axes")?;
        let is_axis = |letter| equation.outputs().contains(&letter);
        if let Some(given) = bias_axes.as_ref().filter(|given| given.is_empty() || !given.chars().all(is_axis)) {
            let outputs: String = equation.outputs().iter().collect();
            return Err(options.error(format!(
                "option 'bias_axes' must be letters of the outputs, '{outputs}' (leave it out for no bias); received \
                 '{given}'"
            )));
        }
        Ok(EinsumDense {
            equation,
            output_shape,
            bias_axes,
            activation: support::activation(options, "activation")?,
            kernel_options: WeightOptions::read(options, &KERNEL, "glorot_uniform")?,
            bias_options: WeightOptions::read(options, &BIAS, "zeros")?,
            rank: 0,
            kernel: None,
            bias: None,
        })
    }
}

impl Layer for EinsumDense {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = entries(json!({
            "equation": self.equation.text,
            "output_shape": self.output_shape,
            "activation": self.activation.to_json(),
            "bias_axes": self.bias_axes,
        }));
        self.kernel_options.write(&KERNEL, &mut config);
        self.bias_options.write(&BIAS, &mut config);
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let shape = support::single(inputs)?;
        let Weights { kernel, fans, bias } =
            self.equation.weights(shape, &self.output_shape, self.bias_axes.as_deref())?;
        self.rank = shape.rank();
        let mut options = self.kernel_options.clone();
        if let Some(initializer) = options.initializer.of_axes(&fans.0, &fans.1) {
            options.initializer = initializer;
        }
        self.kernel = Some(options.add(weights, "kernel", kernel)?);
        if let Some(shape) = bias {
            self.bias = Some(self.bias_options.add(weights, "bias", shape)?);
        }
        Ok(())
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let kernel = ctx.read(support::built(&self.kernel)?);
        if x.rank() != self.rank {
            return Err(Error::invalid(format!(
                "expected inputs of rank {}, for which the layer was built, received shape {}: reshape the inputs, or make a \
                 new layer for them",
                self.rank,
                support::any_batch(&x.shape())
            )));
        }
        let mut y = self.equation.apply(&x, &kernel)?;
        if let Some(bias) = &self.bias {
            y = y.add(&ctx.read(bias))?;
        }
        Ok(vec![self.activation.apply(&y)?])
    }
}
