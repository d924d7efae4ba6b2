//! Optimizers of JavaScript.

use std::cell::RefCell;
use std::rc::Rc;

use glorot_graph::Sym;
use glorot_nn::schedules::Schedule;
use glorot_nn::{Weight, optimizers};
use glorot_tensor::{DType, Tensor};
use glorot_train::SharedOptimizer;
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, FunctionRef};
use napi_derive::napi;
use serde_json::{Map, Value, json};

use crate::config::parse;
use crate::eager;
use crate::error::{Failure, Result, keep_thrown};
use crate::jobs;
use crate::symbolic::{Frame, SymbolicTensor, returned};
use crate::tensor::HostTensor;
use crate::variable::Variable;

/// An update rule with its state.
#[napi]
pub struct Optimizer {
    optimizer: SharedOptimizer,
}

impl Optimizer {
    pub fn shared(&self) -> SharedOptimizer {
        self.optimizer.clone()
    }
}

#[napi]
impl Optimizer {
    /// An optimizer from an id or `{ class_name, config }` as JSON.
    #[napi(factory, catch_unwind)]
    pub fn deserialize(json: String) -> Result<Optimizer> {
        Ok(Optimizer { optimizer: Rc::new(RefCell::new(optimizers::deserialize(&parse(&json)?)?)) })
    }

    #[napi(getter, catch_unwind)]
    pub fn class_name(&self) -> String {
        self.optimizer.borrow().class_name().to_string()
    }

    #[napi(catch_unwind)]
    pub fn to_json(&self) -> String {
        self.optimizer.borrow().to_json().to_string()
    }

    /// Iterations, learning rate (unless a schedule sets it), slots.
    #[napi(catch_unwind)]
    pub fn variables(&self) -> Vec<Variable> {
        self.optimizer.borrow().variables().into_iter().map(Variable::of).collect()
    }

    #[napi(getter, catch_unwind)]
    pub fn iterations(&self) -> Result<f64> {
        jobs::sync()?;
        number(&self.optimizer.borrow().iterations().value())
    }

    /// The learning rate; if a schedule sets it, that of the last update.
    #[napi(getter, catch_unwind)]
    pub fn learning_rate(&self) -> Result<f64> {
        let optimizer = self.optimizer.borrow();
        if optimizer.schedule().is_some() {
            jobs::sync()?;
        }
        number(&optimizer.learning_rate().value())
    }

    #[napi(setter, catch_unwind)]
    pub fn set_learning_rate(&self, learning_rate: f64) -> Result<()> {
        let optimizer = self.optimizer.borrow();
        if optimizer.schedule().is_some() {
            let message =
                format!("{}: a schedule sets the learning rate; it cannot be assigned", optimizer.class_name());
            return Err(Failure::config(message));
        }
        if !(learning_rate >= 0.0 && learning_rate.is_finite()) {
            let class = optimizer.class_name();
            return Err(Failure::config(format!("{class}: learningRate must be at least 0; received {learning_rate}")));
        }
        optimizer.learning_rate().assign(Tensor::scalar_f32(learning_rate as f32))?;
        Ok(())
    }

    /// Lets a function of the number of updates so far (float32 scalar) set the learning rate. Before the first update.
    #[napi(catch_unwind)]
    pub fn set_schedule(
        &self,
        env: Env,
        name: String,
        #[napi(ts_arg_type = "(step: SymbolicTensor) => SymbolicTensor")] compute: ScheduleFunction,
    ) -> Result<()> {
        Ok(self.optimizer.borrow_mut().set_schedule(Box::new(CustomSchedule { env, name, function: compute }))?)
    }

    /// The schedule that sets the learning rate, as JSON.
    #[napi(catch_unwind)]
    pub fn schedule(&self) -> Option<String> {
        self.optimizer.borrow().schedule().map(|schedule| schedule.to_json().to_string())
    }

