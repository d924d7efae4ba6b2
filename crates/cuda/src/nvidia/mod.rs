//! The GPUs of NVIDIA, through their driver.

mod alone;
mod blas;
mod cache;
mod dnn;
pub(crate) mod driver;
mod error;
mod gpu;
mod nccl;
mod nvrtc;
mod running;

pub(crate) use blas::version as blas_version;
pub use cache::Cache;
pub(crate) use dnn::problem as dnn_problem;
pub use dnn::{cuda as dnn_cuda, engine as dnn_engine, version as dnn_version};
pub use gpu::NvidiaGpu;
pub(crate) use nccl::{NcclSum, version as nccl_version};
pub use nvrtc::{Compiled, Compiler};
pub use running::{finish, stop};
