//! Activation functions. Source of the rules: Keras 3, `keras/src/activations`, with the derivatives of its TensorFlow
//! backend where a function has a kink.

mod elu;
mod exponential;
mod leaky_relu;
mod linear;
mod relu;
mod selu;
mod sigmoid;
mod softmax;
mod softplus;
mod tanh;

use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use crate::config::{Options, class_and_config};
use crate::error::{Error, Result};
use crate::names::fold;

pub use elu::Elu;
pub use exponential::Exponential;
pub use leaky_relu::LeakyRelu;
pub use linear::Linear;
pub use relu::Relu;
pub use selu::Selu;
pub use sigmoid::Sigmoid;
pub use softmax::Softmax;
pub use softplus::Softplus;
pub use tanh::Tanh;

/// A function of a float32 tensor that keeps its shape.
pub trait Activation {
    fn apply(&self, x: &Sym) -> Result<Sym>;

    /// The function's name; with options other than the defaults, the layer of that kind, since Keras serializes no
    /// options of functions.
    fn to_json(&self) -> Value;
}

type Made = Result<Rc<dyn Activation>>;
type Make = fn(&mut Options) -> Made;

/// Names and how to read their options. A new activation is one more line.
const ACTIVATIONS: &[(&str, Make)] = &[
    ("elu", Elu::from_options),
    ("exponential", |_| Ok(Rc::new(Exponential))),
    ("leaky_relu", LeakyRelu::from_options),
    ("linear", |_| Ok(Rc::new(Linear))),
    ("relu", Relu::from_options),
    ("selu", |_| Ok(Rc::new(Selu))),
    ("sigmoid", |_| Ok(Rc::new(Sigmoid))),
    ("softmax", Softmax::from_options),
    ("softplus", |_| Ok(Rc::new(Softplus))),
    ("tanh", |_| Ok(Rc::new(Tanh))),
];

/// The names.
pub fn names() -> impl Iterator<Item = &'static str> {
    ACTIVATIONS.iter().map(|&(name, _)| name)
}

/// An activation from its name (`"elu"`), from `{ class_name, config }`, or none (`null`: linear).
pub fn deserialize(value: &Value) -> Made {
    if value.is_null() {
        return Ok(Rc::new(Linear));
    }
    match class_and_config("activation", value)? {
        // Keras's form of a function: { class_name: "function", config: "elu" }.
        (class, Value::String(name)) if class == "function" => create(&name, &Value::Null),
        (class, config) => create(&class, &config),
    }
}

/// An activation from its name, in any spelling, and its options. The name of a layer (`LeakyReLU`) is that of its
/// function.
pub fn create(name: &str, config: &Value) -> Made {
    let Some((known, make)) = ACTIVATIONS.iter().find(|(known, _)| fold(known) == fold(name)) else {
        let known: Vec<&str> = names().collect();
        return Err(Error::config("activation", format!("unknown '{name}'; known activations: {}", known.join(", "))));
    };
    let mut options = Options::new(known, config)?;
    let activation = make(&mut options)?;
    options.inert(&["name", "trainable", "dtype"])?;
    options.finish()?;
    Ok(activation)
}

/// A layer that stands for an activation with options.
fn layer(class: &str, config: Value) -> Value {
    json!({ "module": "keras.layers", "class_name": class, "config": config, "registered_name": null })
}

#[cfg(test)]
mod tests;
