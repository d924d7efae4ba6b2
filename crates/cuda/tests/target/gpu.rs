//! The device that tests run on: the first GPU.

use std::sync::OnceLock;

use glorot_cuda::{CudaDevice, CudaOptions, Probe};

use crate::stand_in;

/// What there is of CUDA.
pub fn probe() -> &'static Probe {
    static PROBE: OnceLock<Probe> = OnceLock::new();
    PROBE.get_or_init(Probe::new)
}

/// The GPU with its own memory; products go to cuBLAS where it is, unless `products` is false.
pub fn device(products: bool, options: CudaOptions) -> CudaDevice {
    probe().open_with(0, options, products).expect("a GPU")
}

/// Random programs of each kind, unless somebody wants more. What a stand-in runs the emulated GPU has run too.
pub fn programs_of_a_kind() -> u64 {
    if stand_in::is_inside() { 1 } else { 2 }
}

/// Images of a training; a stand-in takes minutes for many.
pub fn samples() -> usize {
    if stand_in::is_inside() { 200 } else { 750 }
}
