//! Means of losses.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::{self, LossFunction};
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};

/// The losses that are metrics too: class name, short names, and the options that are written. Keras has no metrics of the
/// names of Huber's and of the focal losses.
pub(super) const METRICS: &[(&str, &[&str], &[&str])] = &[
    ("BinaryCrossentropy", &["bce"], &["from_logits", "label_smoothing"]),
    (
        "BinaryFocalCrossentropy",
        &[],
        &["apply_class_balancing", "alpha", "gamma", "from_logits", "label_smoothing", "axis"],
    ),
    ("CategoricalCrossentropy", &[], &["from_logits", "label_smoothing", "axis"]),
    ("CategoricalFocalCrossentropy", &[], &["alpha", "gamma", "from_logits", "label_smoothing", "axis"]),
    ("CategoricalHinge", &[], &[]),
    ("Hinge", &[], &[]),
    ("Huber", &["huberloss"], &["delta"]),
    ("KLDivergence", &["kld", "kullbackleiblerdivergence"], &[]),
    ("MeanAbsoluteError", &["mae"], &[]),
    ("MeanAbsolutePercentageError", &["mape"], &[]),
    ("MeanSquaredError", &["mse"], &[]),
    ("MeanSquaredLogarithmicError", &["msle"], &[]),
    ("Poisson", &[], &[]),
    ("SparseCategoricalCrossentropy", &[], &["from_logits", "ignore_class", "axis"]),
    ("SquaredHinge", &[], &[]),
];

/// The mean of a loss over the samples.
struct LossMean {
    loss: Box<dyn LossFunction>,
    written: &'static [&'static str],
}

/// A metric with the name and the options of a loss; `written` are those that are serialized.
pub fn read(name: &str, written: &'static [&'static str], mut options: Options) -> Result<Box<dyn Metric>> {
    let loss = losses::read_function(name, &mut options)?;
    Mean::read(LossMean { loss, written }, options)
}

impl Values for LossMean {
    fn class_name(&self) -> &'static str {
        self.loss.class_name()
    }

    fn config(&self) -> Map<String, Value> {
        let own = self.loss.config();
        // Keras writes the axis of classes even where there is only one.
        let value = |name: &str| own.get(name).cloned().or_else(|| (name == "axis").then(|| json!(-1)));
        self.written.iter().filter_map(|&name| Some((name.to_string(), value(name)?))).collect()
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        self.loss.per_sample(y_true, y_pred)
    }

    fn mask(&self, y_true: &Sym, y_pred: &Sym) -> Result<Option<Sym>> {
        self.loss.mask(y_true, y_pred)
    }
}
