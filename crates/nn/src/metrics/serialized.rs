//! What the configurations of all metrics have in common.

use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;

/// `{ class_name, config }` of a metric with its own options.
pub fn serialized(class: &str, name: &str, own: impl IntoIterator<Item = (impl Into<String>, Value)>) -> Value {
    let mut config = Map::from_iter([("name".into(), json!(name)), ("dtype".into(), json!("float32"))]);
    config.extend(own.into_iter().map(|(name, value)| (name.into(), value)));
    json!({ "class_name": class, "config": config })
}

/// Reads the option `name`, the last one.
pub fn read_name(mut options: Options, default: &str) -> Result<String> {
    let name = options.name(default)?;
    options.finish()?;
    Ok(name)
}
