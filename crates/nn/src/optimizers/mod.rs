//! Update rules.
//!
//! Each rule is a file that implements [`Rule`]; what all have in common (clipping, weight decay, moving averages,
//! gradient accumulation, constraints, the counter) is in [`RuleOptimizer`].

mod adadelta;
mod adafactor;
mod adagrad;
mod adam;
mod adam_w;
mod adamax;
mod clip;
mod ftrl;
mod hyper;
mod lamb;
mod legacy;
mod lion;
mod loss_scale;
mod muon;
mod nadam;
mod rmsprop;
mod rule;
mod rule_optimizer;
mod schedule_free_adam_w;
mod settings;
mod sgd;
#[cfg(test)]
mod tests;

use serde_json::Value;

use glorot_graph::Sym;

use crate::config::{Options, class_and_config};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Weight;
use crate::names::fold;
use crate::schedules::Schedule;
use crate::variable::Variable;

pub use loss_scale::LossScaleOptimizer;
pub use rule::{Initial, Rule, Slot, Step, Update};
pub use rule_optimizer::RuleOptimizer;

/// An update rule with its state. The state is made of variables, so it is saved and restored like weights.
pub trait Optimizer {
    /// The class name Keras uses: `SGD`, `Nadam`.
    fn class_name(&self) -> &str;

    /// `{ class_name, config }` as Keras serializes it.
    fn to_json(&self) -> Value;

    /// Makes the slots for the given weights, in order. Called once, before the first [`Optimizer::apply`]; again with
    /// the same weights it does nothing.
    fn build(&mut self, weights: &[Weight]) -> Result<()>;

    /// Adds one update to the trace: new values of the weights (constraints included), the slots and `iterations`.
    /// `gradients` belong to the weights that the optimizer was built for, in the same order; they are those of the
    /// loss times [`Optimizer::loss_scale`].
    fn apply(&self, ctx: &Context, weights: &[Weight], gradients: &[Sym]) -> Result<()>;

    /// The variables in Keras's order: iterations, learning rate (unless a schedule sets it), slots.
    fn variables(&self) -> Vec<Variable>;

    /// The number of calls of [`Optimizer::apply`] so far: int32 scalar.
    fn iterations(&self) -> Variable;

    /// The learning rate, a float32 scalar. If a schedule sets it: the rate of the last update.
    fn learning_rate(&self) -> Variable;

    /// Lets a schedule set the learning rate: one that has no serialized form, a function of the user. Others are given as
    /// the option. Before the optimizer is built.
    fn set_schedule(&mut self, schedule: Box<dyn Schedule>) -> Result<()>;

    /// The schedule that sets the learning rate.
    fn schedule(&self) -> Option<&dyn Schedule> {
        None
    }

    /// The weights that the optimizer was built for, in order.
    fn weights(&self) -> &[Variable];

    /// The moving averages of the weights, in order; none unless `use_ema`. When training ends they replace the weights.
    fn averages(&self) -> &[Variable] {
        &[]
    }

    /// What the loss is multiplied by before it is differentiated, a float32 scalar in the trace; [`Optimizer::apply`]
    /// divides by it.
    fn loss_scale(&self, _ctx: &Context) -> Result<Option<Sym>> {
        Ok(None)
    }

    /// Weights that weight decay leaves alone: these variables, and those whose name contains one of `names`.
    fn exclude_from_weight_decay(&mut self, variables: &[Variable], names: &[String]) -> Result<()>;

    /// What was excluded.
    fn excluded_from_weight_decay(&self) -> (&[Variable], &[String]);
}

/// How a rule reads its own options.
type Read = fn(&mut Options) -> Result<Box<dyn Rule>>;

/// All optimizers by class name.
const OPTIMIZERS: &[(&str, Read)] = &[
    ("Adadelta", adadelta::read),
    ("Adafactor", adafactor::read),
    ("Adagrad", adagrad::read),
    ("Adam", adam::read),
    ("Adamax", adamax::read),
    ("AdamW", adam_w::read),
    ("Ftrl", ftrl::read),
    ("Lamb", lamb::read),
    ("Lion", lion::read),
    ("Muon", muon::read),
    ("Nadam", nadam::read),
    ("RMSprop", rmsprop::read),
    ("ScheduleFreeAdamW", schedule_free_adam_w::read),
    ("SGD", sgd::read),
];

/// The class names of all optimizers.
pub fn names() -> impl Iterator<Item = &'static str> {
    OPTIMIZERS.iter().map(|(name, _)| *name)
}

/// Wraps an optimizer in a [`LossScaleOptimizer`] where it is, unless it is one.
pub fn scale_loss(optimizer: &mut Box<dyn Optimizer>) -> Result<()> {
    if optimizer.class_name() != "LossScaleOptimizer" {
        let inner = std::mem::replace(optimizer, deserialize(&"sgd".into())?);
        *optimizer = Box::new(LossScaleOptimizer::new(inner));
    }
    Ok(())
}

/// Makes an optimizer from its id (`"nadam"`) or from `{ class_name, config }`. With `is_legacy_optimizer` in the
/// configuration it is one of Keras up to 2.10: see [`legacy`].
pub fn deserialize(value: &Value) -> Result<Box<dyn Optimizer>> {
    let (class, config) = class_and_config("optimizer", value)?;
    // Keras 2 wrote some configurations under module paths and the prefix `Custom>`.
    let wanted = fold(class.rsplit(['>', '.']).next().unwrap_or(&class));
    if wanted == fold("LossScaleOptimizer") {
        return LossScaleOptimizer::read(&config);
    }
    let Some((name, read)) = OPTIMIZERS.iter().find(|(name, _)| fold(name) == wanted) else {
        let known = names().collect::<Vec<_>>().join(", ");
        return Err(Error::config("optimizer", format!("unknown optimizer '{class}'; known: {known}")));
    };
    let mut options = Options::new(name, &config)?;
    let is_legacy = options.bool("is_legacy_optimizer", false)?;
    options.inert(&["is_legacy_optimizer"])?;
    let read = match is_legacy {
        false => read,
        true => match legacy::OPTIMIZERS.iter().find(|(legacy, _)| legacy == name) {
            Some((_, read)) => read,
            None => {
                return Err(options.error("there is no legacy optimizer of this name; remove 'is_legacy_optimizer'"));
            }
        },
    };
    let rule = read(&mut options)?;
    Ok(Box::new(RuleOptimizer::new(rule, options)?))
}
