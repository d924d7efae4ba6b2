//! The device that tests run on: the emulated one.

use std::sync::Arc;

use glorot_cuda::{CudaDevice, CudaOptions};

use crate::emulator::Emulator;

/// A device of its own; `products`: with a library for products.
pub fn device(products: bool, options: CudaOptions) -> CudaDevice {
    CudaDevice::new(Arc::new(Emulator::new(products)), options)
}

/// Random programs of each kind, unless somebody wants more.
pub fn programs_of_a_kind() -> u64 {
    2
}

/// Images of a training.
pub fn samples() -> usize {
    750
}
