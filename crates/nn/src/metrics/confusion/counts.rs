//! How many yeses and noes are right and wrong at each threshold.

use std::cell::OnceCell;

use glorot_graph::Sym;
use glorot_tensor::{DType, Tensor};

use super::thresholds::Thresholds;
use super::top_k::keep_top_k;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::losses::align;
use crate::metrics::weights::weights_like;
use crate::variable::Variable;

/// Which targets and predictions are counted.
#[derive(Clone, Default)]
pub struct Answers {
    /// Only the largest predictions of a sample can be yeses.
    pub top_k: Option<usize>,
    /// Only this class is looked at.
    pub class_id: Option<usize>,
    /// Weights of the classes.
    pub label_weights: Option<Vec<f64>>,
    /// Each class is counted by itself.
    pub by_class: bool,
}

/// The weights of positive and of negative targets by the number of thresholds that their predictions exceed. All counts
/// of a confusion matrix follow, so that a batch costs one pass however many thresholds there are.
pub struct ConfusionCounts {
    class: &'static str,
    thresholds: Thresholds,
    answers: Answers,
    /// float32 `[thresholds + 1, classes, 2]`; `classes` is 1 unless each is counted by itself. Made when their number is
    /// known.
    table: OnceCell<Variable>,
}

/// Sums of weights at each threshold: `[thresholds]`, or `[thresholds, classes]` if each class is counted by itself.
pub struct Confusion {
    pub true_positives: Sym,
    pub false_positives: Sym,
    pub true_negatives: Sym,
    pub false_negatives: Sym,
}

impl ConfusionCounts {
    /// `class` names the metric in errors.
    pub fn new(class: &'static str, thresholds: Thresholds, answers: Answers) -> Result<ConfusionCounts> {
        let counts = ConfusionCounts { class, thresholds, answers, table: OnceCell::new() };
        if !counts.answers.by_class {
            counts.table_of(1)?;
        }
        Ok(counts)
    }

    /// The table for a number of classes, made on first use.
    pub fn table_of(&self, classes: usize) -> Result<&Variable> {
        let shape = [self.thresholds.len() + 1, classes, 2];
        if self.table.get().is_none() {
            let _ = self.table.set(Variable::new("confusion_counts", Tensor::zeros(shape, DType::F32)));
        }
        match self.table.get() {
            Some(table) if table.spec().shape[..] == shape => Ok(table),
            Some(table) => {
                let known = table.spec().shape[1];
                Err(self.error(format!("predictions must have {known} classes, as before; received {classes}")))
            }
            None => Err(self.error("no counts")),
        }
    }

    pub fn variables(&self) -> Vec<Variable> {
        self.table.get().cloned().into_iter().collect()
    }

    fn error(&self, message: impl Into<String>) -> Error {
        Error::config(self.class, message)
    }

    /// Adds a batch. Targets have the shape of the predictions; those that are not 0 are positive.
    pub fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()> {
        let y_pred = y_pred.cast(DType::F32)?;
        let y_true = align(self.class, y_true, &y_pred)?;
        let mut weight = match sample_weight {
            Some(weight) => weights_like(self.class, weight, &y_pred)?,
            None => y_pred.scalar_like(1.0).broadcast_to(y_pred.shape())?,
        };
        if let Some(label_weights) = &self.answers.label_weights {
            weight = weight.mul(&self.label_weights(label_weights, &y_pred)?)?;
        }
        let kept = match self.answers.top_k {
            Some(k) => keep_top_k(self.class, &y_pred, k)?,
            None => y_pred,
        };
        let of_class = |values: Sym| self.of_class(values);
        let (y_true, y_pred, weight) = (of_class(y_true)?, of_class(kept)?, of_class(weight)?);

        let classes = match (self.answers.by_class, &y_pred.shape()[..]) {
            (false, _) => 1,
            (true, [_, classes]) => *classes,
            (true, _) => {
                let shape = y_pred.shape();
                return Err(self.error(format!("expected predictions of shape [batch, classes]; received {shape}")));
            }
        };
        let table = self.table_of(classes)?;
        let count = y_pred.shape().numel();
        let mut index = self.thresholds.exceeded(&y_pred)?;
        if self.answers.by_class {
            let class = y_pred.tracer().iota(y_pred.shape(), 1, DType::I32)?;
            index = index.mul_scalar(classes as f64)?.add(&class)?;
        }
        let zero = y_true.scalar_like(0.0);
        let is_positive = y_true.not_equal(&zero)?;
        let column = |values: Sym| values.reshape([count, 1]);
        let positive = column(is_positive.select(&weight, &zero)?)?;
        let negative = column(is_positive.select(&zero, &weight)?)?;
        let rows = y_pred.tracer().concat(&[positive, negative], 1)?;
        let added = index.reshape([count])?.scatter_add(&rows, (self.thresholds.len() + 1) * classes)?;
        ctx.assign(table, &ctx.read(table).add(&added.reshape(table.spec().shape.clone())?)?)
    }

