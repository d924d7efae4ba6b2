//! Dtypes of the layers of a file: everything here is computed in float32.

use serde_json::{Value, json};

/// Policies of Keras under which layers compute in other floating-point types.
const POLICIES: [&str; 5] = ["mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64"];

/// Makes float32 of these policies, and int32, which holds all indices, of int64. Returns the policies that there were.
pub fn to_float32(config: &mut Value) -> Vec<String> {
    let mut found = Vec::new();
    visit(config, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

fn visit(value: &mut Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if name != "dtype" {
                    visit(value, found);
                    continue;
                }
                let policy = value.pointer("/config/name").unwrap_or(value).as_str().map(str::to_owned);
                match policy {
                    Some(policy) if POLICIES.contains(&&*policy) => {
                        *value = json!("float32");
                        found.push(policy);
                    }
                    Some(policy) if policy == "int64" => *value = json!("int32"),
                    _ => {}
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| visit(value, found)),
        _ => {}
    }
}
