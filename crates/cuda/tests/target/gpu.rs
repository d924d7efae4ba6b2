//! The device that tests run on: the first GPU.

use std::sync::OnceLock;

use glorot_cuda::{CudaDevice, CudaOptions, Probe};

/// What there is of CUDA.
pub fn probe() -> &'static Probe {
    static PROBE: OnceLock<Probe> = OnceLock::new();
    PROBE.get_or_init(Probe::new)
}

/// The GPU with its own memory; products go to cuBLAS where it is, unless `products` is false.
pub fn device(products: bool, options: CudaOptions) -> CudaDevice {
    probe().open_with(0, options, products).expect("a GPU")
}
