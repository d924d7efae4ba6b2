//! Functions that are traced and run at once.

use std::cell::RefCell;

use glorot_tensor::Tensor;
use glorot_train::Eager;

use crate::device;
use crate::error::Result;
use crate::jobs;
use crate::symbolic::Frame;

thread_local! {
    static EAGER: RefCell<Option<Eager>> = const { RefCell::new(None) };
}

/// Runs the trace of a function on its inputs and the values of its variables, writes back the variables that it
/// assigns (moving statistics), and returns the outputs.
pub fn run(frame: &Frame) -> Result<Vec<Tensor>> {
    jobs::sync()?;
    frame.seed()?;
    EAGER.with_borrow_mut(|eager| {
        let eager = match eager {
            Some(eager) => eager,
            None => eager.insert(Eager::new(device::eager()?)),
        };
        Ok(eager.run(frame.ctx()?, &frame.inputs())?)
    })
}
