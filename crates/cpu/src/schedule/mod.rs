//! Which thread does what, and when.
//!
//! [`by_longest_chain`] orders the kernels of a program; [`Schedule`] hands their tasks to threads, once. Each thread has
//! a list of its own and works through it; where a task needs what another thread computes, it waits until that thread
//! has come far enough in its list: no queue, no barrier. Tasks that nobody waits for come last, and threads that are
//! done, or that wait for long, take them.
//!
//! There are two schedules for each number of threads, since the cores of a machine may share a cache or not, and a virtual
//! machine may be moved from such cores to others while a model trains. [`Choice`] measures which is faster.

mod assign;
mod choice;
mod order;
mod region;
mod run;

#[cfg(test)]
pub(crate) use assign::Entry;
pub(crate) use assign::{Distance, Schedule};
pub(crate) use choice::Choice;
pub(crate) use order::{KernelOrder, by_longest_chain};
pub(crate) use region::{Footprint, Region};
pub(crate) use run::Progress;