    /// The weights of the classes, in a shape that fits predictions `[…, classes]`.
    fn label_weights(&self, label_weights: &[f64], y_pred: &Sym) -> Result<Sym> {
        let classes = y_pred.shape().last().copied().unwrap_or(1);
        if label_weights.len() != classes {
            let given = label_weights.len();
            let message = format!("option 'label_weights' must have one entry a class, {classes}; received {given}");
            return Err(self.error(message));
        }
        let values = label_weights.iter().map(|&weight| weight as f32).collect();
        Ok(y_pred.tracer().constant(Tensor::f32([classes], values)?))
    }

    /// One class of values `[…, classes]`, if only one is looked at.
    fn of_class(&self, values: Sym) -> Result<Sym> {
        let Some(class) = self.answers.class_id else { return Ok(values) };
        let mut size = values.shape().to_vec();
        if size.len() < 2 || class >= size[size.len() - 1] {
            let shape = values.shape();
            let message = format!("option 'class_id' is {class}, but the predictions have shape {shape}");
            return Err(self.error(message));
        }
        let last = size.len() - 1;
        let mut start = vec![0; size.len()];
        (start[last], size[last]) = (class, 1);
        Ok(values.slice(&start, &size)?)
    }

    /// The counts so far.
    pub fn read(&self, ctx: &Context) -> Result<Confusion> {
        let table = self.table.get().ok_or_else(|| self.error("there is no result before the first batch"))?;
        let (n, classes) = (self.thresholds.len(), table.spec().shape[1]);
        let counts = ctx.read(table).reshape([n + 1, 2 * classes])?;
        // A threshold of rank r is exceeded by the predictions that exceed more than r thresholds.
        let ranks = self.thresholds.ranks(&counts)?;
        let yes = sums(&counts, true)?.gather(&ranks.add_scalar(1.0)?)?;
        let no = sums(&counts, false)?.gather(&ranks)?;
        let shape = if self.answers.by_class { vec![n, classes] } else { vec![n] };
        let part = |sums: &Sym, side: usize| -> Result<Sym> {
            Ok(sums.reshape([n, classes, 2])?.slice(&[0, 0, side], &[n, classes, 1])?.reshape(shape.clone())?)
        };
        Ok(Confusion {
            true_positives: part(&yes, 0)?,
            false_positives: part(&yes, 1)?,
            false_negatives: part(&no, 0)?,
            true_negatives: part(&no, 1)?,
        })
    }

    /// One value a threshold; of one threshold a scalar.
    pub fn by_threshold(values: &Sym) -> Result<Sym> {
        Ok(if values.shape()[..] == [1] { values.reshape([0usize; 0])? } else { values.clone() })
    }
}

impl Confusion {
    /// Sensitivity: which part of the positives was found. 0 where there are none.
    pub fn recall(&self) -> Result<Sym> {
        part_of(&self.true_positives, &self.false_negatives)
    }

    /// Which part of the yeses is right. 0 where there are none.
    pub fn precision(&self) -> Result<Sym> {
        part_of(&self.true_positives, &self.false_positives)
    }

    /// Which part of the negatives was found. 0 where there are none.
    pub fn specificity(&self) -> Result<Sym> {
        part_of(&self.true_negatives, &self.false_positives)
    }

    /// Which part of the negatives was taken for positive. 0 where there are none.
    pub fn false_positive_rate(&self) -> Result<Sym> {
        part_of(&self.false_positives, &self.true_negatives)
    }
}

/// The sum of each row of `[rows, columns]` and of all rows after it, or before it. Doubling the reach takes a logarithmic
/// number of additions.
fn sums(counts: &Sym, after: bool) -> Result<Sym> {
    let (rows, columns) = (counts.shape()[0], counts.shape()[1]);
    let mut sums = counts.clone();
    let mut reach = 1;
    while reach < rows {
        let (start, low, high) = if after { (reach, 0, reach) } else { (0, reach, 0) };
        let others = sums.slice(&[start, 0], &[rows - reach, columns])?.pad(&[low, 0], &[high, 0], 0.0)?;
        sums = sums.add(&others)?;
        reach *= 2;
    }
    Ok(sums)
}

/// `a / (a + b)`, and 0 where that is `0 / 0`.
fn part_of(a: &Sym, b: &Sym) -> Result<Sym> {
    crate::metrics::mean::divide_no_nan(a, &a.add(b)?)
}
