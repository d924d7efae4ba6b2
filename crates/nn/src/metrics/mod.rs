//! Metrics: running values over batches.

use serde_json::Value;

use glorot_graph::Sym;

use crate::context::Context;
use crate::error::Result;
use crate::variable::Variable;

/// A value that is accumulated over batches in variables and read at any time.
pub trait Metric {
    /// The name in logs: `accuracy`.
    fn name(&self) -> &str;

    /// `{ class_name, config }` as Keras serializes it.
    fn to_json(&self) -> Value;

    /// Adds a batch to the variables. `sample_weight` has the shape of the per-sample values or broadcasts to it.
    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()>;

    /// The value of the variables as they are at this point of the trace.
    fn result(&self, ctx: &Context) -> Result<Sym>;

    /// The variables; a reset sets them to zero.
    fn variables(&self) -> Vec<Variable>;
}
