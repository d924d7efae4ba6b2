//! Metrics: those of the library, and means of what JavaScript functions compute.

use std::rc::Rc;

use glorot_graph::Sym;
use glorot_nn::metrics;
use glorot_tensor::{DType, Tensor};
use napi::Env;
use napi::bindgen_prelude::FnArgs;
use napi_derive::napi;
use serde_json::Value;

use crate::config::parse;
use crate::custom_metric::{CustomMetric, CustomMetricSpec};
use crate::eager;
use crate::error::{Result, keep_thrown};
use crate::jobs;
use crate::loss::LossFunction;
use crate::operand::{JsOperand, Operand, syms};
use crate::symbolic::{Frame, SymbolicTensor, returned};
use crate::tensor::HostTensor;
use crate::variable::Variable;

/// A value that is accumulated over batches.
#[napi]
pub struct Metric {
    metric: Rc<dyn metrics::Metric>,
}

impl Metric {
    pub fn shared(&self) -> Rc<dyn metrics::Metric> {
        self.metric.clone()
    }
}

#[napi]
impl Metric {
    /// A metric from an id or `{ class_name, config }` as JSON.
    #[napi(factory, catch_unwind)]
    pub fn deserialize(json: String) -> Result<Metric> {
        Ok(Metric { metric: metrics::deserialize(&parse(&json)?)?.into() })
    }

    /// The mean of what a function makes of targets and predictions: a value for each sample, or one for the batch.
    #[napi(factory, catch_unwind)]
    pub fn of_function(
        env: Env,
        name: String,
        #[napi(ts_arg_type = "(yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor")] compute: LossFunction,
    ) -> Metric {
        Metric { metric: Rc::new(metrics::Mean::new(CustomValues { env, function: compute }, name)) }
    }

    /// A metric written in JavaScript.
    #[napi(factory, catch_unwind)]
    pub fn custom(env: Env, spec: CustomMetricSpec) -> Metric {
        Metric { metric: Rc::new(CustomMetric { env, spec }) }
    }

    #[napi(getter, catch_unwind)]
    pub fn name(&self) -> &str {
        self.metric.name()
    }

    #[napi(catch_unwind)]
    pub fn to_json(&self) -> String {
        self.metric.to_json().to_string()
    }

    #[napi(catch_unwind)]
    pub fn variables(&self) -> Vec<Variable> {
        self.metric.variables().into_iter().map(Variable::of).collect()
    }

    /// Adds a batch: targets, predictions, and weights of the samples if there are any.
    #[napi(catch_unwind)]
    pub fn update(&self, operands: Vec<JsOperand<'_>>) -> Result<()> {
        let frame = Frame::of_function();
        let operands = syms(&frame, &Operand::all_from_js(operands)?)?;
        self.metric.update(frame.ctx()?, &operands[0], &operands[1], operands.get(2))?;
        eager::run(&frame)?;
        Ok(())
    }

    /// The value so far.
    #[napi(catch_unwind)]
    pub fn result(&self) -> Result<HostTensor> {
        jobs::sync()?;
        let frame = Frame::of_function();
        let result = self.metric.result(frame.ctx()?)?;
        frame.tracer().output(&result);
        Ok(eager::run(&frame)?.remove(0).into())
    }

    /// Begins anew.
    #[napi(catch_unwind)]
    pub fn reset(&self) -> Result<()> {
        for variable in self.metric.variables() {
            variable.assign(Tensor::zeros(variable.spec().shape.clone(), variable.spec().dtype))?;
        }
        Ok(())
    }
}

/// Values of a metric that a JavaScript function computes. It is called while a step is traced, never while it runs.
struct CustomValues {
    env: Env,
    function: LossFunction,
}

impl metrics::Values for CustomValues {
    fn class_name(&self) -> &'static str {
        "function"
    }

    /// A function has no serialized form.
    fn to_json(&self, _: &str) -> Value {
        Value::Null
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> glorot_nn::Result<Sym> {
        let thrown = |error: napi::Error| keep_thrown(self.env, error);
        let function = self.function.borrow_back(&self.env).map_err(thrown)?;
        let arguments = (SymbolicTensor::new(y_true.clone()), SymbolicTensor::new(y_pred.clone()));
        let values = Frame::of_loss(y_true.tracer()).during(|| function.call(FnArgs::from(arguments)));
        let values = values.map_err(thrown)?;
        let values = returned("metric", y_true.tracer(), &values)?.cast(DType::F32)?;
        // One value for the batch stands for all of its samples.
        match (values.rank(), y_pred.shape().first()) {
            (0, Some(&samples)) => Ok(values.broadcast_to([samples])?),
            _ => Ok(values),
        }
    }
}
