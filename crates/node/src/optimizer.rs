//! Optimizers of JavaScript.

use std::cell::RefCell;
use std::rc::Rc;

use glorot_nn::{Weight, optimizers};
use glorot_tensor::Tensor;
use glorot_train::SharedOptimizer;
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;

use crate::config::parse;
use crate::eager;
use crate::error::{Failure, Result};
use crate::jobs;
use crate::symbolic::Frame;
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
        let gradients = gradients.into_iter().map(|gradient| Ok(frame.tensor(gradient.into_tensor()?)));
        let gradients = gradients.collect::<Result<Vec<_>>>()?;
        self.optimizer.borrow().apply(frame.ctx()?, &weights, &gradients)?;
        eager::run(&frame)?;
        Ok(())
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

/// The one element of a tensor.
fn number(value: &Tensor) -> Result<f64> {
    value.to_f64().first().copied().ok_or_else(|| Failure::config("expected a scalar"))
}
