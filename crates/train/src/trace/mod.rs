//! The graphs of the steps of a model.

mod align;
mod gradients;
mod judge;
mod mean;
mod reports;
mod shared;
mod steps;

pub use gradients::KeptGradients;
pub(crate) use judge::Judge;
pub(crate) use mean::Mean;
pub(crate) use reports::Reports;
pub(crate) use shared::train_shared;
pub(crate) use steps::{Tracing, predict, test, train};
