//! Data sets: on the GPU in their own dtype, or on the host where they do not fit.

use std::sync::Arc;

use glorot_graph::device::DeviceError;
use glorot_tensor::Tensor;

use super::staging::Staging;
use crate::gpu::{Address, Gpu};
use crate::memory::{Budget, Memory};

/// A data set takes at most this part of the memory that is left: programs that are prepared later need some too.
const SHARE: f64 = 0.8;

/// A data set.
#[derive(Clone, Debug)]
pub(super) struct Data {
    /// Holds the host's memory, so that its address names the data.
    pub tensor: Tensor,
    /// `None`: it does not fit; its rows are sent as they are needed.
    resident: Option<Arc<Memory>>,
}

impl Data {
    pub fn new(
        gpu: &Arc<dyn Gpu>,
        budget: &Arc<Budget>,
        queue: u64,
        staging: &mut Staging,
        tensor: &Tensor,
    ) -> Result<Data, DeviceError> {
        let bytes = tensor.bytes();
        let fits = (bytes.len() as f64) < SHARE * budget.left()? as f64;
        if !fits {
            return Ok(Data { tensor: tensor.clone(), resident: None });
        }
        let memory = budget.allocate("a data set", bytes.len())?;
        // SAFETY: the memory has this length. Large sets go straight from where they lie; the wait keeps them there.
        unsafe {
            if bytes.len() <= 1 << 20 {
                staging.upload(queue, memory.address(), bytes)?;
            } else {
                gpu.upload(queue, memory.address(), bytes)?;
                gpu.finish(queue)?;
            }
        }
        Ok(Data { tensor: tensor.clone(), resident: Some(Arc::new(memory)) })
    }

    /// This data set once more, if it is that tensor.
    pub fn shared_with(&self, tensor: &Tensor) -> Option<Data> {
        let (own, other) = (self.tensor.bytes(), tensor.bytes());
        let same = own.as_ptr() == other.as_ptr() && own.len() == other.len() && !own.is_empty();
        same.then(|| Data { tensor: tensor.clone(), resident: self.resident.clone() })
    }

    /// Where it lies on the GPU.
    pub fn address(&self) -> Option<Address> {
        self.resident.as_ref().map(|memory| memory.address())
    }

    /// Bytes of a row.
    pub fn row_bytes(&self) -> usize {
        self.tensor.shape()[1..].iter().product::<usize>() * self.tensor.dtype().size()
    }
}
