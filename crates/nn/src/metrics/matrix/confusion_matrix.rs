//! The matrix of targets and predicted classes.

use std::cell::OnceCell;

use glorot_graph::Sym;
use glorot_tensor::{DType, Tensor};
use serde_json::{Value, json};

use super::{check_classes, count_pairs};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::metrics::Metric;
use crate::metrics::serialized::{read_name, serialized};
use crate::variable::Variable;

const CLASS: &str = "ConfusionMatrix";

/// The weights of the samples by class: `[classes, classes]`, in row `i` and column `j` those of class `i` that were
/// taken for class `j`.
///
/// Predictions `[…, classes]` mean the largest one, predictions `[…, 1]` (probabilities) class 1 above a threshold and
/// else 0. Targets are class numbers `[…]` or `[…, 1]`, or one-hot in the shape of the predictions. Keras has no metric of
/// this kind.
struct ConfusionMatrix {
    name: String,
    num_classes: Option<usize>,
    threshold: f64,
    /// Made when the number of classes is known.
    matrix: OnceCell<Variable>,
}

/// Options: `num_classes` (as many as the predictions have), `threshold` (0.5).
pub fn read(mut options: Options) -> Result<Box<dyn Metric>> {
    let num_classes = options.optional_positive("num_classes")?;
    check_classes(&options, num_classes.unwrap_or(1))?;
    let threshold = options.float("threshold", 0.5)?;
    let name = read_name(options, "confusion_matrix")?;
    Ok(Box::new(ConfusionMatrix { name, num_classes, threshold, matrix: OnceCell::new() }))
}

/// Class numbers of one sample each, and how many classes there are.
struct Classes {
    labels: Sym,
    predicted: Sym,
    classes: usize,
}

impl ConfusionMatrix {
    fn classes(&self, y_true: &Sym, y_pred: &Sym) -> Result<Classes> {
        let (shape, axis) = (y_pred.shape(), y_pred.rank().saturating_sub(1));
        let classes = shape.last().copied().unwrap_or(1);
        if shape.rank() < 2 || classes == 1 {
            let yes = y_pred.greater(&y_pred.scalar_like(self.threshold))?;
            return Ok(Classes { labels: y_true.clone(), predicted: yes.cast(DType::I32)?, classes: 2 });
        }
        let labels = if y_true.shape() == shape { y_true.arg_max(axis)? } else { y_true.clone() };
        Ok(Classes { labels, predicted: y_pred.arg_max(axis)?, classes })
    }

    /// The matrix for a number of classes, made on first use.
    fn matrix_of(&self, classes: usize) -> Result<&Variable> {
        let zeros = || Variable::new("confusion_matrix", Tensor::zeros([classes, classes], DType::F32));
        let matrix = self.matrix.get_or_init(zeros);
        let known = matrix.spec().shape[0];
        if known != classes {
            let message = format!("predictions must have {known} classes, as before; received {classes}");
            return Err(Error::config(CLASS, message));
        }
        Ok(matrix)
    }
}

impl Metric for ConfusionMatrix {
    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> Value {
        let own = [("num_classes", json!(self.num_classes)), ("threshold", json!(self.threshold))];
        serialized(CLASS, &self.name, own)
    }

    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()> {
        let Classes { labels, predicted, classes } = self.classes(y_true, y_pred)?;
        let classes = self.num_classes.unwrap_or(classes);
        let matrix = self.matrix_of(classes)?;
        let added = count_pairs(CLASS, &labels, &predicted, sample_weight, classes, None)?;
        ctx.assign(matrix, &ctx.read(matrix).add(&added)?)
    }

    fn result(&self, ctx: &Context) -> Result<Sym> {
        let matrix = self.matrix.get();
        let matrix = matrix.ok_or_else(|| Error::config(CLASS, "there is no result before the first batch"))?;
        Ok(ctx.read(matrix))
    }

    fn variables(&self) -> Vec<Variable> {
        self.matrix.get().cloned().into_iter().collect()
    }
}
