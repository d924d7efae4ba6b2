//! Metrics: running values over batches.

mod accuracy;
mod binary_accuracy;
mod categorical_accuracy;
mod confusion;
mod correlation;
mod cosine_similarity;
mod f_beta_score;
mod log_cosh_error;
mod loss_mean;
mod matrix;
mod mean;
mod mean_value;
mod r2_score;
mod root_mean_squared_error;
mod serialized;
mod sparse_categorical_accuracy;
mod sparse_top_k_categorical_accuracy;
mod sum;
#[cfg(test)]
mod tests;
mod top_k_categorical_accuracy;
mod weights;

use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value};

use crate::config::{Options, class_and_config};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::losses::TargetKind;
use crate::names::fold;
use crate::variable::Variable;

use confusion::{at_constraint, auc, negatives_positives, precision_recall};
use matrix::{confusion_matrix, iou};
pub use mean::{Mean, Values};

/// A value that is accumulated over batches in variables and read at any time.
pub trait Metric {
    /// The name in logs: `accuracy`.
    fn name(&self) -> &str;

    /// `{ class_name, config }` as Keras serializes it.
    fn to_json(&self) -> Value;

    /// False of a metric that wants targets as float32 in the shape of the predictions, give or take a last axis of
    /// length 1 (functions of the user); the others see to it themselves.
    fn aligns_targets(&self) -> bool {
        true
    }

    /// Adds a batch to the variables, which are made now where their shape depends on the data. `sample_weight` has the
    /// shape of the per-sample values or of their first axes.
    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()>;

    /// True if what the mask of the predictions leaves out does not count. As in Keras, so it is for means over samples.
    fn heeds_mask(&self) -> bool {
        false
    }

    /// The value of the variables as they are at this point of the trace: a scalar, or a value a class or threshold. Of a
    /// metric whose variables depend on the data it is an error before the first [`Metric::update`].
    fn result(&self, ctx: &Context) -> Result<Sym>;

    /// The variables that there are; a reset sets them to zero.
    fn variables(&self) -> Vec<Variable>;
}

/// How a metric reads its options.
type Read = fn(Options) -> Result<Box<dyn Metric>>;

/// The metrics that are no means of losses: class name, short names, reader.
const METRICS: &[(&str, &[&str], Read)] = &[
    ("Accuracy", &["acc"], accuracy::read),
    ("AUC", &[], auc::read),
    ("BinaryAccuracy", &[], binary_accuracy::read),
    ("BinaryIoU", &[], iou::binary_iou),
    ("CategoricalAccuracy", &[], categorical_accuracy::read),
    ("ConcordanceCorrelation", &[], correlation::read_concordance),
    ("ConfusionMatrix", &[], confusion_matrix::read),
    ("CosineSimilarity", &[], cosine_similarity::read),
    ("F1Score", &[], f_beta_score::read_f1),
    ("FBetaScore", &[], f_beta_score::read_f_beta),
    ("FalseNegatives", &[], negatives_positives::false_negatives),
    ("FalsePositives", &[], negatives_positives::false_positives),
    ("IoU", &[], iou::iou),
    ("LogCoshError", &["logcosh"], log_cosh_error::read),
    ("Mean", &[], mean_value::read),
    ("MeanIoU", &[], iou::mean_iou),
    ("OneHotIoU", &[], iou::one_hot_iou),
    ("OneHotMeanIoU", &[], iou::one_hot_mean_iou),
    ("PearsonCorrelation", &[], correlation::read_pearson),
    ("Precision", &[], precision_recall::precision),
    ("PrecisionAtRecall", &[], at_constraint::precision_at_recall),
    ("R2Score", &[], r2_score::read),
    ("Recall", &[], precision_recall::recall),
    ("RecallAtPrecision", &[], at_constraint::recall_at_precision),
    ("RootMeanSquaredError", &["rmse"], root_mean_squared_error::read),
    ("SensitivityAtSpecificity", &[], at_constraint::sensitivity_at_specificity),
    ("SparseCategoricalAccuracy", &[], sparse_categorical_accuracy::read),
    ("SparseTopKCategoricalAccuracy", &[], sparse_top_k_categorical_accuracy::read),
    ("SpecificityAtSensitivity", &[], at_constraint::specificity_at_sensitivity),
    ("Sum", &[], sum::read),
    ("TopKCategoricalAccuracy", &[], top_k_categorical_accuracy::read),
    ("TrueNegatives", &[], negatives_positives::true_negatives),
    ("TruePositives", &[], negatives_positives::true_positives),
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
