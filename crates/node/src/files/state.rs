//! What training goes on from: the optimizer's variables, the stream of random numbers.

use glorot_io::keras::Resume;
use glorot_nn::Variable;
use glorot_nn::model::Model;
use glorot_tensor::Tensor;
use glorot_train::SharedOptimizer;
use serde_json::json;

use crate::error::{Failure, Result, code};

const RANDOM_STATE: &str = "random_state";

/// What Keras's files have no place for.
pub fn resume(model: &Model) -> Resume {
    let tensors = vec![(RANDOM_STATE.to_owned(), model.random_state().value())];
    Resume { state: json!({ "version": 1 }), tensors }
}

/// Goes back to where the random numbers stood, if the file says it.
pub fn restore(model: &Model, resume: Option<&Resume>) -> Result<()> {
    let tensors = resume.map_or(&[][..], |resume| &resume.tensors);
    if let Some((_, value)) = tensors.iter().find(|(name, _)| name == RANDOM_STATE) {
        model.random_state().assign(value.clone())?;
    }
    Ok(())
}

/// Gives an optimizer its variables, in order. Keras 2 saves neither the learning rate, which is in the configuration,
/// nor Nadam's running product, which follows from the number of steps.
pub fn set_optimizer(model: &Model, optimizer: &SharedOptimizer, values: &[Tensor]) -> Result<()> {
    optimizer.borrow_mut().build(&model.trainable_weights())?;
    let optimizer = optimizer.borrow();
    let mut variables = optimizer.variables();
    let rate = optimizer.learning_rate();
    let without_rate = variables.iter().filter(|variable| **variable != rate).count();
    let is_nadam = optimizer.class_name() == "Nadam";
    let mut product = None;
    if values.len() != variables.len() {
        variables.retain(|variable| *variable != rate);
        if is_nadam && values.len() + 1 == without_rate {
            product = variables.pop();
        }
    }
    let fits = |(variable, value): (&Variable, &Tensor)| {
        let spec = variable.spec();
        spec.shape == *value.shape() && spec.dtype == value.dtype()
    };
    if variables.len() != values.len() || !variables.iter().zip(values).all(fits) {
        let (class, expected, received) = (optimizer.class_name(), variables.len(), values.len());
        return Err(Failure::Coded(
            code::INVALID,
            format!(
                "{class}: the optimizer's state in the file ({received} variables) does not fit the {expected} variables \
                 of this model; load with compile: false and compile anew"
            ),
        ));
    }
    for (variable, value) in variables.iter().zip(values) {
        variable.assign(value.clone())?;
    }
    if let Some(product) = product {
        let steps = optimizer.iterations().value().to_f64().first().copied().unwrap_or(0.0);
        let beta_1 = optimizer.to_json()["config"]["beta_1"].as_f64().unwrap_or(0.9);
        product.assign(Tensor::scalar_f32(running_product(beta_1, steps)))?;
    }
    Ok(())
}

/// The product of `beta_1 (1 - 0.5 * 0.96^t)` for t = 1 .. steps, in the precision of the optimizer.
fn running_product(beta_1: f64, steps: f64) -> f32 {
    let mut product = 1f32;
    let mut t = 1.0;
    // The product is zero long before the counter ends.
    while t <= steps && product > 0.0 {
        product *= (beta_1 * (1.0 - 0.5 * 0.96f64.powf(t))) as f32;
        t += 1.0;
    }
    product
}
