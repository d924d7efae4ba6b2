//! Configurations from JavaScript.

use serde_json::Value;

use crate::error::{Failure, Result};

/// Options that TypeScript has serialized.
pub fn parse(json: &str) -> Result<Value> {
    serde_json::from_str(json).map_err(|error| Failure::config(format!("not a configuration: {error}")))
}
