//! Update rules.

use serde_json::Value;

use glorot_graph::Sym;

use crate::context::Context;
use crate::error::Result;
use crate::layer::Weight;
use crate::variable::Variable;

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
    /// `gradients` belong to the weights that the optimizer was built for, in the same order.
    fn apply(&self, ctx: &Context, weights: &[Weight], gradients: &[Sym]) -> Result<()>;

    /// The variables in Keras's order: iterations, learning rate, slots.
    fn variables(&self) -> Vec<Variable>;

    /// The number of updates so far: int32 scalar.
    fn iterations(&self) -> Variable;

    /// The learning rate, a float32 scalar, unless a schedule sets it.
    fn learning_rate(&self) -> Variable;
}
