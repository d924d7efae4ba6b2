//! Matrix products with fused epilogues.
//!
//! [`kernel`] cuts a product into tasks; [`multiply`] computes the block of one task, whose sums run over `k` in order
//! and in one chain for each element, so that the cut does not show in the result. Where one matrix is much larger than
//! the other, `k` is cut as well, by the shape alone: see [`cut`].

mod ahead;
mod block;
mod cut;
mod gathered;
#[cfg(target_arch = "x86_64")]
mod half;
mod kernel;
mod micro;
mod narrow;
mod offsets;
mod pack;
mod parts;

pub(crate) use block::{Block, PACKED_ROWS, multiply, scratch_floats};
pub(crate) use cut::{SPEED, half_of};
#[cfg(target_arch = "x86_64")]
pub(crate) use half::multiply_half;
pub(crate) use kernel::MatMulTasks;
pub(crate) use offsets::gathers;
pub(crate) use pack::{Source, pack};
pub(crate) use parts::add_rows;
