//! The graphs of the steps of a model.

mod align;
mod forward;
mod mean;
mod reports;
mod steps;

pub(crate) use mean::Mean;
pub(crate) use reports::{Reports, Trackers};
pub(crate) use steps::{Tracing, predict, test, train};
