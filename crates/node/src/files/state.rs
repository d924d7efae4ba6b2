//! The optimizer's variables, of all versions of Keras.

use glorot_io::keras::Resume;
use glorot_nn::model::Model;
use glorot_nn::optimizers::Optimizer;
use glorot_nn::{Variable, Weight};
use glorot_tensor::Tensor;
use glorot_train::SharedOptimizer;
use serde_json::{Value, json};

use crate::error::{Failure, Result, code};

/// What Keras's files have no place for: with what JavaScript adds to it, and which weights do not decay.
pub fn resume(
    model: &Model,
    optimizer: Option<&SharedOptimizer>,
    state: Value,
    tensors: Vec<(String, Tensor)>,
) -> Resume {
    let mut resume = json!({ "version": 1, "state": state });
    if let Some(optimizer) = optimizer {
        let optimizer = optimizer.borrow();
        let (excluded, names) = optimizer.excluded_from_weight_decay();
        let weights = model.weights();
        let numbers: Vec<usize> = excluded
            .iter()
            .filter_map(|variable| weights.iter().position(|weight| weight.variable == *variable))
            .collect();
        if !numbers.is_empty() || !names.is_empty() {
            resume["not_decayed"] = json!({ "weights": numbers, "names": names });
        }
    }
    Resume { state: resume, tensors }
}

/// Excludes from weight decay what was excluded when the file was written.
fn exclude(model: &Model, optimizer: &SharedOptimizer, resume: Option<&Resume>) -> Result<()> {
    let Some(excluded) = resume.and_then(|resume| resume.state.get("not_decayed")) else { return Ok(()) };
    let list = |name: &str| excluded[name].as_array().cloned().unwrap_or_default();
    let weights = model.weights();
    let number = |value: &Value| usize::try_from(value.as_u64()?).ok();
    let variables: Vec<Variable> = list("weights")
        .iter()
        .filter_map(|value| weights.get(number(value)?).map(|weight| weight.variable.clone()))
        .collect();
    let names: Vec<String> = list("names").iter().filter_map(Value::as_str).map(str::to_owned).collect();
    Ok(optimizer.borrow_mut().exclude_from_weight_decay(&variables, &names)?)
}

/// Gives an optimizer that was not used yet its variables, in order. Keras 2 saves neither the learning rate, which is in
/// the configuration, nor Nadam's running product, which follows from the number of steps. An optimizer that was not used
/// before it was saved has no others.
pub fn set_optimizer(
    model: &Model,
    optimizer: &SharedOptimizer,
    values: &[Tensor],
    resume: Option<&Resume>,
) -> Result<()> {
    let values = without_idle_momenta(model, optimizer, without_loss_scale(optimizer, values));
    exclude(model, optimizer, resume)?;
    let (mut unused, rate) = (optimizer.borrow().variables(), optimizer.borrow().learning_rate());
    for _ in 0..2 {
        if fit(&unused, values) {
            return assign(&unused, values);
        }
        unused.retain(|variable| *variable != rate);
    }
    let weights = model.trainable_weights();
    let elements =
        |weights: &[Weight]| weights.iter().map(|weight| weight.variable.spec().shape.numel()).sum::<usize>();
    // Every rule that has slots has one of each weight's shape; what is less is not worth making them.
    if values.iter().map(Tensor::numel).sum::<usize>() < elements(&weights) {
        return Err(misfit(optimizer.borrow().as_ref(), None, values.len()));
    }
    optimizer.borrow_mut().build(&weights)?;
    let optimizer = optimizer.borrow();
    let mut variables = optimizer.variables();
    let without_rate = variables.iter().filter(|variable| **variable != rate).count();
    let is_nadam = optimizer.class_name() == "Nadam";
    let mut product = None;
    if values.len() != variables.len() {
        variables.retain(|variable| *variable != rate);
        if is_nadam && values.len() + 1 == without_rate {
            product = variables.pop();
        }
    }
    if !fit(&variables, values) {
        return Err(misfit(optimizer.as_ref(), Some(variables.len()), values.len()));
    }
    assign(&variables, values)?;
    if let Some(product) = product {
        let steps = optimizer.iterations().value().to_f64().first().copied().unwrap_or(0.0);
        let beta_1 = optimizer.to_json()["config"]["beta_1"].as_f64().unwrap_or(0.9);
        product.assign(Tensor::scalar_f32(running_product(beta_1, steps)))?;
    }
    Ok(())
}

fn misfit(optimizer: &dyn Optimizer, expected: Option<usize>, received: usize) -> Failure {
    let class = optimizer.class_name();
    let wanted = expected.map_or("the variables".into(), |expected| format!("the {expected} variables"));
    let message = format!(
        "{class}: the optimizer's state in the file ({received} variables) does not fit {wanted} of this model"
    );
    Failure::Coded(code::INVALID, message)
}

/// Under mixed precision, Keras wraps the optimizer in one that scales the loss, and saves that one's iteration, learning
/// rate, step counter and scale before the variables of the optimizer itself.
fn without_loss_scale<'a>(optimizer: &SharedOptimizer, values: &'a [Tensor]) -> &'a [Tensor] {
    const WRAPPER: usize = 4;
    let optimizer = optimizer.borrow();
    let own = optimizer.variables();
    let starts = |values: &[Tensor]| values.len() >= own.len() && fit(&own, &values[..own.len()]);
    match values.split_at_checked(WRAPPER) {
        Some((wrapper, rest)) if wrapper.iter().all(|value| value.shape().rank() == 0) && starts(rest) => rest,
        _ => values,
    }
}

/// Keras 2 saves momenta of SGD that has none: zeros after the number of steps.
fn without_idle_momenta<'a>(model: &Model, optimizer: &SharedOptimizer, values: &'a [Tensor]) -> &'a [Tensor] {
    let json = optimizer.borrow().to_json();
    let has_none = json["class_name"] == "SGD" && json["config"]["momentum"].as_f64() == Some(0.0);
    let Some((steps, momenta)) = values.split_at_checked(1).filter(|_| has_none) else { return values };
    let weights = model.trainable_weights();
    let are_momenta = momenta.len() == weights.len()
        && momenta.iter().zip(&weights).all(|(momentum, weight)| weight.variable.spec().shape == *momentum.shape());
    if are_momenta { steps } else { values }
}

fn fit(variables: &[Variable], values: &[Tensor]) -> bool {
    let fits = |(variable, value): (&Variable, &Tensor)| {
        let spec = variable.spec();
        spec.shape == *value.shape() && spec.dtype == value.dtype()
    };
    variables.len() == values.len() && variables.iter().zip(values).all(fits)
}

fn assign(variables: &[Variable], values: &[Tensor]) -> Result<()> {
    for (variable, value) in variables.iter().zip(values) {
        variable.assign(value.clone())?;
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
