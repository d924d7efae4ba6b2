//! Area under a curve of ratios, over all thresholds.

use glorot_graph::Sym;
use glorot_tensor::Tensor;
use serde_json::{Value, json};

use super::counts::Confusion;
use super::{Answers, ConfusionCounts, Thresholds};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::metrics::Metric;
use crate::metrics::mean::divide_no_nan;
use crate::metrics::serialized::{read_name, serialized};
use crate::variable::Variable;

/// What is drawn over what.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Curve {
    /// Recall over the false positive rate.
    Roc,
    /// Precision over recall.
    Pr,
    /// Precision gain over recall gain (Flach and Kull 2015).
    PrGain,
}

/// The height of the curve between two thresholds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Summation {
    /// The mean of both ends; for precision over recall the curve between them (Davis and Goadrich 2006).
    Interpolation,
    /// The lower end.
    Minoring,
    /// The upper end.
    Majoring,
}

const CURVES: &[(&str, Curve)] = &[("ROC", Curve::Roc), ("PR", Curve::Pr), ("PRGAIN", Curve::PrGain)];
const SUMMATIONS: &[(&str, Summation)] = &[
    ("interpolation", Summation::Interpolation),
    ("minoring", Summation::Minoring),
    ("majoring", Summation::Majoring),
];

/// The area under a curve that has one point a threshold: of `ROC` (default) the probability that a positive is given a
/// larger prediction than a negative. Targets and predictions (probabilities) have one shape.
///
/// With `multi_label` they are `[batch, classes]` and the result is the mean over the classes of their areas, weighed by
/// `label_weights`; without it these weigh the entries. With `from_logits` predictions are given as logits.
struct Auc {
    name: String,
    num_thresholds: usize,
    curve: Curve,
    summation: Summation,
    num_labels: Option<usize>,
    label_weights: Option<Vec<f64>>,
    by_label: bool,
    from_logits: bool,
    thresholds: Option<Vec<f64>>,
    counts: ConfusionCounts,
}

/// Options: `num_thresholds` (200, at least 2, at equal distances; the outer ones lie outside of `[0, 1]`), `curve`
/// (`ROC`), `summation_method` (`interpolation`), `thresholds` (in place of equal distances, between 0 and 1),
/// `multi_label` (false), `num_labels` (that of the first predictions), `label_weights` (none), `from_logits` (false).
pub fn read(mut options: Options) -> Result<Box<dyn Metric>> {
    let curve = options.choice("curve", CURVES, Curve::Roc)?;
    let summation = options.choice("summation_method", SUMMATIONS, Summation::Interpolation)?;
    let given = options.optional_int("num_thresholds")?.unwrap_or(200);
    let thresholds = options.optional_floats("thresholds")?.map(|mut thresholds| {
        thresholds.sort_by(f64::total_cmp);
        thresholds
    });
    if let Some(thresholds) = &thresholds {
        let fits = thresholds.iter().all(|threshold| (0.0..=1.0).contains(threshold));
        options.check("thresholds", format!("{thresholds:?}"), fits, "numbers between 0 and 1")?;
    } else {
        options.check("num_thresholds", given, (2..=1 << 20).contains(&given), "between 2 and 1048576")?;
    }
    let by_label = options.bool("multi_label", false)?;
    let num_labels = options.optional_positive("num_labels")?;
    let label_weights = options.optional_floats("label_weights")?;
    if let Some(weights) = &label_weights {
        let fits = weights.iter().all(|&weight| weight >= 0.0);
        options.check("label_weights", format!("{weights:?}"), fits, "numbers of at least 0")?;
        if let Some(labels) = num_labels.filter(|&labels| labels != weights.len()) {
            let message = format!("must have one entry a label, {labels}; received {}", weights.len());
            return Err(options.error(format!("option 'label_weights' {message}")));
        }
    }
    if num_labels.is_some() && !by_label {
        return Err(options.error("option 'num_labels' has a meaning only if 'multi_label' is true"));
    }
    let from_logits = options.bool("from_logits", false)?;
    let name = read_name(options, "auc")?;

    let of_entries = if by_label { None } else { label_weights.clone() };
    let answers = Answers { label_weights: of_entries, by_class: by_label, ..Answers::default() };
    let points = match &thresholds {
        Some(thresholds) => Thresholds::covering_these(thresholds.clone()),
        None => Thresholds::covering(given as usize),
    };
    let num_thresholds = points.len();
    let counts = ConfusionCounts::new("AUC", points, answers)?;
    if let Some(labels) = num_labels {
        counts.table_of(labels)?;
    }
    Ok(Box::new(Auc {
        name,
        num_thresholds,
        curve,
        summation,
        num_labels,
        label_weights,
        by_label,
        from_logits,
        thresholds,
        counts,
    }))
}

