use std::cell::OnceCell;
use std::sync::Arc;

use crate::compiled::{Resolved, SharedOptimizer};
use crate::trace::{Mean, Reports};

/// What judges a model: losses and metrics with their running values.
pub(crate) struct Judge {
    pub optimizer: SharedOptimizer,
    /// Of the outputs that have a loss or metrics, in order.
    pub targets: Vec<Resolved>,
    /// True if the model has several outputs, whose names are then part of the names of the logs.
    pub named: bool,
    /// Total loss, with penalties, weighted by batch size.
    pub loss: Mean,
    /// With several losses, that of each target that has one.
    pub losses: Vec<Option<Mean>>,
    pub reports: OnceCell<Arc<Reports>>,
}

impl Judge {
    pub fn new(optimizer: SharedOptimizer, targets: Vec<Resolved>, named: bool) -> Judge {
        let several = targets.iter().filter(|target| target.loss.is_some()).count() > 1;
        let losses = targets.iter().map(|target| (several && target.loss.is_some()).then(Mean::new)).collect();
        Judge { optimizer, targets, named, loss: Mean::new(), losses, reports: OnceCell::new() }
    }

    /// Names of the outputs that have a loss or metrics.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.targets.iter().map(|target| target.output.as_str())
    }
}
