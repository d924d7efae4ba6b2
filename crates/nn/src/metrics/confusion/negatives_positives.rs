//! The four counts of a confusion matrix.

use glorot_graph::Sym;
use serde_json::Value;

use super::counts::Confusion;
use super::{Answers, ConfusionCounts, Thresholds};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::metrics::Metric;
use crate::metrics::serialized::{read_name, serialized};
use crate::names::snake_case;
use crate::variable::Variable;

/// The sum of the weights of the targets that are positive or negative and whose predictions exceed a threshold or not.
/// Targets and predictions have one shape; the result is a scalar, or one value a threshold.
struct Count {
    class: &'static str,
    name: String,
    thresholds: Value,
    counts: ConfusionCounts,
    which: fn(Confusion) -> Sym,
}

/// Options: `thresholds` (0.5; a number or a list, between 0 and 1).
fn read(class: &'static str, which: fn(Confusion) -> Sym, mut options: Options) -> Result<Box<dyn Metric>> {
    let (thresholds, given) = Thresholds::read(&mut options, 0.5)?;
    let counts = ConfusionCounts::new(class, thresholds, Answers::default())?;
    Ok(Box::new(Count { class, name: read_name(options, &snake_case(class))?, thresholds: given, counts, which }))
}

/// Positives with predictions above the threshold.
pub fn true_positives(options: Options) -> Result<Box<dyn Metric>> {
    read("TruePositives", |counts| counts.true_positives, options)
}

/// Negatives with predictions above the threshold.
pub fn false_positives(options: Options) -> Result<Box<dyn Metric>> {
    read("FalsePositives", |counts| counts.false_positives, options)
}

/// Negatives with predictions not above the threshold.
pub fn true_negatives(options: Options) -> Result<Box<dyn Metric>> {
    read("TrueNegatives", |counts| counts.true_negatives, options)
}

/// Positives with predictions not above the threshold.
pub fn false_negatives(options: Options) -> Result<Box<dyn Metric>> {
    read("FalseNegatives", |counts| counts.false_negatives, options)
}

impl Metric for Count {
    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> Value {
        serialized(self.class, &self.name, [("thresholds", self.thresholds.clone())])
    }

    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()> {
        self.counts.update(ctx, y_true, y_pred, sample_weight)
    }

    fn result(&self, ctx: &Context) -> Result<Sym> {
        ConfusionCounts::by_threshold(&(self.which)(self.counts.read(ctx)?))
    }

    fn variables(&self) -> Vec<Variable> {
        self.counts.variables()
    }
}
