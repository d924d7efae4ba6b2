//! The binding to Node.js: the only crate that knows JavaScript.

mod error;
mod ops;
mod symbolic;
mod tensor;

use napi_derive::napi;

/// Version of the native library; it must equal the npm package's.
#[napi]
pub fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}
