//! Variables of JavaScript.

use napi_derive::napi;

use crate::error::{Failure, Result};
use crate::jobs;
use crate::symbolic::{Frame, SymbolicTensor};
use crate::tensor::{HostTensor, dims};

/// A tensor whose value changes.
#[napi]
pub struct Variable {
    variable: glorot_nn::Variable,
}

impl Variable {
    pub fn of(variable: glorot_nn::Variable) -> Variable {
        Variable { variable }
    }

    pub fn variable(&self) -> &glorot_nn::Variable {
        &self.variable
    }
}

#[napi]
impl Variable {
    #[napi(constructor, catch_unwind)]
    pub fn new(name: String, value: HostTensor) -> Result<Variable> {
        Ok(Variable::of(glorot_nn::Variable::new(name, value.into_owned()?)))
    }

    #[napi(getter, catch_unwind)]
    pub fn name(&self) -> &str {
        self.variable.name()
    }

    #[napi(getter, catch_unwind)]
    pub fn shape(&self) -> Vec<u32> {
        dims(&self.variable.spec().shape)
    }

    #[napi(getter, catch_unwind, ts_return_type = "'float32' | 'int32' | 'uint8' | 'bool'")]
    pub fn dtype(&self) -> &'static str {
        self.variable.spec().dtype.name()
    }

    #[napi(catch_unwind)]
    pub fn value(&self) -> Result<HostTensor> {
        jobs::sync()?;
        Ok(self.variable.value().into())
    }

    #[napi(catch_unwind)]
    pub fn assign(&self, value: HostTensor) -> Result<()> {
        self.variable.assign(value.into_owned()?)?;
        Ok(())
    }

    /// Gives the variable a new value in the step that is traced.
    #[napi(catch_unwind)]
    pub fn assign_traced(&self, value: &SymbolicTensor) -> Result<()> {
        let frame = Frame::current().ok_or_else(|| {
            Failure::config(format!(
                "variable '{}': a traced tensor was assigned outside of the function that received it",
                self.name()
            ))
        })?;
        let (spec, value) = (self.variable.spec(), value.sym());
        if (value.shape(), value.dtype()) != (spec.shape.clone(), spec.dtype) {
            return Err(Failure::config(format!(
                "variable '{}' has {} {}; received {} {}",
                self.name(),
                spec.dtype,
                spec.shape,
                value.dtype(),
                value.shape()
            )));
        }
        Ok(frame.ctx()?.assign(&self.variable, value)?)
    }
}
