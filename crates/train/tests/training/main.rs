//! The training loop, end to end.

mod data_errors;
mod fit;
mod judge;
mod models;
mod support;