/// The name of a choice.
fn word<T: PartialEq>(choices: &[(&'static str, T)], chosen: T) -> &'static str {
    choices.iter().find(|(_, choice)| *choice == chosen).map_or("", |(word, _)| word)
}

/// The values at all thresholds but the last, and at all but the first.
fn neighbours(values: &Sym) -> Result<(Sym, Sym)> {
    let mut size = values.shape().to_vec();
    size[0] -= 1;
    let mut second = vec![0; size.len()];
    second[0] = 1;
    Ok((values.slice(&vec![0; size.len()], &size)?, values.slice(&second, &size)?))
}

impl Auc {
    /// The parts of the area between neighbouring thresholds: `[thresholds - 1, …]`.
    fn areas(&self, counts: &Confusion) -> Result<Sym> {
        let (x, y) = match self.curve {
            Curve::Pr if self.summation == Summation::Interpolation => return interpolated_precision(counts),
            Curve::Roc => (counts.false_positive_rate()?, counts.recall()?),
            Curve::Pr => (counts.recall()?, counts.precision()?),
            Curve::PrGain => gains(counts)?,
        };
        let ((left, right), (x_left, x_right)) = (neighbours(&y)?, neighbours(&x)?);
        let heights = match self.summation {
            Summation::Interpolation => left.add(&right)?.div_scalar(2.0)?,
            Summation::Minoring => left.minimum(&right)?,
            Summation::Majoring => left.maximum(&right)?,
        };
        Ok(x_left.sub(&x_right)?.mul(&heights)?)
    }
}

/// The area under precision over recall, where true positives and yeses both vary linearly between thresholds:
/// `slope (dTP + intercept log(P_a / P_b)) / (TP + FN)`.
fn interpolated_precision(counts: &Confusion) -> Result<Sym> {
    let yes = counts.true_positives.add(&counts.false_positives)?;
    let ((tp_a, tp_b), (yes_a, yes_b)) = (neighbours(&counts.true_positives)?, neighbours(&yes)?);
    let change = tp_a.sub(&tp_b)?;
    let slope = divide_no_nan(&change, &yes_a.sub(&yes_b)?.maximum_scalar(0.0)?)?;
    let intercept = tp_b.sub(&slope.mul(&yes_b)?)?;
    let zero = yes_a.scalar_like(0.0);
    let both = yes_a.greater(&zero)?.and(&yes_b.greater(&zero)?)?;
    let ratio = both.select(&divide_no_nan(&yes_a, &yes_b)?, &zero.scalar_like(1.0))?;
    let area = slope.mul(&change.add(&intercept.mul(&ratio.log()?)?)?)?;
    let (_, missed) = neighbours(&counts.false_negatives)?;
    divide_no_nan(&area, &tp_b.add(&missed)?)
}

/// Recall gain and precision gain; without true positives 0 and 1, and a negative recall gain is 0.
fn gains(counts: &Confusion) -> Result<(Sym, Sym)> {
    let Confusion { true_positives: tp, false_positives: fp, true_negatives: tn, false_negatives: missed } = counts;
    let scale = divide_no_nan(&tp.add(missed)?, &tn.add(fp)?)?;
    let one = tp.scalar_like(1.0);
    let gain = |wrong: &Sym| -> Result<Sym> { Ok(one.sub(&scale.mul(&divide_no_nan(wrong, tp)?)?)?) };
    let nothing = tp.equal(&tp.scalar_like(0.0))?;
    let recall = nothing.select(&tp.scalar_like(0.0), &gain(missed)?)?.maximum_scalar(0.0)?;
    Ok((recall, nothing.select(&one, &gain(fp)?)?))
}

impl Metric for Auc {
    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> Value {
        let mut own = vec![
            ("num_thresholds", json!(self.num_thresholds)),
            ("curve", json!(word(CURVES, self.curve))),
            ("summation_method", json!(word(SUMMATIONS, self.summation))),
            ("multi_label", json!(self.by_label)),
            ("num_labels", json!(self.num_labels)),
            ("label_weights", json!(self.label_weights)),
            ("from_logits", json!(self.from_logits)),
        ];
        own.extend(self.thresholds.iter().map(|thresholds| ("thresholds", json!(thresholds))));
        serialized("AUC", &self.name, own)
    }

    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()> {
        let labels = y_pred.shape().last().copied().unwrap_or(1);
        if let Some(weights) = self.label_weights.as_ref().filter(|weights| self.by_label && weights.len() != labels) {
            let message = format!("must have one entry a label, {labels}; received {}", weights.len());
            return Err(Error::config("AUC", format!("option 'label_weights' {message}")));
        }
        let probabilities = if self.from_logits { y_pred.sigmoid()? } else { y_pred.clone() };
        self.counts.update(ctx, y_true, &probabilities, sample_weight)
    }

    fn result(&self, ctx: &Context) -> Result<Sym> {
        let area = self.areas(&self.counts.read(ctx)?)?.sum(&[0], false)?;
        match &self.label_weights {
            Some(weights) if self.by_label => {
                let weights = weights.iter().map(|&weight| weight as f32).collect::<Vec<_>>();
                let weights = area.tracer().constant(Tensor::f32([weights.len()], weights)?);
                divide_no_nan(&area.mul(&weights)?.sum_all()?, &weights.sum_all()?)
            }
            _ => Ok(area.mean_all()?),
        }
    }

    fn variables(&self) -> Vec<Variable> {
        self.counts.variables()
    }
}
