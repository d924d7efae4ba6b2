//! Metrics from the matrix of targets and predicted classes.

pub(super) mod confusion_matrix;
pub(super) mod iou;
mod pairs;
#[cfg(test)]
mod tests;

use pairs::count_pairs;

use crate::config::Options;
use crate::error::Result;

/// The most classes of a matrix: it has as many columns as rows.
const MAX_CLASSES: usize = 1 << 15;

fn check_classes(options: &Options, classes: usize) -> Result<()> {
    options.check("num_classes", classes, classes <= MAX_CLASSES, "at most 32768")
}
