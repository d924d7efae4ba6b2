//! Memory of the host that copies use while the host goes on.

use std::ptr::NonNull;
use std::sync::Arc;

use glorot_graph::device::DeviceError;

use crate::gpu::{Address, Gpu};

/// Pinned memory.
#[derive(Debug)]
pub(super) struct Pinned {
    gpu: Arc<dyn Gpu>,
    pointer: NonNull<u8>,
    len: usize,
}

// SAFETY: the memory belongs to this value alone.
unsafe impl Send for Pinned {}

impl Pinned {
    pub fn new(gpu: &Arc<dyn Gpu>, len: usize) -> Result<Pinned, DeviceError> {
        let pointer = gpu.allocate_pinned(len.max(1))?;
        Ok(Pinned { gpu: Arc::clone(gpu), pointer, len })
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the memory has this length, is zeroed or written, and is borrowed exclusively. Copies read it only.
        unsafe { std::slice::from_raw_parts_mut(self.pointer.as_ptr(), self.len) }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: allocated by this GPU; who started copies from it has waited for them (see the users' drops).
        unsafe { self.gpu.free_pinned(self.pointer) }
    }
}

/// A ring of pinned memory from which small copies are made without waiting for them.
#[derive(Debug)]
pub(super) struct Staging {
    pinned: Pinned,
    used: usize,
}

/// Bytes of the ring.
const RING: usize = 4 << 20;

impl Staging {
    pub fn new(gpu: &Arc<dyn Gpu>) -> Result<Staging, DeviceError> {
        Ok(Staging { pinned: Pinned::new(gpu, RING)?, used: 0 })
    }

    /// Copies bytes to the GPU in the order of the queue.
    ///
    /// # Safety
    ///
    /// `to` must have room for them until the queue has come there.
    pub unsafe fn upload(&mut self, queue: u64, to: Address, bytes: &[u8]) -> Result<(), DeviceError> {
        let gpu = Arc::clone(&self.pinned.gpu);
        let mut done = 0;
        while done < bytes.len() {
            if self.used == RING {
                // SAFETY: the session's queue.
                unsafe { gpu.finish(queue)? };
                self.used = 0;
            }
            let len = (bytes.len() - done).min(RING - self.used);
            let place = &mut self.pinned.bytes_mut()[self.used..self.used + len];
            place.copy_from_slice(&bytes[done..done + len]);
            // SAFETY: the caller vouches for the address; this part of the ring is not written before the queue is done.
            unsafe { gpu.upload(queue, to + done as u64, place)? };
            self.used += len;
            done += len;
        }
        Ok(())
    }
}
