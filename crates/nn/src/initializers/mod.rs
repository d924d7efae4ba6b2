//! First values of weights. Source of the rules: Keras 3, `keras/src/initializers`.

mod constant;
mod fans;
mod identity;
mod ones;
mod orthogonal;
mod random_normal;
mod random_uniform;
mod truncated_normal;
mod variance_scaling;
mod zeros;

use std::rc::Rc;

use glorot_tensor::random::Stream;
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Map, Value, json};

use crate::config::{Options, class_and_config};
use crate::error::{Error, Result};
use crate::functions::referred;
use crate::names::fold;
use crate::rng::next_seed;

pub use constant::Constant;
pub use fans::compute_fans;
pub use identity::Identity;
pub use ones::Ones;
pub use orthogonal::Orthogonal;
pub use random_normal::RandomNormal;
pub use random_uniform::RandomUniform;
pub use truncated_normal::TruncatedNormal;
pub use variance_scaling::{Distribution, Mode, VarianceScaling};
pub use zeros::Zeros;

/// Makes the first value of a weight.
pub trait Initializer {
    /// A tensor of the given shape and dtype.
    fn initialize(&self, shape: &Shape, dtype: DType) -> Result<Tensor>;

    /// `{ class_name, config }` as Keras serializes it.
    fn to_json(&self) -> Value;

    /// The same for a weight of which these axes are inputs and outputs; `None` if it makes no difference, or was said.
    fn of_axes(&self, _inputs: &[i64], _outputs: &[i64]) -> Option<Rc<dyn Initializer>> {
        None
    }
}

/// The most elements of a weight.
const MAX_ELEMENTS: usize = 1 << 31;

/// The first value of a weight, if there is memory for it. One of more than 2^31 elements is an error: it is a mistake in
/// a shape.
pub fn initialize(initializer: &dyn Initializer, shape: &Shape, dtype: DType) -> Result<Tensor> {
    let elements = shape.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
    let Some(elements) = elements.filter(|&elements| elements <= MAX_ELEMENTS) else {
        let message = format!("shape {shape} would have more than {MAX_ELEMENTS} elements; make it smaller");
        return Err(Error::invalid(message));
    };
    // Where there is no room, an allocation that must succeed would end the process.
    if Vec::<f32>::new().try_reserve_exact(elements).is_err() {
        return Err(Error::invalid(format!("there is no memory for a tensor of shape {shape}")));
    }
    initializer.initialize(shape, dtype)
}

type Made = Result<Rc<dyn Initializer>>;
type Make = fn(&mut Options) -> Made;

/// Class names and how to read their options. A new initializer is one more line.
const INITIALIZERS: &[(&str, Make)] = &[
    ("Constant", Constant::from_options),
    ("GlorotNormal", |options| VarianceScaling::named("GlorotNormal", options)),
    ("GlorotUniform", |options| VarianceScaling::named("GlorotUniform", options)),
    ("HeNormal", |options| VarianceScaling::named("HeNormal", options)),
    ("HeUniform", |options| VarianceScaling::named("HeUniform", options)),
    ("Identity", Identity::from_options),
    ("LecunNormal", |options| VarianceScaling::named("LecunNormal", options)),
    ("LecunUniform", |options| VarianceScaling::named("LecunUniform", options)),
    ("Ones", Ones::from_options),
    ("Orthogonal", Orthogonal::from_options),
    ("RandomNormal", RandomNormal::from_options),
    ("RandomUniform", RandomUniform::from_options),
    ("TruncatedNormal", TruncatedNormal::from_options),
    ("VarianceScaling", VarianceScaling::from_options),
    ("Zeros", Zeros::from_options),
];

/// Other names of the same classes.
const ALIASES: &[(&str, &str)] = &[
    ("IdentityInitializer", "Identity"),
    ("normal", "RandomNormal"),
    ("one", "Ones"),
    ("OrthogonalInitializer", "Orthogonal"),
    ("uniform", "RandomUniform"),
    ("zero", "Zeros"),
];

/// The class names.
pub fn class_names() -> impl Iterator<Item = &'static str> {
    INITIALIZERS.iter().map(|&(class, _)| class)
}

/// An initializer from its id (`"he_normal"`) or from `{ class_name, config }`.
pub fn deserialize(value: &Value) -> Made {
    if let Some(initializer) =
        referred("initializer", value, |functions, number, json| functions.initializer(number, json))?
    {
        return Ok(initializer);
    }
    let (name, config) = class_and_config("initializer", value)?;
    create(&name, &config)
}

/// An initializer from its class name or id, in any spelling, and its options.
pub fn create(name: &str, config: &Value) -> Made {
    let alias = ALIASES.iter().find(|(alias, _)| fold(alias) == fold(name));
    let class = alias.map_or(name, |(_, class)| class);
    let Some((class, make)) = INITIALIZERS.iter().find(|(known, _)| fold(known) == fold(class)) else {
        let known: Vec<&str> = class_names().collect();
        return Err(Error::config(
            "initializer",
            format!("unknown '{name}'; known initializers: {}", known.join(", ")),
        ));
    };
    let mut options = Options::new(class, config)?;
    options.inert(&["dtype"])?;
    let initializer = make(&mut options)?;
    options.finish()?;
    Ok(initializer)
}

/// `{ class_name, config }` with the fields that Keras adds.
fn serialized(class: &str, config: Map<String, Value>) -> Value {
    json!({ "module": "keras.initializers", "class_name": class, "config": config, "registered_name": null })
}

/// The entries of a JSON object.
fn entries(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(entries) => entries,
        _ => Map::new(),
    }
}

/// A tensor of the given shape whose elements are drawn one after the other from a stream: the seed's or a new one.
fn draw(shape: &Shape, dtype: DType, seed: Option<u64>, mut next: impl FnMut(&mut Stream) -> f64) -> Result<Tensor> {
    let mut stream = Stream::new(seed.unwrap_or_else(next_seed), 0);
    let values = (0..shape.numel()).map(|_| next(&mut stream));
    if dtype == DType::F32 {
        return Ok(Tensor::f32(shape.clone(), values.map(|value| value as f32).collect())?);
    }
    Ok(Tensor::from_f64(shape.clone(), dtype, &values.collect::<Vec<_>>())?)
}

#[cfg(test)]
mod tests;
