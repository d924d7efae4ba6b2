//! Matrix products with fused epilogues.
//!
//! [`kernel`] cuts a product into tasks by its shape alone; [`multiply`] computes the block of one task, whose sums run
//! over `k` in order and in one chain for each element, so that the cut does not show in the result.

mod block;
mod kernel;
mod micro;
mod pack;

pub(crate) use block::{Block, multiply};
pub(crate) use kernel::MatMulTasks;
