//! Reductions of fused loops.
//!
//! Tiles are computed as in a map, then folded: within a tile by vectors in float32, across tiles in float64 (int64).
//! How a domain is cut and in which order parts are combined follows from its shape alone.

mod accumulate;
mod fold;
mod kernel;
mod plan;

pub(crate) use fold::{Fold, fold_columns, fold_rows};
pub(crate) use kernel::ReduceTasks;
pub(crate) use plan::{ReducePlan, plan};
