//! What `compile` fixes: how a model is trained and judged.

use std::cell::RefCell;
use std::rc::Rc;

use glorot_nn::losses::{self, Loss};
use glorot_nn::metrics::{self, Metric};
use glorot_nn::optimizers::Optimizer;
use glorot_tensor::Shape;
use serde_json::Value;

use crate::error::Result;

/// A loss.
#[derive(Clone)]
pub enum LossChoice {
    /// An id (`"mse"`), or `{ class_name, config }`. `"crossentropy"` means the one that fits the first targets.
    Named(Value),
    Given(Rc<dyn Loss>),
}

/// A metric.
#[derive(Clone)]
pub enum MetricChoice {
    /// An id (`"mse"`), or `{ class_name, config }`. `"accuracy"` means the one that fits the first targets.
    Named(Value),
    Given(Rc<dyn Metric>),
}

/// The loss and the metrics of one output of a model.
#[derive(Clone, Default)]
pub struct Target {
    /// `None`: this output has no part in the loss.
    pub loss: Option<LossChoice>,
    /// Its part in the total loss. Default 1.
    pub loss_weight: Option<f64>,
    /// Metrics that count every sample alike, as Keras's `metrics`.
    pub metrics: Vec<MetricChoice>,
    /// Metrics that count samples by their weights, as Keras's `weighted_metrics`.
    pub weighted_metrics: Vec<MetricChoice>,
}

impl Target {
    /// A loss and metrics by their ids.
    pub fn named(loss: &str, metrics: &[&str]) -> Target {
        let metrics = metrics.iter().map(|&metric| MetricChoice::Named(metric.into())).collect();
        Target { loss: Some(LossChoice::Named(loss.into())), metrics, ..Target::default() }
    }

    /// True if the output needs targets.
    pub(crate) fn is_used(&self) -> bool {
        self.loss.is_some() || !self.metrics.is_empty() || !self.weighted_metrics.is_empty()
    }

    /// Loss and metrics for targets and predictions of the given shapes.
    pub(crate) fn resolve(&self, index: usize, name: &str, y_true: &Shape, y_pred: &Shape) -> Result<Resolved> {
        let loss = match &self.loss {
            None => None,
            Some(LossChoice::Given(loss)) => Some(loss.clone()),
            Some(LossChoice::Named(value)) => Some(losses::deserialize_for(value, y_true, y_pred)?.into()),
        };
        let metric = |choice: &MetricChoice| -> Result<Rc<dyn Metric>> {
            match choice {
                MetricChoice::Given(metric) => Ok(metric.clone()),
                MetricChoice::Named(value) => Ok(metrics::deserialize_for(value, y_true, y_pred)?.into()),
            }
        };
        let plain = self.metrics.iter().map(|choice| Ok((metric(choice)?, false)));
        let weighted = self.weighted_metrics.iter().map(|choice| Ok((metric(choice)?, true)));
        Ok(Resolved {
            index,
            output: name.into(),
            loss,
            loss_weight: self.loss_weight.unwrap_or(1.0),
            metrics: plain.chain(weighted).collect::<Result<_>>()?,
        })
    }
}

/// A [`Target`] of an output that is used.
pub(crate) struct Resolved {
    /// Number of the output.
    pub index: usize,
    /// Name of the output.
    pub output: String,
    pub loss: Option<Rc<dyn Loss>>,
    pub loss_weight: f64,
    /// In the order of the logs; true: counts samples by their weights.
    pub metrics: Vec<(Rc<dyn Metric>, bool)>,
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