    /// Updates variables once, by their gradients.
    #[napi(catch_unwind)]
    pub fn apply(&self, gradients: Vec<HostTensor>, variables: Vec<ClassInstance<'_, Variable>>) -> Result<()> {
        if gradients.len() != variables.len() {
            let (given, wanted) = (gradients.len(), variables.len());
            return Err(Failure::config(format!(
                "apply: expected a gradient for each of {wanted} variables, received {given}"
            )));
        }
        let gradients = gradients.into_iter().map(HostTensor::into_tensor).collect::<Result<Vec<_>>>()?;
        for (i, (gradient, variable)) in gradients.iter().zip(&variables).enumerate() {
            let spec = variable.variable().spec();
            if (gradient.shape(), gradient.dtype()) != (&spec.shape, spec.dtype) {
                let name = variable.variable().name();
                let received = format!("{} {}", gradient.dtype(), gradient.shape());
                return Err(Failure::config(format!(
                    "apply: gradient {i}: expected {} {}, as variable '{name}'; received {received}",
                    spec.dtype, spec.shape
                )));
            }
        }
        let weights: Vec<Weight> = variables
            .iter()
            .map(|variable| Weight {
                variable: variable.variable().clone(),
                trainable: true,
                regularizer: None,
                constraint: None,
            })
            .collect();
        self.optimizer.borrow_mut().build(&weights)?;
        let frame = Frame::of_function();
        let gradients: Vec<_> = gradients.into_iter().map(|gradient| frame.tensor(gradient)).collect();
        self.optimizer.borrow().apply(frame.ctx()?, &weights, &gradients)?;
        eager::run(&frame)?;
        Ok(())
    }

    /// The weights that the optimizer has moving averages of.
    #[napi(catch_unwind)]
    pub fn averaged(&self) -> Vec<Variable> {
        let optimizer = self.optimizer.borrow();
        let weights = optimizer.weights().iter().zip(optimizer.averages());
        weights.map(|(weight, _)| Variable::of(weight.clone())).collect()
    }

    /// The moving averages of the weights, in the same order.
    #[napi(catch_unwind)]
    pub fn averages(&self) -> Vec<Variable> {
        self.optimizer.borrow().averages().iter().cloned().map(Variable::of).collect()
    }

    /// Replaces the variables that the optimizer was applied to by their moving averages, if it keeps them.
    #[napi(catch_unwind)]
    pub fn finalize_variables(&self, variables: Vec<ClassInstance<'_, Variable>>) -> Result<()> {
        for (variable, average) in variables.iter().zip(self.optimizer.borrow().averages()) {
            variable.variable().assign(average.value())?;
        }
        Ok(())
    }

    /// Names of variables that weight decay leaves alone: those that contain one of these.
    #[napi(catch_unwind)]
    pub fn exclude_from_weight_decay(
        &self,
        variables: Vec<ClassInstance<'_, Variable>>,
        names: Vec<String>,
    ) -> Result<()> {
        let variables: Vec<_> = variables.iter().map(|variable| variable.variable().clone()).collect();
        Ok(self.optimizer.borrow_mut().exclude_from_weight_decay(&variables, &names)?)
    }
}

/// The number of updates so far to a learning rate.
pub type ScheduleFunction = FunctionRef<SymbolicTensor, ClassInstance<'static, SymbolicTensor>>;

/// A schedule that is a JavaScript function. It is called while a step is traced, never while it runs.
struct CustomSchedule {
    env: Env,
    name: String,
    function: ScheduleFunction,
}

impl Schedule for CustomSchedule {
    fn class_name(&self) -> &'static str {
        "function"
    }

    fn config(&self) -> Map<String, Value> {
        Map::new()
    }

    fn rate(&self, step: &Sym) -> glorot_nn::Result<Sym> {
        let thrown = |error: napi::Error| keep_thrown(self.env, error);
        let function = self.function.borrow_back(&self.env).map_err(thrown)?;
        let rate = Frame::of_loss(step.tracer()).during(|| function.call(SymbolicTensor::new(step.clone())));
        let owner = format!("schedule '{}'", self.name);
        let rate = rate.map_err(thrown)?;
        let rate = returned(&owner, step.tracer(), &rate)?.cast(DType::F32)?;
        if rate.rank() > 0 {
            let message = format!("a learning rate must be a scalar; received shape {}", rate.shape());
            return Err(glorot_nn::Error::config(owner, message));
        }
        Ok(rate)
    }

    /// As Keras serializes a function: by its name.
    fn to_json(&self) -> Value {
        json!({ "class_name": "function", "config": self.name })
    }
}

/// The one element of a tensor.
fn number(value: &Tensor) -> Result<f64> {
    value.to_f64().first().copied().ok_or_else(|| Failure::config("expected a scalar"))
}
