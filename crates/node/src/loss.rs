//! Losses: those of the library, and those written in JavaScript.

use glorot_graph::Sym;
use glorot_nn::losses::{self, Loss, Targets};
use napi::Env;
use napi::bindgen_prelude::{ClassInstance, FnArgs, FunctionRef};
use napi_derive::napi;
use serde_json::Value;

use crate::config::parse;
use crate::error::{Result, keep_thrown};
use crate::operand::{JsOperand, JsResult, Operand, run};
use crate::symbolic::{Frame, SymbolicTensor, returned};

/// The serialized form of a loss: checked, with the defaults filled in.
#[napi(catch_unwind)]
pub fn canonical_loss(json: String) -> Result<String> {
    Ok(losses::deserialize(&parse(&json)?)?.to_json().to_string())
}

/// The reduced loss of a batch. Operands: targets, predictions, and weights of the samples if there are any.
#[napi(catch_unwind)]
pub fn call_loss(json: String, operands: Vec<JsOperand<'_>>) -> Result<JsResult> {
    let loss = losses::deserialize(&parse(&json)?)?;
    run(&Operand::all_from_js(operands)?, |operands| Ok(loss.value(&operands[0], &operands[1], operands.get(2))?))
}

/// Targets and predictions to losses: of each sample, or reduced.
pub type LossFunction = FunctionRef<FnArgs<(SymbolicTensor, SymbolicTensor)>, ClassInstance<'static, SymbolicTensor>>;

/// A loss that is a JavaScript function. It is called while a step is traced, never while it runs.
pub struct CustomLoss {
    pub env: Env,
    pub name: String,
    pub function: LossFunction,
}

impl Loss for CustomLoss {
    fn name(&self) -> &str {
        &self.name
    }

    /// A function has no serialized form.
    fn to_json(&self) -> Value {
        Value::Null
    }

    fn targets(&self) -> Targets {
        Targets::Anything
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> glorot_nn::Result<Sym> {
        let thrown = |error: napi::Error| keep_thrown(self.env, error);
        let function = self.function.borrow_back(&self.env).map_err(thrown)?;
        let arguments = (SymbolicTensor::new(y_true.clone()), SymbolicTensor::new(y_pred.clone()));
        let losses = Frame::of_loss(y_true.tracer()).during(|| function.call(FnArgs::from(arguments)));
        let losses = losses.map_err(thrown)?;
        let losses = returned(&format!("loss '{}'", self.name), y_true.tracer(), &losses)?;
        if losses.dtype().is_float() {
            return Ok(losses);
        }
        let message = format!("its result must be float32, received {}: cast it", losses.dtype());
        Err(glorot_nn::Error::config(format!("loss '{}'", self.name), message))
    }
}
