use glorot_nn::Variable;
use glorot_tensor::Tensor;

use crate::error::Result;
use crate::session::DeviceSession;

/// What the handler of an event may do with the model between two steps.
///
/// Values that are assigned to [`Variable`]s while the handler runs (from any thread) reach the device before the next
/// step; for values that the device has computed, ask for [`Access::sync_to_host`] first.
pub struct Access<'a> {
    pub(crate) session: &'a mut DeviceSession,
}

impl Access<'_> {
    /// Copies everything that the device has computed since the last time (weights, optimizer state, counters) to the
    /// variables of the model.
    pub fn sync_to_host(&mut self) -> Result<()> {
        self.session.sync_to_host()
    }

    /// The value of a variable as the last step left it.
    pub fn get(&mut self, variable: &Variable) -> Result<Tensor> {
        self.session.get(variable)
    }

    /// Gives a variable another value, of the same shape and dtype, from the next step on.
    pub fn set(&mut self, variable: &Variable, value: Tensor) -> Result<()> {
        variable.assign(value)?;
        Ok(())
    }
}
