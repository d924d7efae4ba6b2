//! Runs a Program on NVIDIA GPUs.
//!
//! Kernels are generated from the fused groups of the program, compiled by NVRTC, and launched as CUDA graphs of steps,
//! or, for narrow networks, run for many steps by one kernel; large products go to cuBLAS, convolutions to cuDNN. Nothing is linked: the
//! libraries are opened at run time where they are found ([`library`]), and [`Probe`] says what is missing.

mod codegen;
mod device;
pub mod gpu;
pub mod library;
mod lower;
mod memory;
mod nvidia;
mod probe;
mod session;
mod sources;

pub use codegen::{PRELUDE, Precision, THREADS};
pub use device::{CudaDevice, CudaOptions, StepKind};
pub use nvidia::{Cache, Compiled, Compiler, NvidiaGpu, finish, stop};
#[doc(hidden)]
pub use nvidia::{dnn_cuda, dnn_engine, dnn_version};
pub use probe::{LibraryReport, Probe};
pub use sources::{ProgramSources, sources};
