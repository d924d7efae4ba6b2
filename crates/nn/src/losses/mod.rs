//! Losses.
//!
//! Each loss is a file that implements [`LossFunction`]: what a prediction costs, for each sample. Name and reduction,
//! which all have, are added by [`NamedLoss`].

mod align;
mod binary_crossentropy;
mod binary_focal_crossentropy;
mod categorical_crossentropy;
mod categorical_focal_crossentropy;
mod categorical_generalized_cross_entropy;
mod categorical_hinge;
mod circle;
pub(crate) mod cosine_similarity;
mod dice;
mod hinge;
mod huber;
mod kl_divergence;
mod log_cosh;
mod loss_function;
mod mean_absolute_error;
mod mean_absolute_percentage_error;
mod mean_squared_error;
mod mean_squared_logarithmic_error;
mod poisson;
mod reduction;
mod softmax;
mod sparse_categorical_crossentropy;
mod squared_hinge;
mod targets;
#[cfg(test)]
mod tests;
mod tversky;

use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::Value;

use crate::config::{Options, class_and_config};
use crate::error::{Error, Result};
use crate::names::fold;

pub use align::align;
pub(crate) use categorical_crossentropy::axis;
pub use loss_function::{LossFunction, NamedLoss};
pub use reduction::{Reduction, mask_weights, reduce};
pub use targets::Targets;

/// What training makes small.
pub trait Loss {
    /// Keras's function spelling: `sparse_categorical_crossentropy`.
    fn name(&self) -> &str;

    /// `{ class_name, config }` as Keras serializes it.
    fn to_json(&self) -> Value;

    /// What targets it takes.
    fn targets(&self) -> Targets;

    /// The loss of each sample: the shape of `y_pred` without its last axis; of some losses, one number for all.
    ///
    /// Predictions that a softmax or a sigmoid made are judged by its argument ([`Sym::logits`]), which is exact where
    /// probabilities have saturated.
    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym>;

    /// Which samples count (bool, the shape of [`Loss::per_sample`]); `None` if all do.
    fn mask(&self, y_true: &Sym, y_pred: &Sym) -> Result<Option<Sym>> {
        let _ = (y_true, y_pred);
        Ok(None)
    }

    /// How the losses of the samples become one number.
    fn reduction(&self) -> Reduction {
        Reduction::SumOverBatchSize
    }

    /// The reduced loss of a batch (scalar; with [`Reduction::None`] one number a sample). `sample_weight` (float32) has
    /// the shape of the losses of the samples, give or take a last axis of length 1.
    fn value(&self, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<Sym> {
        self.masked_value(y_true, y_pred, sample_weight, None)
    }

    /// The same of predictions with a mask: `counts` (bool) has the shape of the losses too.
    fn masked_value(
        &self,
        y_true: &Sym,
        y_pred: &Sym,
        sample_weight: Option<&Sym>,
        counts: Option<&Sym>,
    ) -> Result<Sym> {
        let losses = self.per_sample(y_true, y_pred)?;
        let own = self.mask(y_true, y_pred)?;
        // A loss that is one number has left out what it wants to.
        let mask = match (own, counts.filter(|_| losses.rank() > 0)) {
            (Some(own), Some(counts)) => Some(own.and(&counts.reshape(own.shape())?)?),
            (own, counts) => own.or(counts.cloned()),
        };
        reduce(&losses, sample_weight, mask.as_ref(), self.reduction())
    }
}

/// How a loss reads its own options.
type Read = fn(&mut Options) -> Result<Box<dyn LossFunction>>;

/// All losses: class name, short names, reader.
const LOSSES: &[(&str, &[&str], Read)] = &[
    ("BinaryCrossentropy", &["bce"], binary_crossentropy::read),
    ("BinaryFocalCrossentropy", &[], binary_focal_crossentropy::read),
    ("CategoricalCrossentropy", &[], categorical_crossentropy::read),
    ("CategoricalFocalCrossentropy", &[], categorical_focal_crossentropy::read),
    ("CategoricalGeneralizedCrossEntropy", &[], categorical_generalized_cross_entropy::read),
    ("CategoricalHinge", &[], categorical_hinge::read),
    ("Circle", &[], circle::read),
    ("CosineSimilarity", &[], cosine_similarity::read),
    ("Dice", &[], dice::read),
    ("Hinge", &[], hinge::read),
    ("Huber", &["huberloss"], huber::read),
    ("KLDivergence", &["kld", "kullbackleiblerdivergence"], kl_divergence::read),
    ("LogCosh", &[], log_cosh::read),
    ("MeanAbsoluteError", &["mae"], mean_absolute_error::read),
    ("MeanAbsolutePercentageError", &["mape"], mean_absolute_percentage_error::read),
    ("MeanSquaredError", &["mse"], mean_squared_error::read),
    ("MeanSquaredLogarithmicError", &["msle"], mean_squared_logarithmic_error::read),
    ("Poisson", &[], poisson::read),
    ("SparseCategoricalCrossentropy", &[], sparse_categorical_crossentropy::read),
    ("SquaredHinge", &[], squared_hinge::read),
    ("Tversky", &[], tversky::read),
];

/// The class names of all losses.
pub fn names() -> impl Iterator<Item = &'static str> {
    LOSSES.iter().map(|(name, ..)| *name)
}

