//! What `compile` fixes: how a model is trained and judged.

use std::cell::RefCell;
use std::rc::Rc;

use glorot_nn::losses::Loss;
use glorot_nn::metrics::Metric;
use glorot_nn::optimizers::Optimizer;

/// The loss and the metrics of one output of a model.
#[derive(Clone)]
pub struct Target {
    /// `None`: this output has no part in the loss.
    pub loss: Option<Rc<dyn Loss>>,
    /// Its part in the total loss. Default 1.
    pub loss_weight: f64,
    /// Metrics that count every sample alike, as Keras's `metrics`.
    pub metrics: Vec<Rc<dyn Metric>>,
    /// Metrics that count samples by their weights, as Keras's `weighted_metrics`.
    pub weighted_metrics: Vec<Rc<dyn Metric>>,
}

impl Target {
    /// A loss without metrics.
    pub fn new(loss: Rc<dyn Loss>) -> Target {
        Target { loss: Some(loss), loss_weight: 1.0, metrics: Vec::new(), weighted_metrics: Vec::new() }
    }

    /// Adds a metric.
    pub fn with_metric(mut self, metric: Rc<dyn Metric>) -> Target {
        self.metrics.push(metric);
        self
    }

    /// True if the output needs targets.
    pub(crate) fn is_used(&self) -> bool {
        self.loss.is_some() || self.all_metrics().next().is_some()
    }

    /// The metrics in the order of the logs, with a mark for those that count samples by weight.
    pub(crate) fn all_metrics(&self) -> impl Iterator<Item = (&Rc<dyn Metric>, bool)> {
        let plain = self.metrics.iter().map(|metric| (metric, false));
        plain.chain(self.weighted_metrics.iter().map(|metric| (metric, true)))
    }
}

/// An optimizer that a model shares with its user (who may read its learning rate).
pub type SharedOptimizer = Rc<RefCell<Box<dyn Optimizer>>>;

/// How a model is trained and judged.
#[derive(Clone)]
pub struct Compiled {
    pub optimizer: SharedOptimizer,
    /// One for each output of the model, in order.
    pub targets: Vec<Target>,
}
