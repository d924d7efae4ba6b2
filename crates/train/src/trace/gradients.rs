use glorot_graph::Sym;
use glorot_nn::{Context, Result, Variable, Weight};
use glorot_tensor::{DType, Tensor};

use crate::options::Gradients;

/// What training steps keep of their gradients: those of the loss with its penalties, before any clipping. The values
/// are on the host when a job has ended or [`crate::Access::sync_to_host`] was called; who assigns zeros begins anew.
pub struct KeptGradients {
    /// The weights that are trained, in order.
    pub weights: Vec<Variable>,
    /// Sum over the steps of the squared norm of each gradient: float32 `[weights]`.
    pub squares: Variable,
    /// Number of the steps: float32 scalar.
    pub steps: Variable,
    /// The gradients of the last step that kept them.
    pub values: Vec<Variable>,
}

impl KeptGradients {
    pub(crate) fn new(weights: &[Weight]) -> KeptGradients {
        let weights: Vec<Variable> = weights.iter().map(|weight| weight.variable.clone()).collect();
        let value = |weight: &Variable| {
            let zeros = Tensor::zeros(weight.spec().shape.clone(), weight.spec().dtype);
            Variable::new(format!("{}_gradient", weight.name()), zeros)
        };
        KeptGradients {
            squares: Variable::new("squared_gradient_norms", Tensor::zeros([weights.len()], DType::F32)),
            steps: Variable::new("gradient_steps", Tensor::scalar_f32(0.0)),
            values: weights.iter().map(value).collect(),
            weights,
        }
    }

    /// Adds what is to be kept to a step. `gradients`: times `scale`, if there is one.
    pub(crate) fn keep(&self, ctx: &Context, gradients: &[Sym], scale: Option<&Sym>, kept: Gradients) -> Result<()> {
        if kept == Gradients::None || gradients.is_empty() {
            return Ok(());
        }
        let mut squares = Vec::with_capacity(gradients.len());
        for (gradient, value) in gradients.iter().zip(&self.values) {
            let gradient = scale.map_or_else(|| Ok(gradient.clone()), |scale| gradient.div(scale))?;
            let axes: Vec<usize> = (0..gradient.shape().rank()).collect();
            squares.push(gradient.mul(&gradient)?.sum(&axes, false)?.reshape([1])?);
            if kept == Gradients::Values {
                ctx.assign(value, &gradient)?;
            }
        }
        let squares = ctx.tracer().concat(&squares, 0)?;
        ctx.assign(&self.squares, &ctx.read(&self.squares).add(&squares)?)?;
        ctx.assign(&self.steps, &ctx.read(&self.steps).add_scalar(1.0)?)
    }
}
