//! Metrics from the matrix of targets and predicted classes.

pub(super) mod confusion_matrix;
pub(super) mod iou;
mod pairs;
#[cfg(test)]
mod tests;

use pairs::count_pairs;
