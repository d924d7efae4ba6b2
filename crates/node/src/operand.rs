//! What ops compute with, and where: in a trace, or at once.

use glorot_graph::Sym;
use glorot_tensor::{DType, Shape, Tensor};
use napi::Either;
use napi::bindgen_prelude::{ClassInstance, Either4};
use napi_derive::napi;

use crate::eager;
use crate::error::{Failure, Result};
use crate::symbolic::{Frame, SymbolicTensor};
use crate::tensor::HostTensor;
use crate::variable::Variable;

/// An operand from JavaScript.
#[napi]
pub type JsOperand<'env> = Either4<ClassInstance<'env, SymbolicTensor>, ClassInstance<'env, Variable>, f64, HostTensor>;

/// A result for JavaScript: traced if an operand was.
#[napi]
pub type JsResult = Either<SymbolicTensor, HostTensor>;

/// An operand.
pub enum Operand {
    Traced(Sym),
    Variable(glorot_nn::Variable),
    Number(f64),
    Tensor(Tensor),
}

impl Operand {
    pub fn from_js(operand: JsOperand<'_>) -> Result<Operand> {
        Ok(match operand {
            Either4::A(traced) => Operand::Traced(traced.sym().clone()),
            Either4::B(variable) => Operand::Variable(variable.variable().clone()),
            Either4::C(number) => Operand::Number(number),
            Either4::D(tensor) => Operand::Tensor(tensor.into_tensor()?),
        })
    }

    pub fn all_from_js(operands: Vec<JsOperand<'_>>) -> Result<Vec<Operand>> {
        operands.into_iter().map(Operand::from_js).collect()
    }

    fn dtype(&self) -> Option<DType> {
        match self {
            Operand::Traced(sym) => Some(sym.dtype()),
            Operand::Variable(variable) => Some(variable.spec().dtype),
            Operand::Tensor(tensor) => Some(tensor.dtype()),
            Operand::Number(_) => None,
        }
    }

    /// Makes numbers scalars of the dtype of the first operand that has one, or float32.
    pub fn give_dtype(operands: &mut [Operand]) -> Result<()> {
        let dtype = number_dtype(operands);
        for operand in operands {
            if let Operand::Number(value) = operand {
                *operand = Operand::Tensor(scalar(*value, dtype)?);
            }
        }
        Ok(())
    }

    /// The operand in a trace. A number becomes a scalar of the given dtype.
    fn sym(&self, frame: &Frame, number: DType) -> Result<Sym> {
        Ok(match self {
            Operand::Traced(sym) => sym.clone(),
            Operand::Variable(variable) => frame.ctx()?.read(variable),
            Operand::Number(value) => frame.tracer().fill(checked(*value, number)?, Shape::scalar(), number),
            Operand::Tensor(tensor) => frame.tensor(tensor.clone()),
        })
    }
}

fn number_dtype(operands: &[Operand]) -> DType {
    operands.iter().find_map(Operand::dtype).unwrap_or(DType::F32)
}

fn scalar(value: f64, dtype: DType) -> Result<Tensor> {
    let value = checked(value, dtype)?;
    Ok(Tensor::from_f64(Shape::scalar(), dtype, &[value]).expect("one value has the shape of a scalar"))
}

/// A number that a dtype holds: others would be cut.
fn checked(value: f64, dtype: DType) -> Result<f64> {
    let (least, most) = match dtype {
        DType::I32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
        DType::U8 => (0.0, 255.0),
        DType::Bool => (0.0, 1.0),
        _ => return Ok(value),
    };
    if value.fract() == 0.0 && (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(Failure::config(format!("{value} is no {} value: cast the tensor that it is computed with", dtype.name())))
}

/// The operands in a trace; numbers take the dtype of the first operand that has one.
pub fn syms(frame: &Frame, operands: &[Operand]) -> Result<Vec<Sym>> {
    let dtype = number_dtype(operands);
    operands.iter().map(|operand| operand.sym(frame, dtype)).collect()
}

/// Builds a function of operands: in the current trace if an operand is traced or a variable of it, else in a trace of
/// its own that is run at once.
pub fn run(operands: &[Operand], build: impl FnOnce(&[Sym]) -> Result<Sym>) -> Result<JsResult> {
    let mut results = run_all(operands, |_, inputs| Ok(vec![build(inputs)?]))?;
    Ok(results.remove(0))
}

/// The same for functions of the trace with any number of results.
pub fn run_all(operands: &[Operand], build: impl FnOnce(&Frame, &[Sym]) -> Result<Vec<Sym>>) -> Result<Vec<JsResult>> {
    let is_traced = operands.iter().any(|operand| matches!(operand, Operand::Traced(_)));
    let has_variable = operands.iter().any(|operand| matches!(operand, Operand::Variable(_)));
    match Frame::current() {
        Some(frame) if is_traced || has_variable => trace(&frame, operands, build),
        None if is_traced => Err(Failure::config(
            "a traced tensor was used outside of the function that received it; it has no values there",
        )),
        _ => {
            let frame = Frame::of_function();
            for result in build(&frame, &syms(&frame, operands)?)? {
                frame.tracer().output(&result);
            }
            Ok(eager::run(&frame)?.into_iter().map(|output| Either::B(output.into())).collect())
        }
    }
}

/// The same for functions that read variables of their own, as layers do: in a trace they always take part in it.
pub fn run_with_states(
    operands: &[Operand],
    build: impl FnOnce(&Frame, &[Sym]) -> Result<Vec<Sym>>,
) -> Result<Vec<JsResult>> {
    match Frame::current() {
        Some(frame) => trace(&frame, operands, build),
        None => run_all(operands, build),
    }
}

fn trace(
    frame: &Frame,
    operands: &[Operand],
    build: impl FnOnce(&Frame, &[Sym]) -> Result<Vec<Sym>>,
) -> Result<Vec<JsResult>> {
    let results = build(frame, &syms(frame, operands)?)?;
    Ok(results.into_iter().map(|result| Either::A(SymbolicTensor::new(result))).collect())
}
