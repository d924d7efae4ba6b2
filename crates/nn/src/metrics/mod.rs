//! Metrics: running values over batches.

mod accuracy;
mod binary_accuracy;
mod categorical_accuracy;
mod cosine_similarity;
mod log_cosh_error;
mod loss_mean;
mod mean;
mod root_mean_squared_error;
mod sparse_categorical_accuracy;
mod sparse_top_k_categorical_accuracy;
#[cfg(test)]
mod tests;
mod top_k_categorical_accuracy;

use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value};

use crate::config::{Options, class_and_config};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::losses::TargetKind;
use crate::names::fold;
use crate::variable::Variable;

pub use mean::Mean;

/// A value that is accumulated over batches in variables and read at any time.
pub trait Metric {
    /// The name in logs: `accuracy`.
    fn name(&self) -> &str;

    /// `{ class_name, config }` as Keras serializes it.
    fn to_json(&self) -> Value;

    /// Adds a batch to the variables. `sample_weight` has the shape of the per-sample values or of their first axes.
    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()>;

    /// The value of the variables as they are at this point of the trace.
    fn result(&self, ctx: &Context) -> Result<Sym>;

    /// The variables; a reset sets them to zero.
    fn variables(&self) -> Vec<Variable>;
}

/// How a metric reads its options.
type Read = fn(Options) -> Result<Box<dyn Metric>>;

/// The metrics that are no means of losses: class name, short names, reader.
const METRICS: &[(&str, &[&str], Read)] = &[
    ("Accuracy", &["acc"], accuracy::read),
    ("BinaryAccuracy", &[], binary_accuracy::read),
    ("CategoricalAccuracy", &[], categorical_accuracy::read),
    ("CosineSimilarity", &[], cosine_similarity::read),
    ("LogCoshError", &["logcosh"], log_cosh_error::read),
    ("RootMeanSquaredError", &["rmse"], root_mean_squared_error::read),
    ("SparseCategoricalAccuracy", &[], sparse_categorical_accuracy::read),
    ("SparseTopKCategoricalAccuracy", &[], sparse_top_k_categorical_accuracy::read),
    ("TopKCategoricalAccuracy", &[], top_k_categorical_accuracy::read),
];

/// The class names of all metrics.
pub fn names() -> impl Iterator<Item = &'static str> {
    METRICS.iter().map(|(name, ..)| *name).chain(loss_mean::METRICS.iter().map(|(name, ..)| *name))
}

/// Makes a metric from its id (`"mse"`) or from `{ class_name, config }`. See [`deserialize_for`] for `"accuracy"`.
pub fn deserialize(value: &Value) -> Result<Box<dyn Metric>> {
    let (class, config) = class_and_config("metric", value)?;
    read(&class, &config)
}

/// Makes a metric of a model. Under an id it is logged by that name; `"accuracy"` or `"acc"` means the one that fits the
/// shapes of the targets and of the predictions: binary, categorical or sparse categorical accuracy.
pub fn deserialize_for(value: &Value, y_true: &Shape, y_pred: &Shape) -> Result<Box<dyn Metric>> {
    let Value::String(id) = value else { return deserialize(value) };
    let class = match (fold(id).as_str(), TargetKind::of(y_true, y_pred)) {
        ("accuracy" | "acc", TargetKind::Binary) => "BinaryAccuracy",
        ("accuracy" | "acc", TargetKind::Sparse) => "SparseCategoricalAccuracy",
        ("accuracy" | "acc", TargetKind::Categorical) => "CategoricalAccuracy",
        _ => id,
    };
    read(class, &Value::Object(Map::from_iter([("name".into(), id.clone().into())])))
}

fn read(class: &str, config: &Value) -> Result<Box<dyn Metric>> {
    let wanted = fold(class);
    let matches = |name: &str, short: &[&str]| fold(name) == wanted || short.contains(&wanted.as_str());
    let metric = METRICS.iter().find(|(name, short, _)| matches(name, short));
    let loss = loss_mean::METRICS.iter().find(|(name, short, ..)| matches(name, short));
    let options = |name: &str| -> Result<Options> {
        let mut options = Options::new(name, config)?;
        options.inert(&["dtype"])?;
        Ok(options)
    };
    match (metric, loss) {
        (Some((name, _, read)), _) => read(options(name)?),
        (None, Some((name, _, config))) => loss_mean::read(name, config, options(name)?),
        (None, None) => {
            let known = names().collect::<Vec<_>>().join(", ");
            Err(Error::config("metric", format!("unknown metric '{class}'; known: {known}")))
        }
    }
}
