//! The binding to Node.js: the only crate that knows JavaScript.

// In a test build napi exports nothing, so everything here looks unused to clippy.
#![cfg_attr(test, allow(dead_code))]

mod adapt;
mod autograd;
mod compile;
mod config;
mod copies;
mod custom_layer;
mod custom_metric;
mod data;
mod data_args;
mod device;
mod eager;
mod ending;
mod error;
mod files;
mod functions;
mod jobs;
mod layer;
mod loss;
mod metric;
mod model;
mod model_tensor;
mod operand;
mod ops;
mod optimizer;
mod random;
mod snapshot;
mod symbolic;
mod tensor;
mod tensorboard;
mod user_functions;
mod variable;

use napi_derive::napi;

/// Version of the native library; it must equal the npm package's.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
