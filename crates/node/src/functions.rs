//! What a configuration describes and has no state: activations, regularizers, constraints, schedules, initializers.

use glorot_graph::Sym;
use glorot_nn::{activations, constraints, initializers, regularizers, schedules};
use glorot_tensor::{DType, Shape};
use napi_derive::napi;
use serde_json::Value;

use crate::config::parse;
use crate::error::{Failure, Result};
use crate::operand::{JsOperand, JsResult, Operand, run};
use crate::tensor::HostTensor;

/// Kinds of functions of one tensor.
#[napi(string_enum = "camelCase")]
pub enum FunctionKind {
    Activation,
    Regularizer,
    Constraint,
}

/// The serialized form of an object: checked, with the defaults filled in. `kind` is one of `activation`,
/// `regularizer`, `constraint`, `schedule`, `initializer`.
#[napi(catch_unwind)]
pub fn canonical(kind: String, json: String) -> Result<String> {
    let value = parse(&json)?;
    let canonical = match kind.as_str() {
        "activation" => activations::deserialize(&value)?.to_json(),
        "regularizer" => regularizers::deserialize(&value)?.map_or(Value::Null, |regularizer| regularizer.to_json()),
        "constraint" => constraints::deserialize(&value)?.map_or(Value::Null, |constraint| constraint.to_json()),
        "schedule" => schedules::deserialize(&value)?.to_json(),
        "initializer" => initializers::deserialize(&value)?.to_json(),
        other => return Err(Failure::config(format!("there are no configurations of kind '{other}'"))),
    };
    Ok(canonical.to_string())
}

/// Applies a function to a tensor: traced or at once.
#[napi(catch_unwind)]
pub fn call_function(kind: FunctionKind, json: String, x: JsOperand<'_>) -> Result<JsResult> {
    let value = parse(&json)?;
    let x = [Operand::from_js(x)?];
    match kind {
        FunctionKind::Activation => {
            let activation = activations::deserialize(&value)?;
            run(&x, |x| Ok(activation.apply(&x[0])?))
        }
        FunctionKind::Regularizer => {
            let regularizer = regularizers::deserialize(&value)?.ok_or_else(|| nothing("regularizer"))?;
            run(&x, |x| Ok(regularizer.penalty(&x[0])?))
        }
        FunctionKind::Constraint => {
            let constraint = constraints::deserialize(&value)?.ok_or_else(|| nothing("constraint"))?;
            run(&x, |x: &[Sym]| Ok(constraint.project(&x[0])?))
        }
    }
}

fn nothing(kind: &str) -> Failure {
    Failure::config(format!("{kind}: expected a name or {{ class_name, config }}, received null"))
}

/// The first value of a weight.
#[napi(catch_unwind)]
pub fn initialize(json: String, shape: Vec<u32>, dtype: String) -> Result<HostTensor> {
    let shape: Shape = shape.iter().map(|&dim| dim as usize).collect();
    let dtype = DType::from_name(&dtype)
        .ok_or_else(|| Failure::config(format!("dtype: expected float32, int32, uint8 or bool, received '{dtype}'")))?;
    let initializer = initializers::deserialize(&parse(&json)?)?;
    Ok(initializers::initialize(&*initializer, &shape, dtype)?.into())
}

/// The learning rate that a schedule gives for the update number `step`, counted from 0.
#[napi(catch_unwind)]
pub fn schedule_value(json: String, step: u32) -> Result<f64> {
    Ok(schedules::value_at(schedules::deserialize(&parse(&json)?)?.as_ref(), u64::from(step))?)
}

/// Makes all later random numbers of this thread a function of the seed.
#[napi(catch_unwind)]
pub fn set_seed(seed: f64) {
    glorot_nn::rng::set_seed(seed as u64);
}
