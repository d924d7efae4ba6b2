//! Projections of weights after each update. Source of the rules: Keras 3, `keras/src/constraints`.

mod max_norm;
mod min_max_norm;
mod non_neg;
mod unit_norm;

use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use crate::config::{Options, class_and_config};
pub use crate::constraint::Constraint;
use crate::error::{Error, Result};
use crate::functions::referred;
use crate::names::fold;

pub use max_norm::MaxNorm;
pub use min_max_norm::MinMaxNorm;
pub use non_neg::NonNeg;
pub use unit_norm::UnitNorm;

/// Added to norms before they divide, as in Keras: a weight inside the radius shrinks a little too.
const EPSILON: f64 = 1e-7;

type Made = Result<Rc<dyn Constraint>>;
type Make = fn(&mut Options) -> Made;

/// Class names and how to read their options. A new constraint is one more line.
const CONSTRAINTS: &[(&str, Make)] = &[
    ("MaxNorm", MaxNorm::from_options),
    ("MinMaxNorm", MinMaxNorm::from_options),
    ("NonNeg", NonNeg::from_options),
    ("UnitNorm", UnitNorm::from_options),
];

/// The class names.
pub fn class_names() -> impl Iterator<Item = &'static str> {
    CONSTRAINTS.iter().map(|&(class, _)| class)
}

/// A constraint from its id (`"max_norm"`) or from `{ class_name, config }`; `null` is none.
pub fn deserialize(value: &Value) -> Result<Option<Rc<dyn Constraint>>> {
    if value.is_null() {
        return Ok(None);
    }
    if let Some(constraint) =
        referred("constraint", value, |functions, number, json| functions.constraint(number, json))?
    {
        return Ok(Some(constraint));
    }
    let (name, config) = class_and_config("constraint", value)?;
    create(&name, &config).map(Some)
}

/// A constraint from its class name or id, in any spelling, and its options.
pub fn create(name: &str, config: &Value) -> Made {
    let Some((class, make)) = CONSTRAINTS.iter().find(|(known, _)| fold(known) == fold(name)) else {
        let known: Vec<&str> = class_names().collect();
        return Err(Error::config("constraint", format!("unknown '{name}'; known constraints: {}", known.join(", "))));
    };
    let mut options = Options::new(class, config)?;
    let constraint = make(&mut options)?;
    options.finish()?;
    Ok(constraint)
}

fn serialized(class: &str, config: Value) -> Value {
    json!({ "module": "keras.constraints", "class_name": class, "config": config, "registered_name": null })
}

/// The axes that norms are taken along, as they were given.
struct Axes(Vec<i64>);

impl Axes {
    /// Default: axis 0, the inputs of a dense layer's unit.
    fn from_options(options: &mut Options) -> Result<Axes> {
        Ok(Axes(options.optional_ints("axis")?.unwrap_or_else(|| vec![0])))
    }

    /// Lengths of the weight's vectors along the axes, which stay with length 1.
    fn norms(&self, class: &str, weight: &Sym) -> Result<Sym> {
        let shape = weight.shape();
        let resolve = |&axis: &i64| {
            shape.axis(axis as isize).ok_or_else(|| {
                Error::config(class, format!("option 'axis' is {axis}, but the weight has shape {shape}"))
            })
        };
        let axes = self.0.iter().map(resolve).collect::<Result<Vec<usize>>>()?;
        Ok(weight.square()?.sum(&axes, true)?.sqrt()?)
    }

    fn to_json(&self) -> Value {
        if let [axis] = self.0[..] { axis.into() } else { self.0.clone().into() }
    }
}

#[cfg(test)]
mod tests {
    use glorot_graph::Tracer;
    use glorot_tensor::{DType, Shape};

    use super::*;

    #[test]
    fn configs_round_trip() {
        for class in class_names() {
            let json = create(class, &json!({})).unwrap().to_json();
            assert_eq!(json["class_name"], class);
            assert_eq!(deserialize(&json).unwrap().unwrap().to_json(), json);
        }
        let given = json!({ "max_value": 1.0, "axis": [0, 1] });
        assert_eq!(create("maxNorm", &given).unwrap().to_json()["config"], given);
    }

    #[test]
    fn weights_keep_their_shape() {
        for class in class_names() {
            let weight = Tracer::new().input([3, 4], DType::F32);
            let projected = create(class, &json!({})).unwrap().project(&weight).unwrap();
            assert_eq!(projected.shape(), Shape::from([3, 4]), "{class}");
        }
    }

    #[test]
    fn errors_name_what_is_wrong() {
        let message = create("maxNorm", &json!({ "max_value": -1 })).err().expect("an error").to_string();
        assert_eq!(message, "MaxNorm: option 'max_value' must be at least 0; received -1");
        let weight = Tracer::new().input([3], DType::F32);
        let norm = create("unitNorm", &json!({ "axis": 1 })).unwrap();
        assert!(norm.project(&weight).unwrap_err().to_string().contains("'axis' is 1, but the weight has shape [3]"));
    }
}
