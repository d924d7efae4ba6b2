//! Learning rates (and momenta) that change with the number of updates.

mod cosine_decay;
mod cosine_decay_restarts;
mod exponential_decay;
mod inverse_time_decay;
mod one_cycle;
mod one_cycle_momentum;
mod piecewise_constant_decay;
mod polynomial_decay;
#[cfg(test)]
mod tests;

use glorot_graph::reference::evaluate;
use glorot_graph::{Sym, Tracer};
use serde_json::{Map, Value, json};

use crate::config::{Options, class_and_config};
use crate::error::{Error, Result};
use crate::names::fold;

/// A learning rate (or a momentum) as a function of the number of updates before this one.
///
/// Others than those of this module may be given to [`crate::optimizers::Optimizer::set_schedule`].
pub trait Schedule {
    /// The class name Keras uses: `ExponentialDecay`.
    fn class_name(&self) -> &'static str;

    /// The options as Keras serializes them.
    fn config(&self) -> Map<String, Value>;

    /// The value (float32 scalar) at `step` (float32 scalar), which is 0 for the first update.
    fn rate(&self, step: &Sym) -> Result<Sym>;

    /// `{ class_name, config }` as Keras serializes it.
    fn to_json(&self) -> Value {
        json!({ "class_name": self.class_name(), "config": self.config() })
    }
}

/// How a schedule reads its options.
type Read = fn(&mut Options) -> Result<Box<dyn Schedule>>;

/// All schedules by class name.
const SCHEDULES: &[(&str, Read)] = &[
    ("CosineDecay", cosine_decay::read),
    ("CosineDecayRestarts", cosine_decay_restarts::read),
    ("ExponentialDecay", exponential_decay::read),
    ("InverseTimeDecay", inverse_time_decay::read),
    ("OneCycle", one_cycle::read),
    ("OneCycleMomentum", one_cycle_momentum::read),
    ("PiecewiseConstantDecay", piecewise_constant_decay::read),
    ("PolynomialDecay", polynomial_decay::read),
];

/// The class names of all schedules.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCHEDULES.iter().map(|(name, _)| *name)
}

/// Makes a schedule from `{ class_name, config }`.
pub fn deserialize(value: &Value) -> Result<Box<dyn Schedule>> {
    let (class, config) = class_and_config("schedule", value)?;
    let Some((name, read)) = SCHEDULES.iter().find(|(name, _)| fold(name) == fold(&class)) else {
        let known = names().collect::<Vec<_>>().join(", ");
        return Err(Error::config("schedule", format!("unknown schedule '{class}'; known: {known}")));
    };
    let mut options = Options::new(name, &config)?;
    let schedule = read(&mut options)?;
    options.finish()?;
    Ok(schedule)
}

/// The learning rate that a schedule gives for the update number `step`, counted from 0.
pub fn value_at(schedule: &dyn Schedule, step: u64) -> Result<f64> {
    let tracer = Tracer::new();
    let rate = schedule.rate(&tracer.scalar(step as f64))?;
    let result = evaluate(&tracer.graph(), &[], &|state| unreachable!("a schedule reads no state, not even {state:?}"));
    Ok(result.value(rate.id()).data[0])
}

/// An option that must be given.
fn required(options: &mut Options, name: &'static str) -> Result<f64> {
    match options.optional_float(name)? {
        Some(value) => Ok(value),
        None => Err(options.missing(name, "a number")),
    }
}

/// A number of updates that must be given and be positive.
fn required_steps(options: &mut Options, name: &'static str) -> Result<f64> {
    let steps = required(options, name)?;
    options.check(name, steps, steps > 0.0, "greater than 0")?;
    Ok(steps)
}

/// A number of updates as Keras writes it: an integer, if it is one.
fn steps_json(steps: f64) -> Value {
    if steps.fract() == 0.0 && steps.abs() < 9e15 { json!(steps as i64) } else { json!(steps) }
}
