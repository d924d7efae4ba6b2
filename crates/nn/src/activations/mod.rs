//! Activation functions. Source of the rules: Keras 3, `keras/src/activations`, with the derivatives of its TensorFlow
//! backend where a function has a kink.

mod celu;
mod elu;
mod exponential;
mod gelu;
mod glu;
mod hard_shrink;
mod hard_sigmoid;
mod hard_silu;
mod hard_tanh;
mod leaky_relu;
mod linear;
mod log_sigmoid;
mod log_softmax;
mod mish;
mod relu;
mod relu6;
mod selu;
mod sigmoid;
mod silu;
mod soft_shrink;
mod softmax;
mod softplus;
mod softsign;
mod sparse_plus;
mod sparse_sigmoid;
mod sparsemax;
mod squareplus;
mod tanh;
mod tanh_shrink;
mod threshold;

use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use crate::config::{Options, class_and_config};
use crate::error::{Error, Result};
use crate::functions::referred;
use crate::names::fold;

pub use celu::Celu;
pub use elu::Elu;
pub use exponential::Exponential;
pub use gelu::Gelu;
pub use glu::Glu;
pub use hard_shrink::HardShrink;
pub use hard_sigmoid::HardSigmoid;
pub use hard_silu::HardSilu;
pub use hard_tanh::HardTanh;
pub use leaky_relu::LeakyRelu;
pub use linear::Linear;
pub use log_sigmoid::LogSigmoid;
pub use log_softmax::LogSoftmax;
pub use mish::Mish;
pub use relu::Relu;
pub use relu6::Relu6;
pub use selu::Selu;
pub use sigmoid::Sigmoid;
pub use silu::Silu;
pub use soft_shrink::SoftShrink;
pub use softmax::Softmax;
pub use softplus::Softplus;
pub use softsign::Softsign;
pub use sparse_plus::SparsePlus;
pub use sparse_sigmoid::SparseSigmoid;
pub use sparsemax::Sparsemax;
pub use squareplus::Squareplus;
pub use tanh::Tanh;
pub use tanh_shrink::TanhShrink;
pub use threshold::Threshold;

/// A function of a float32 tensor that keeps its shape (only [`Glu`] halves an axis).
pub trait Activation {
    fn apply(&self, x: &Sym) -> Result<Sym>;

    /// The function's name; with options other than the defaults, the layer of that kind where Keras has one, since it
    /// serializes no options of functions, and else `{ class_name, config }`.
    fn to_json(&self) -> Value;
}

type Made = Result<Rc<dyn Activation>>;
type Make = fn(&mut Options) -> Made;

/// Names and how to read their options. A new activation is one more line.
const ACTIVATIONS: &[(&str, Make)] = &[
    ("celu", Celu::from_options),
    ("elu", Elu::from_options),
    ("exponential", |_| Ok(Rc::new(Exponential))),
    ("gelu", Gelu::from_options),
    ("glu", Glu::from_options),
    ("hard_shrink", HardShrink::from_options),
    ("hard_sigmoid", HardSigmoid::from_options),
    ("hard_silu", |_| Ok(Rc::new(HardSilu))),
    ("hard_tanh", |_| Ok(Rc::new(HardTanh))),
    ("leaky_relu", LeakyRelu::from_options),
    ("linear", |_| Ok(Rc::new(Linear))),
    ("log_sigmoid", |_| Ok(Rc::new(LogSigmoid))),
    ("log_softmax", LogSoftmax::from_options),
    ("mish", |_| Ok(Rc::new(Mish))),
    ("relu", Relu::from_options),
    ("relu6", |_| Ok(Rc::new(Relu6))),
    ("selu", |_| Ok(Rc::new(Selu))),
    ("sigmoid", |_| Ok(Rc::new(Sigmoid))),
    ("silu", |_| Ok(Rc::new(Silu))),
    ("soft_shrink", SoftShrink::from_options),
    ("softmax", Softmax::from_options),
    ("softplus", |_| Ok(Rc::new(Softplus))),
    ("softsign", |_| Ok(Rc::new(Softsign))),
    ("sparse_plus", |_| Ok(Rc::new(SparsePlus))),
    ("sparse_sigmoid", |_| Ok(Rc::new(SparseSigmoid))),
    ("sparsemax", Sparsemax::from_options),
    ("squareplus", Squareplus::from_options),
    ("tanh", |_| Ok(Rc::new(Tanh))),
    ("tanh_shrink", |_| Ok(Rc::new(TanhShrink))),
    ("threshold", Threshold::from_options),
];

/// Other names of the same functions.
const ALIASES: &[(&str, &str)] = &[("hard_swish", "hard_silu"), ("swish", "silu")];

/// The names.
pub fn names() -> impl Iterator<Item = &'static str> {
    ACTIVATIONS.iter().map(|&(name, _)| name)
}

/// An activation from its name (`"elu"`), from `{ class_name, config }`, or none (`null`: linear).
pub fn deserialize(value: &Value) -> Made {
    if value.is_null() {
        return Ok(Rc::new(Linear));
    }
    if let Some(activation) =
        referred("activation", value, |functions, number, json| functions.activation(number, json))?
    {
        return Ok(activation);
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
    let alias = ALIASES.iter().find(|(alias, _)| fold(alias) == fold(name));
    let wanted = fold(alias.map_or(name, |(_, name)| name));
    let Some((known, make)) = ACTIVATIONS.iter().find(|(known, _)| fold(known) == wanted) else {
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

/// A function with options, for which Keras has no form.
fn function(name: &str, config: Value) -> Value {
    json!({ "module": null, "class_name": name, "config": config, "registered_name": format!("Custom>{name}") })
}

/// The axis of a tensor that the option `axis` means.
fn axis(name: &str, axis: i64, x: &Sym) -> Result<usize> {
    let shape = x.shape();
    shape
        .axis(axis as isize)
        .ok_or_else(|| Error::config(name, format!("option 'axis' is {axis}, but the input has shape {shape}")))
}

#[cfg(test)]
mod tests;
