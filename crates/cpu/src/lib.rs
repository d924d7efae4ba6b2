//! Runs a Program on the CPU: fused tiles, matrix products, threads.
//!
//! [`CpuDevice`] is the device; a session lowers each kernel of a program once, when the program is added: buffers
//! become addresses, loops are joined and cut into tiles and tasks. A run then only walks through them.

mod device;
mod fold_product;
mod fold_windows;
mod gather;
mod held;
mod input;
mod kernels;
mod launch;
mod layout;
mod map;
mod math;
mod matmul;
mod memory;
mod pool;
mod prepared;
mod profile;
mod reduce;
mod schedule;
mod session;
mod simd;
mod subnormals;
mod turn;
mod windows;

/// Programs to run and their plain meaning, shared with the tests of the public API.
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;

pub use device::{CpuDevice, CpuOptions};
pub use profile::LaunchTime;
