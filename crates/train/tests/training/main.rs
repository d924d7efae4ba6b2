//! The training loop, end to end.

mod continuation;
mod cpu;
mod data_errors;
mod fit;
mod judge;
mod many_steps;
mod metrics;
mod models;
mod replicas;
mod support;
