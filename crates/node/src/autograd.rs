//! Gradients of functions written in JavaScript.

use napi::Env;
use napi::bindgen_prelude::{ClassInstance, Function};
use napi_derive::napi;

use crate::eager;
use crate::error::{Failure, Result, keep_thrown};
use crate::operand::{JsOperand, Operand, syms};
use crate::symbolic::{Frame, SymbolicTensor, returned};
use crate::tensor::HostTensor;

/// A value and its gradients.
#[napi(object, object_from_js = false)]
pub struct ValueAndGrads {
    pub value: HostTensor,
    pub grads: Vec<HostTensor>,
}

/// Calls a function with traced tensors in place of its arguments and computes its value and its gradient with regard
/// to each.
#[napi(catch_unwind)]
pub fn value_and_grad(
    env: Env,
    #[napi(ts_arg_type = "(inputs: SymbolicTensor[]) => SymbolicTensor")] f: Function<
        '_,
        Vec<SymbolicTensor>,
        ClassInstance<'_, SymbolicTensor>,
    >,
    arguments: Vec<JsOperand<'_>>,
) -> Result<ValueAndGrads> {
    let arguments = Operand::all_from_js(arguments)?;
    if arguments.iter().any(|argument| matches!(argument, Operand::Traced(_))) {
        return Err(Failure::config("grad: the arguments must have values; received a traced tensor"));
    }
    let frame = Frame::of_function();
    let wrt = syms(&frame, &arguments)?;
    let inputs = wrt.iter().cloned().map(SymbolicTensor::new).collect();
    let tracer = frame.tracer();
    let value = frame.during(|| f.call(inputs)).map_err(|error| keep_thrown(env, error))?;
    let value = returned("grad", tracer, &value)?;
    tracer.output(&value);
    for gradient in tracer.gradients(&value, &wrt)? {
        tracer.output(&gradient);
    }
    let mut outputs = eager::run(&frame)?.into_iter().map(HostTensor::from);
    let value = outputs.next().ok_or_else(|| Failure::config("grad: the function has no value"))?;
    Ok(ValueAndGrads { value, grads: outputs.collect() })
}
