//! What `compile` is told.

use std::rc::Rc;
use std::sync::Arc;

use glorot_cuda::Precision;
use glorot_graph::device::Device;
use glorot_nn::{losses, metrics};
use glorot_tensor::Shape;
use glorot_train::{Compiled, LossChoice, MetricChoice, Target};
use napi::Env;
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;

use crate::config::parse;
use crate::device::{self, DeviceOptions};
use crate::error::{Failure, Result};
use crate::loss::{CustomLoss, LossFunction};
use crate::metric::Metric;
use crate::optimizer::Optimizer;

/// How a model is trained and judged.
#[napi(object, object_to_js = false)]
pub struct CompileSpec<'env> {
    pub optimizer: ClassInstance<'env, Optimizer>,
    /// One for each output of the model, in order.
    pub targets: Vec<TargetSpec<'env>>,
    /// `auto`, `cpu`, `cuda`, `cuda:1`.
    pub device: Option<String>,
    pub threads: Option<u32>,
    /// Of products: `float32`, `tf32`, `bfloat16`, `float16`.
    pub precision: Option<String>,
    /// Bytes of a GPU that all models may take.
    pub memory_limit: Option<f64>,
}

/// The loss and the metrics of one output.
#[napi(object, object_to_js = false)]
pub struct TargetSpec<'env> {
    /// An id or `{ class_name, config }` as JSON.
    pub loss: Option<String>,
    #[napi(ts_type = "((yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor) | undefined")]
    pub loss_function: Option<LossFunction>,
    /// Name of the function in logs.
    pub loss_name: Option<String>,
    pub loss_weight: Option<f64>,
    pub metrics: Vec<MetricSpec<'env>>,
    pub weighted_metrics: Vec<MetricSpec<'env>>,
}

/// A metric: one of the two.
#[napi(object, object_to_js = false)]
pub struct MetricSpec<'env> {
    /// An id or `{ class_name, config }` as JSON.
    pub json: Option<String>,
    pub metric: Option<ClassInstance<'env, Metric>>,
}

impl CompileSpec<'_> {
    /// The precision that the options name.
    pub fn precision(&self) -> Result<Option<Precision>> {
        self.precision.as_deref().map(device::precision).transpose()
    }

    /// The device that the options name, and why it is not a GPU if that is for a problem with it.
    pub fn device(&self) -> Result<(Arc<dyn Device>, Option<String>)> {
        let options = DeviceOptions {
            threads: self.threads.map(|threads| threads as usize),
            precision: self.precision()?,
            memory_limit: self.memory_limit.map(device::memory_limit).transpose()?,
        };
        device::get(self.device.as_deref().unwrap_or("auto"), options)
    }

    /// Names and options are checked now, as far as they do not depend on data.
    pub fn into_compiled(self, env: Env) -> Result<Compiled> {
        let targets = self.targets.into_iter().map(|target| target.into_target(env)).collect::<Result<_>>()?;
        Ok(Compiled { optimizer: self.optimizer.shared(), targets })
    }
}

impl TargetSpec<'_> {
    fn into_target(self, env: Env) -> Result<Target> {
        let loss = match (self.loss, self.loss_function) {
            (_, Some(function)) => {
                let name = self.loss_name.unwrap_or_else(|| "loss".into());
                Some(LossChoice::Given(Rc::new(CustomLoss { env, name, function })))
            }
            (Some(json), None) => {
                let value = parse(&json)?;
                losses::deserialize_for(&value, &any_shape(), &any_shape())?;
                Some(LossChoice::Named(value))
            }
            (None, None) => None,
        };
        Ok(Target {
            loss,
            loss_weight: self.loss_weight,
            metrics: self.metrics.into_iter().map(MetricSpec::into_choice).collect::<Result<_>>()?,
            weighted_metrics: self.weighted_metrics.into_iter().map(MetricSpec::into_choice).collect::<Result<_>>()?,
        })
    }
}

impl MetricSpec<'_> {
    fn into_choice(self) -> Result<MetricChoice> {
        match (self.json, self.metric) {
            (_, Some(metric)) => Ok(MetricChoice::Given(metric.shared())),
            (Some(json), None) => {
                let value = parse(&json)?;
                metrics::deserialize_for(&value, &any_shape(), &any_shape())?;
                Ok(MetricChoice::Named(value))
            }
            (None, None) => Err(Failure::config("metrics: expected a name, a metric or { class_name, config }")),
        }
    }
}

/// Stands for the shapes of data that is not there yet.
fn any_shape() -> Shape {
    Shape::from([1, 2])
}
