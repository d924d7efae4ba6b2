//! Which part of the yeses is right, and which part of the positives is found.

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::counts::Confusion;
use super::top_k::NONE;
use super::{Answers, ConfusionCounts, Thresholds};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::metrics::Metric;
use crate::metrics::serialized::{read_name, serialized};
use crate::names::snake_case;
use crate::variable::Variable;

/// A ratio of counts over all samples so far; 0 if it is 0 / 0. Targets and predictions have one shape; the result is a
/// scalar, or one value a threshold.
///
/// With `top_k` only the largest predictions of a sample are yeses, whatever their value unless there are thresholds.
/// With `class_id` only that class, at the last axis, is counted.
struct Ratio {
    class: &'static str,
    name: String,
    thresholds: Value,
    answers: Answers,
    counts: ConfusionCounts,
    ratio: fn(&Confusion) -> Result<Sym>,
}

/// Options: `thresholds` (0.5, none with `top_k`; a number or a list, between 0 and 1), `top_k` (none, at least 1),
/// `class_id` (all).
fn read(class: &'static str, ratio: fn(&Confusion) -> Result<Sym>, mut options: Options) -> Result<Box<dyn Metric>> {
    let answers = Answers {
        top_k: options.optional_positive("top_k")?,
        class_id: options.optional_size("class_id")?,
        ..Answers::default()
    };
    // What top_k leaves out does not exceed this; everything else does.
    let default = if answers.top_k.is_some() { NONE } else { 0.5 };
    let (thresholds, given) = Thresholds::read(&mut options, default)?;
    let counts = ConfusionCounts::new(class, thresholds, answers.clone())?;
    let name = read_name(options, &snake_case(class))?;
    Ok(Box::new(Ratio { class, name, thresholds: given, answers, counts, ratio }))
}

/// `tp / (tp + fp)`.
pub fn precision(options: Options) -> Result<Box<dyn Metric>> {
    read("Precision", Confusion::precision, options)
}

/// `tp / (tp + fn)`.
pub fn recall(options: Options) -> Result<Box<dyn Metric>> {
    read("Recall", Confusion::recall, options)
}

impl Metric for Ratio {
    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> Value {
        let (top_k, class_id) = (json!(self.answers.top_k), json!(self.answers.class_id));
        let own = [("thresholds", self.thresholds.clone()), ("top_k", top_k), ("class_id", class_id)];
        serialized(self.class, &self.name, own)
    }

    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()> {
        self.counts.update(ctx, y_true, y_pred, sample_weight)
    }

    fn result(&self, ctx: &Context) -> Result<Sym> {
        ConfusionCounts::by_threshold(&(self.ratio)(&self.counts.read(ctx)?)?)
    }

    fn variables(&self) -> Vec<Variable> {
        self.counts.variables()
    }
}
