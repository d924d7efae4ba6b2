//! The GPUs of NVIDIA, through their driver.

mod blas;
mod cache;
mod compilations;
pub(crate) mod driver;
mod error;
mod gpu;
mod nccl;
mod nvrtc;

pub(crate) use blas::version as blas_version;
pub use cache::Cache;
pub use compilations::{finish_compiling, stop_compiling};
pub use gpu::NvidiaGpu;
pub(crate) use nccl::NcclSum;
pub use nvrtc::{Compiled, Compiler};
