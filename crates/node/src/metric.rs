//! Metrics of JavaScript.

use std::rc::Rc;

use glorot_nn::metrics;
use glorot_tensor::Tensor;
use napi_derive::napi;

use crate::config::parse;
use crate::eager;
use crate::error::Result;
use crate::operand::{JsOperand, Operand, syms};
use crate::symbolic::Frame;
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
