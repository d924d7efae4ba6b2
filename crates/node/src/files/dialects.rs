//! What a file means that says it in other words: dtypes of layers, since everything here is computed in float32, and
//! functions that Keras 3 has changed.

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

/// Makes of the hard sigmoids of Keras 2 what they were then: `0.2 x + 0.5` between 0 and 1.
pub fn keep_keras_2(config: &mut Value) {
    match config {
        Value::Object(fields) => {
            for (name, value) in fields {
                let function = if value["class_name"] == "function" { &value["config"] } else { &*value };
                if name == "activation" && function == "hard_sigmoid" {
                    *value = json!({ "class_name": "hard_sigmoid", "config": { "slope": 0.2 } });
                } else {
                    keep_keras_2(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(keep_keras_2),
        _ => {}
    }
}
