//! Penalties on weights and outputs. Source of the rules: Keras 3, `keras/src/regularizers`.

mod l1l2;
mod orthogonal_regularizer;

use std::rc::Rc;

use serde_json::Value;

use crate::config::{Options, class_and_config};
use crate::error::{Error, Result};
use crate::functions::referred;
use crate::names::fold;
pub use crate::regularizer::Regularizer;

pub use l1l2::L1L2;
pub use orthogonal_regularizer::OrthogonalRegularizer;

type Made = Result<Rc<dyn Regularizer>>;
type Make = fn(&mut Options) -> Made;

/// Class names and how to read their options. A new regularizer is one more line.
const REGULARIZERS: &[(&str, Make)] = &[
    ("L1", L1L2::l1_from_options),
    ("L2", L1L2::l2_from_options),
    ("L1L2", L1L2::from_options),
    ("OrthogonalRegularizer", OrthogonalRegularizer::from_options),
];

/// Other names of the same classes.
const ALIASES: &[(&str, &str)] = &[("orthogonal", "OrthogonalRegularizer")];

/// The class names.
pub fn class_names() -> impl Iterator<Item = &'static str> {
    REGULARIZERS.iter().map(|&(class, _)| class)
}

/// A regularizer from its id (`"l2"`) or from `{ class_name, config }`; `null` is none.
pub fn deserialize(value: &Value) -> Result<Option<Rc<dyn Regularizer>>> {
    if value.is_null() {
        return Ok(None);
    }
    if let Some(regularizer) =
        referred("regularizer", value, |functions, number, json| functions.regularizer(number, json))?
    {
        return Ok(Some(regularizer));
    }
    let (name, config) = class_and_config("regularizer", value)?;
    create(&name, &config).map(Some)
}

/// A regularizer from its class name or id, in any spelling, and its options.
pub fn create(name: &str, config: &Value) -> Made {
    let alias = ALIASES.iter().find(|(alias, _)| fold(alias) == fold(name));
    let wanted = fold(alias.map_or(name, |(_, class)| class));
    let Some((class, make)) = REGULARIZERS.iter().find(|(known, _)| fold(known) == wanted) else {
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
    use glorot_graph::reference::{Value as Numbers, evaluate};
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
    fn orthogonal_penalizes_the_angles_between_rows_or_columns() {
        // Rows at 45, 90 and 45 degrees; columns (2, 3, 0) and (0, 3, 0.5).
        let weight = [2.0, 0.0, 3.0, 3.0, 0.0, 0.5];
        let penalty = |mode: &str| {
            let tracer = Tracer::new();
            let x = tracer.input([3, 2], DType::F32);
            let penalty = create("orthogonal", &json!({ "factor": 0.3, "mode": mode })).unwrap().penalty(&x).unwrap();
            let value = Numbers::f32([3, 2], weight.to_vec());
            evaluate(&tracer.graph(), &[value], &|_| unreachable!()).value(penalty.id()).data[0]
        };
        assert!((penalty("rows") - 0.3 * (2.0 / 3.0) / 2f64.sqrt()).abs() < 1e-12);
        assert!((penalty("columns") - 0.3 * 9.0 / (13f64 * 9.25).sqrt()).abs() < 1e-12);
        let one = Tracer::new().input([1, 2], DType::F32);
        assert_eq!(create("orthogonal", &json!({})).unwrap().penalty(&one).unwrap().shape(), Shape::scalar());
        let vector = Tracer::new().input([2], DType::F32);
        let message = create("orthogonal", &json!({})).unwrap().penalty(&vector).unwrap_err().to_string();
        assert_eq!(message, "OrthogonalRegularizer: expected a weight of rank 2, received shape [2]");
    }

    #[test]
    fn negative_factors_are_errors() {
        let message = create("L2", &json!({ "l2": -0.1 })).err().expect("an error").to_string();
        assert_eq!(message, "L2: option 'l2' must be at least 0 and finite; received -0.1");
    }
}
