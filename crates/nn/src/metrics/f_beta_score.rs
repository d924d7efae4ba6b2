//! The harmonic mean of precision and recall.

use std::cell::OnceCell;

use glorot_graph::Sym;
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value, json};

use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::losses::align;
use crate::metrics::Metric;
use crate::metrics::serialized::{read_name, serialized};
use crate::metrics::weights::weights_like;
use crate::variable::Variable;

/// How the scores of the classes become one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Average {
    /// Not at all.
    None,
    /// The counts of all classes are added.
    Micro,
    /// Their mean.
    Macro,
    /// Their mean, weighed by how often each class is the target.
    Weighted,
}

const AVERAGES: &[(&str, Average)] =
    &[("micro", Average::Micro), ("macro", Average::Macro), ("weighted", Average::Weighted)];

/// `(1 + beta^2) precision recall / (beta^2 precision + recall)`, where `precision = tp / (tp + fp + 1e-7)` and
/// `recall = tp / (tp + fn + 1e-7)`, and 1e-7 is added to the divisor.
///
/// Targets (0 or 1) and predictions are `[batch, classes]`. Without a threshold the largest prediction of a sample (and
/// each that equals it, unless that is 0) is a yes.
struct FBetaScore {
    class: &'static str,
    name: String,
    average: Average,
    beta: f64,
    threshold: Option<f64>,
    /// Made when the number of classes is known.
    counts: OnceCell<Counts>,
}

/// float32 `[classes]`, or scalars.
struct Counts {
    true_positives: Variable,
    false_positives: Variable,
    false_negatives: Variable,
    /// The weights of the positive targets.
    intermediate_weights: Variable,
}

const EPSILON: f64 = 1e-7;

/// Options: `average` (none; `micro`, `macro`, `weighted`), `threshold` (none; greater than 0, at most 1).
pub fn read_f1(options: Options) -> Result<Box<dyn Metric>> {
    read("F1Score", "f1_score", 1.0, options)
}

/// Options: `average` (none; `micro`, `macro`, `weighted`), `beta` (1, greater than 0: how much more recall counts),
/// `threshold` (none; greater than 0, at most 1).
pub fn read_f_beta(mut options: Options) -> Result<Box<dyn Metric>> {
    let beta = options.float("beta", 1.0)?;
    options.check("beta", beta, beta > 0.0, "greater than 0")?;
    read("FBetaScore", "fbeta_score", beta, options)
}

fn read(class: &'static str, default_name: &str, beta: f64, mut options: Options) -> Result<Box<dyn Metric>> {
    let average = options.choice("average", AVERAGES, Average::None)?;
    let threshold = options.optional_float("threshold")?;
    if let Some(threshold) = threshold {
        options.check("threshold", threshold, threshold > 0.0 && threshold <= 1.0, "greater than 0 and at most 1")?;
    }
    let name = read_name(options, default_name)?;
    Ok(Box::new(FBetaScore { class, name, average, beta, threshold, counts: OnceCell::new() }))
}

impl FBetaScore {
    fn error(&self, message: impl Into<String>) -> Error {
        Error::config(self.class, message)
    }

    /// The variables for a number of classes, made on first use.
    fn counts_of(&self, classes: usize) -> Result<&Counts> {
        let shape = if self.average == Average::Micro { Shape::scalar() } else { Shape::from([classes]) };
        let zeros = |name: &str| Variable::new(name, Tensor::zeros(shape.clone(), DType::F32));
        let counts = self.counts.get_or_init(|| Counts {
            true_positives: zeros("true_positives"),
            false_positives: zeros("false_positives"),
            false_negatives: zeros("false_negatives"),
            intermediate_weights: zeros("intermediate_weights"),
        });
        let known = &counts.true_positives.spec().shape;
        if *known != shape {
            return Err(self.error(format!("predictions must have {known} classes, as before; received {classes}")));
        }
        Ok(counts)
    }

    /// 1 where the answer is yes, else 0.
    fn answers(&self, y_pred: &Sym) -> Result<Sym> {
        let yes = match self.threshold {
            Some(threshold) => y_pred.greater(&y_pred.scalar_like(threshold))?,
            None => {
                let largest = y_pred.max(&[1], true)?;
                y_pred.greater_equal(&largest)?.and(&y_pred.abs()?.greater(&y_pred.scalar_like(1e-9))?)?
            }
        };
        Ok(yes.cast(DType::F32)?)
    }
}

impl Metric for FBetaScore {
    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> Value {
        let average = AVERAGES.iter().find(|(_, average)| *average == self.average).map(|(word, _)| *word);
        let mut own = vec![("average", json!(average)), ("threshold", json!(self.threshold))];
        if self.class == "FBetaScore" {
            own.push(("beta", json!(self.beta)));
        }
        serialized(self.class, &self.name, own)
    }

    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()> {
        let shape = y_pred.shape();
        let &[_, classes] = &shape[..] else {
            return Err(self.error(format!("expected predictions of shape [batch, classes]; received {shape}")));
        };
        let y_true = align(self.class, y_true, y_pred)?;
        let counts = self.counts_of(classes)?;
        let yes = self.answers(&y_pred.cast(DType::F32)?)?;
        let one = yes.scalar_like(1.0);
        let axes: &[usize] = if self.average == Average::Micro { &[0, 1] } else { &[0] };
        let weight = sample_weight.map(|weight| weights_like(self.class, weight, y_pred)).transpose()?;
        let add = |variable: &Variable, values: &Sym| -> Result<()> {
            let values = weight.as_ref().map_or(Ok(values.clone()), |weight| values.mul(weight))?;
            ctx.assign(variable, &ctx.read(variable).add(&values.sum(axes, false)?)?)
        };
        add(&counts.true_positives, &yes.mul(&y_true)?)?;
        add(&counts.false_positives, &yes.mul(&one.sub(&y_true)?)?)?;
        add(&counts.false_negatives, &one.sub(&yes)?.mul(&y_true)?)?;
        add(&counts.intermediate_weights, &y_true)
    }

    fn result(&self, ctx: &Context) -> Result<Sym> {
        let counts = self.counts.get().ok_or_else(|| self.error("there is no result before the first batch"))?;
        let right = ctx.read(&counts.true_positives);
        let part =
            |others: &Variable| -> Result<Sym> { Ok(right.div(&right.add(&ctx.read(others))?.add_scalar(EPSILON)?)?) };
        let (precision, recall) = (part(&counts.false_positives)?, part(&counts.false_negatives)?);
        let squared = self.beta * self.beta;
        let divisor = precision.mul_scalar(squared)?.add(&recall)?.add_scalar(EPSILON)?;
        let score = precision.mul(&recall)?.div(&divisor)?.mul_scalar(1.0 + squared)?;
        match self.average {
            Average::None => Ok(score),
            Average::Micro | Average::Macro => Ok(score.mean_all()?),
            Average::Weighted => {
                let weights = ctx.read(&counts.intermediate_weights);
                let weights = weights.div(&weights.sum_all()?.add_scalar(EPSILON)?)?;
                Ok(score.mul(&weights)?.sum_all()?)
            }
        }
    }

    fn variables(&self) -> Vec<Variable> {
        let list = |counts: &Counts| {
            [&counts.true_positives, &counts.false_positives, &counts.false_negatives, &counts.intermediate_weights]
                .map(Variable::clone)
                .to_vec()
        };
        self.counts.get().map(list).unwrap_or_default()
    }
}
