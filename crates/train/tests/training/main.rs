//! The training loop, end to end.

mod cpu;
mod data_errors;
mod fit;
mod judge;
mod many_steps;
mod metrics;
mod models;
mod replicas;
mod support;
