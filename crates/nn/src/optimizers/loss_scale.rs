//! Dynamic loss scaling, for gradients that would vanish in float16.

use glorot_graph::{Sym, UnaryOp};
use glorot_tensor::{DType, Tensor};
use serde_json::{Value, json};

use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Weight;
use crate::optimizers::{Optimizer, deserialize};
use crate::schedules::Schedule;
use crate::variable::Variable;

const CLASS: &str = "LossScaleOptimizer";

/// Keras's `LossScaleOptimizer`: multiplies the loss by a scale before it is differentiated and gives another optimizer the
/// gradients divided by it. A call whose gradients are not all finite updates nothing and halves the scale;
/// `dynamic_growth_steps` calls in a row with finite ones double it.
pub struct LossScaleOptimizer {
    inner: Box<dyn Optimizer>,
    name: String,
    initial_scale: f64,
    growth_steps: i64,
    /// Keras counts in these, too, and leaves them alone.
    unused: [Variable; 2],
    step_counter: Variable,
    dynamic_scale: Variable,
}

impl LossScaleOptimizer {
    /// Around an optimizer, with Keras's defaults: a scale of 2^15 that may grow every 2000 steps.
    pub fn new(inner: Box<dyn Optimizer>) -> LossScaleOptimizer {
        LossScaleOptimizer::with(inner, "loss_scale_optimizer".into(), 32_768.0, 2000)
    }

    fn with(inner: Box<dyn Optimizer>, name: String, initial_scale: f64, growth_steps: i64) -> LossScaleOptimizer {
        let unused = [
            Variable::new("iteration", Tensor::scalar_i32(0)),
            Variable::new("learning_rate", Tensor::scalar_f32(0.0)),
        ];
        LossScaleOptimizer {
            inner,
            name,
            initial_scale,
            growth_steps,
            unused,
            step_counter: Variable::new("step_counter", Tensor::scalar_i32(0)),
            dynamic_scale: Variable::new("dynamic_scale", Tensor::scalar_f32(initial_scale as f32)),
        }
    }

    /// From its configuration.
    pub(super) fn read(config: &Value) -> Result<Box<dyn Optimizer>> {
        let mut options = Options::new(CLASS, config)?;
        let name = options.string("name", "loss_scale_optimizer")?;
        let inner = options.value("inner_optimizer")?.ok_or_else(|| {
            Error::config(CLASS, "option 'inner_optimizer' is missing; give the optimizer that is to be wrapped")
        })?;
        let initial_scale = options.float("initial_scale", 32_768.0)?;
        let growth_steps = options.int("dynamic_growth_steps", 2000)?;
        // Keras once wrote the options of all optimizers here, where only their defaults mean something.
        options.inert(&["ema_momentum"])?;
        options.unsupported(&[
            "clipnorm",
            "clipvalue",
            "ema_overwrite_frequency",
            "global_clipnorm",
            "gradient_accumulation_steps",
            "loss_scale_factor",
            "use_ema",
            "weight_decay",
        ])?;
        options.finish()?;
        if !(initial_scale > 0.0 && initial_scale.is_finite()) {
            return Err(Error::config(CLASS, format!("initial_scale must be positive; received {initial_scale}")));
        }
        if growth_steps < 1 {
            return Err(Error::config(
                CLASS,
                format!("dynamic_growth_steps must be at least 1; received {growth_steps}"),
            ));
        }
        Ok(Box::new(LossScaleOptimizer::with(deserialize(&inner)?, name, initial_scale, growth_steps)))
    }
}

/// Whether all elements of all gradients are finite: bool scalar.
fn all_finite(gradients: &[Sym]) -> Result<Option<Sym>> {
    let mut all: Option<Sym> = None;
    for gradient in gradients {
        let axes: Vec<usize> = (0..gradient.rank()).collect();
        let finite = gradient.unary(UnaryOp::IsFinite)?.cast(DType::F32)?.min(&axes, false)?;
        all = Some(match all {
            Some(others) => others.minimum(&finite)?,
            None => finite,
        });
    }
    Ok(all.map(|all| all.greater(&all.scalar_like(0.5))).transpose()?)
}

impl Optimizer for LossScaleOptimizer {
    fn class_name(&self) -> &str {
        CLASS
    }

    fn to_json(&self) -> Value {
        json!({ "class_name": CLASS, "config": {
            "name": self.name,
            "inner_optimizer": self.inner.to_json(),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.growth_steps,
        }})
    }

    fn build(&mut self, weights: &[Weight]) -> Result<()> {
        self.inner.build(weights)
    }

    fn apply(&self, ctx: &Context, weights: &[Weight], gradients: &[Sym]) -> Result<()> {
        let Some(finite) = all_finite(gradients)? else { return Ok(()) };
        let (scale, counter) = (ctx.read(&self.dynamic_scale), ctx.read(&self.step_counter));
        let unscaled = gradients.iter().map(|gradient| Ok(gradient.div(&scale)?)).collect::<Result<Vec<_>>>()?;
        self.inner.apply(&ctx.only_where(&finite), weights, &unscaled)?;

        let grows = counter.equal(&counter.scalar_like((self.growth_steps - 1) as f64))?;
        let grown = grows.select(&scale.mul_scalar(2.0)?, &scale)?;
        ctx.assign(&self.dynamic_scale, &finite.select(&grown, &scale.mul_scalar(0.5)?)?)?;
        let zero = counter.scalar_like(0.0);
        let counted = grows.select(&zero, &counter.add_scalar(1.0)?)?;
        ctx.assign(&self.step_counter, &finite.select(&counted, &zero)?)
    }

    fn variables(&self) -> Vec<Variable> {
        let own = [&self.unused[0], &self.unused[1], &self.step_counter, &self.dynamic_scale];
        own.into_iter().cloned().chain(self.inner.variables()).collect()
    }

    fn iterations(&self) -> Variable {
        self.inner.iterations()
    }

    fn learning_rate(&self) -> Variable {
        self.inner.learning_rate()
    }

    fn set_schedule(&mut self, schedule: Box<dyn Schedule>) -> Result<()> {
        self.inner.set_schedule(schedule)
    }

    fn schedule(&self) -> Option<&dyn Schedule> {
        self.inner.schedule()
    }

    fn weights(&self) -> &[Variable] {
        self.inner.weights()
    }

    fn averages(&self) -> &[Variable] {
        self.inner.averages()
    }

    fn loss_scale(&self, ctx: &Context) -> Result<Option<Sym>> {
        let scale = ctx.read(&self.dynamic_scale);
        Ok(Some(match self.inner.loss_scale(ctx)? {
            Some(factor) => scale.mul(&factor)?,
            None => scale,
        }))
    }

    fn exclude_from_weight_decay(&mut self, variables: &[Variable], names: &[String]) -> Result<()> {
        self.inner.exclude_from_weight_decay(variables, names)
    }

    fn excluded_from_weight_decay(&self) -> (&[Variable], &[String]) {
        self.inner.excluded_from_weight_decay()
    }
}
