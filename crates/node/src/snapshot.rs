//! Values of variables, to go back to.

use glorot_tensor::Tensor;
use napi_derive::napi;

use crate::error::Result;
use crate::jobs;

/// The values that variables had.
#[napi]
pub struct Snapshot {
    values: Vec<(glorot_nn::Variable, Tensor)>,
}

impl Snapshot {
    pub fn of(variables: Vec<glorot_nn::Variable>) -> Snapshot {
        Snapshot { values: variables.into_iter().map(|variable| (variable.clone(), variable.value())).collect() }
    }
}

#[napi]
impl Snapshot {
    /// Gives the variables their values back.
    #[napi(catch_unwind)]
    pub fn restore(&self) -> Result<()> {
        jobs::sync()?;
        for (variable, value) in &self.values {
            variable.assign(value.clone())?;
        }
        Ok(())
    }
}
