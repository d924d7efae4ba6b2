//! The best value of one ratio where another one is high enough.

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::counts::Confusion;
use super::{Answers, ConfusionCounts, Thresholds};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::metrics::Metric;
use crate::metrics::serialized::{read_name, serialized};
use crate::names::snake_case;
use crate::variable::Variable;

/// What is asked for, and what must be reached.
#[derive(Clone, Copy)]
struct Kind {
    class: &'static str,
    /// The option that says what must be reached.
    option: &'static str,
    best: fn(&Confusion) -> Result<Sym>,
    constrained: fn(&Confusion) -> Result<Sym>,
}

/// The largest value of a ratio among the thresholds at which another ratio is at least a given value; 0 if it is so at
/// none. Targets and predictions (probabilities) have one shape.
struct AtConstraint {
    kind: Kind,
    name: String,
    value: f64,
    num_thresholds: usize,
    class_id: Option<usize>,
    counts: ConfusionCounts,
}

/// Options: the value that must be reached (between 0 and 1, must be given), `num_thresholds` (200, at equal distances
/// from 0 to 1; of one: 0.5), `class_id` (all).
fn read(kind: Kind, mut options: Options) -> Result<Box<dyn Metric>> {
    let value = options.optional_float(kind.option)?;
    let Some(value) = value.filter(|value| (0.0..=1.0).contains(value)) else {
        let received = value.map_or("nothing".into(), |value| value.to_string());
        let option = kind.option;
        return Err(options.error(format!("option '{option}' must be a number between 0 and 1; received {received}")));
    };
    let num_thresholds = options.optional_positive("num_thresholds")?.unwrap_or(200);
    let fits = (1..=1 << 20).contains(&num_thresholds);
    options.check("num_thresholds", num_thresholds, fits, "between 1 and 1048576")?;
    let class_id = options.optional_size("class_id")?;
    let answers = Answers { class_id, ..Answers::default() };
    let counts = ConfusionCounts::new(kind.class, Thresholds::spread(num_thresholds), answers)?;
    let name = read_name(options, &snake_case(kind.class))?;
    Ok(Box::new(AtConstraint { kind, name, value, num_thresholds, class_id, counts }))
}

/// The best precision where recall is at least `recall`.
pub fn precision_at_recall(options: Options) -> Result<Box<dyn Metric>> {
    let (best, constrained) = (Confusion::precision, Confusion::recall);
    read(Kind { class: "PrecisionAtRecall", option: "recall", best, constrained }, options)
}

/// The best recall where precision is at least `precision`.
pub fn recall_at_precision(options: Options) -> Result<Box<dyn Metric>> {
    let (best, constrained) = (Confusion::recall, Confusion::precision);
    read(Kind { class: "RecallAtPrecision", option: "precision", best, constrained }, options)
}

/// The best sensitivity (recall) where specificity is at least `specificity`.
pub fn sensitivity_at_specificity(options: Options) -> Result<Box<dyn Metric>> {
    let (best, constrained) = (Confusion::recall, Confusion::specificity);
    read(Kind { class: "SensitivityAtSpecificity", option: "specificity", best, constrained }, options)
}

/// The best specificity where sensitivity (recall) is at least `sensitivity`.
pub fn specificity_at_sensitivity(options: Options) -> Result<Box<dyn Metric>> {
    let (best, constrained) = (Confusion::specificity, Confusion::recall);
    read(Kind { class: "SpecificityAtSensitivity", option: "sensitivity", best, constrained }, options)
}

impl Metric for AtConstraint {
    fn name(&self) -> &str {
        &self.name
    }

    fn to_json(&self) -> Value {
        let own = [
            ("class_id", json!(self.class_id)),
            ("num_thresholds", json!(self.num_thresholds)),
            (self.kind.option, json!(self.value)),
        ];
        serialized(self.kind.class, &self.name, own)
    }

    fn update(&self, ctx: &Context, y_true: &Sym, y_pred: &Sym, sample_weight: Option<&Sym>) -> Result<()> {
        self.counts.update(ctx, y_true, y_pred, sample_weight)
    }

    fn result(&self, ctx: &Context) -> Result<Sym> {
        let counts = self.counts.read(ctx)?;
        let (best, constrained) = ((self.kind.best)(&counts)?, (self.kind.constrained)(&counts)?);
        let reached = constrained.greater_equal(&constrained.scalar_like(self.value))?;
        Ok(reached.select(&best, &best.scalar_like(0.0))?.max(&[0], false)?)
    }

    fn variables(&self) -> Vec<Variable> {
        self.counts.variables()
    }
}
