//! Fused elementwise loops.
//!
//! A [`glorot_graph::program::Body`] is lowered to a [`Fused`] loop: its domain is cut into tiles of a few hundred
//! points, and each instruction runs over a whole tile before the next one does, so that the cost of choosing the
//! instruction is spread over many vectors and all intermediate values stay in the first-level cache. What does not
//! depend on a point is computed once a task, what depends on the column alone once a column block.

mod assignment;
mod chain;
mod code;
mod contract;
mod domain;
mod elementwise;
mod exec;
mod kernel;
mod lower;
mod movement;
mod order;
mod random;
mod registers;
mod runner;
mod select;
mod translate;

pub(crate) use code::{Frame, Step};
pub(crate) use domain::Placed;
pub(crate) use exec::exec;
pub(crate) use kernel::MapTasks;
pub(crate) use lower::{Accumulator, Fused, Options, lower};
pub(crate) use runner::Runner;
