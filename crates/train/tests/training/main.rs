//! The training loop, end to end.

mod cpu;
mod data_errors;
mod fit;
mod judge;
mod metrics;
mod models;
mod support;
