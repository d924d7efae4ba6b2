//! Penalties on weights and outputs. Source of the rules: Keras 3, `keras/src/regularizers`.

mod l1l2;

use std::rc::Rc;

use serde_json::Value;

use crate::config::{Options, class_and_config};
use crate::error::{Error, Result};
use crate::names::fold;
pub use crate::regularizer::Regularizer;

pub use l1l2::L1L2;

type Made = Result<Rc<dyn Regularizer>>;
type Make = fn(&mut Options) -> Made;

/// Class names and how to read their options. A new regularizer is one more line.
const REGULARIZERS: &[(&str, Make)] =
    &[("L1", L1L2::l1_from_options), ("L2", L1L2::l2_from_options), ("L1L2", L1L2::from_options)];

/// The class names.
pub fn class_names() -> impl Iterator<Item = &'static str> {
    REGULARIZERS.iter().map(|&(class, _)| class)
}

/// A regularizer from its id (`"l2"`) or from `{ class_name, config }`; `null` is none.
pub fn deserialize(value: &Value) -> Result<Option<Rc<dyn Regularizer>>> {
    if value.is_null() {
        return Ok(None);
    }
    let (name, config) = class_and_config("regularizer", value)?;
    create(&name, &config).map(Some)
}

/// A regularizer from its class name or id, in any spelling, and its options.
pub fn create(name: &str, config: &Value) -> Made {
    let Some((class, make)) = REGULARIZERS.iter().find(|(known, _)| fold(known) == fold(name)) else {
        let known: Vec<&str> = class_names().collect();
        return Err(Error::config(
            "regularizer",
            format!("unknown '{name}'; known regularizers: {}", known.join(", ")),
        ));
    };
    let mut options = Options::new(class, config)?;
    let regularizer = make(&mut options)?;
    options.finish()?;
    Ok(regularizer)
}

#[cfg(test)]
mod tests {
    use glorot_graph::Tracer;
    use glorot_tensor::{DType, Shape};
    use serde_json::json;

    use super::*;

    #[test]
    fn configs_round_trip() {
        for class in class_names() {
            let json = create(class, &json!({})).unwrap().to_json();
            assert_eq!(json["class_name"], class);
            assert_eq!(deserialize(&json).unwrap().unwrap().to_json(), json);
        }
        assert!(deserialize(&Value::Null).unwrap().is_none());
        assert_eq!(create("l2", &json!({ "l2": 0.5 })).unwrap().to_json()["config"], json!({ "l2": 0.5 }));
    }

    #[test]
    fn penalties_are_scalars() {
        for class in class_names() {
            let weight = Tracer::new().input([3, 4], DType::F32);
            let penalty = create(class, &json!({})).unwrap().penalty(&weight).unwrap();
            assert_eq!(penalty.shape(), Shape::scalar(), "{class}");
        }
    }

    #[test]
    fn negative_factors_are_errors() {
        let message = create("L2", &json!({ "l2": -0.1 })).err().expect("an error").to_string();
        assert_eq!(message, "L2: option 'l2' must be at least 0 and finite; received -0.1");
    }
}
