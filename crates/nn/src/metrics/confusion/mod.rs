//! Metrics of yes-or-no answers at thresholds.

pub(super) mod at_constraint;
pub(super) mod auc;
mod counts;
pub(super) mod negatives_positives;
pub(super) mod precision_recall;
#[cfg(test)]
mod tests;
mod thresholds;
mod top_k;

use counts::{Answers, ConfusionCounts};
use thresholds::Thresholds;