/// Makes a loss from its id (`"mse"`) or from `{ class_name, config }`.
pub fn deserialize(value: &Value) -> Result<Box<dyn Loss>> {
    let (class, config) = class_and_config("loss", value)?;
    let Some((name, read)) = find(&class) else {
        let known = names().collect::<Vec<_>>().join(", ");
        return Err(Error::config("loss", format!("unknown loss '{class}'; known: {known}")));
    };
    let mut options = Options::new(name, &config)?;
    let loss = NamedLoss::read(read(&mut options)?, &mut options)?;
    options.finish()?;
    Ok(Box::new(loss))
}

/// Makes a loss whose id may be `"crossentropy"` or `"ce"`: which one it is follows from the shapes of the targets and
/// of the predictions, as for the metric `"accuracy"`.
pub fn deserialize_for(value: &Value, y_true: &Shape, y_pred: &Shape) -> Result<Box<dyn Loss>> {
    match value.as_str().map(fold).as_deref() {
        Some("crossentropy" | "ce") => {
            let class = match TargetKind::of(y_true, y_pred) {
                TargetKind::Binary => "BinaryCrossentropy",
                TargetKind::Sparse => "SparseCategoricalCrossentropy",
                TargetKind::Categorical => "CategoricalCrossentropy",
            };
            deserialize(&class.into())
        }
        _ => deserialize(value),
    }
}

/// The loss with the given class name or id: name and reader.
fn find(class: &str) -> Option<(&'static str, Read)> {
    let wanted = fold(class);
    let named = |(name, short, _): &&(&str, &[&str], Read)| fold(name) == wanted || short.contains(&wanted.as_str());
    LOSSES.iter().find(named).map(|(name, _, read)| (*name, *read))
}

/// Reads the function of a loss and leaves the other options.
pub(crate) fn read_function(class: &str, options: &mut Options) -> Result<Box<dyn LossFunction>> {
    match find(class) {
        Some((_, read)) => read(options),
        None => Err(options.error("is not a loss")),
    }
}

/// What the shapes of targets and predictions tell about the task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// One prediction a sample.
    Binary,
    /// One label a sample, one prediction a class.
    Sparse,
    /// One target and one prediction a class.
    Categorical,
}

impl TargetKind {
    pub fn of(y_true: &Shape, y_pred: &Shape) -> TargetKind {
        match (y_true.last(), y_pred.last()) {
            (_, Some(1)) => TargetKind::Binary,
            (Some(1), _) => TargetKind::Sparse,
            _ if y_true.rank() < y_pred.rank() => TargetKind::Sparse,
            _ => TargetKind::Categorical,
        }
    }
}
