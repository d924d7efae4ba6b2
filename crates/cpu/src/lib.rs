//! Runs a Program on the CPU: fused tiles, matrix products, threads.
//!
//! [`CpuDevice`] is the device; a session lowers each kernel of a program once, when the program is added: buffers
//! become addresses, loops are joined and cut into tiles and tasks. A run then only walks through them.

mod device;
mod fold_windows;
mod gather;
mod kernels;
mod lower;
mod map;
mod math;
mod matmul;
mod memory;
mod pool;
mod reduce;
mod session;
mod sharing;
mod simd;

pub use device::{CpuDevice, CpuOptions};
