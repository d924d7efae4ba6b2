//! Layers. Source of the rules: Keras 3, `keras/src/layers`.
//!
//! A new layer is a file with its options, its weights and its call, and a line in [`LAYERS`].

mod activation;
mod add;
mod batch_normalization;
mod concatenate;
mod dense;
mod dropout;
mod flatten;
mod input;
mod merge;
mod rescaling;
mod support;
mod unique_names;

use serde_json::{Map, Value};

use crate::config::{Options, class_and_config};
use crate::error::{Error, Result};
use crate::layer::{CommonOptions, Layer, LayerRef};
use crate::names::fold;

pub use activation::Activation;
pub use add::Add;
pub use batch_normalization::BatchNormalization;
pub use concatenate::Concatenate;
pub use dense::Dense;
pub use dropout::Dropout;
pub use flatten::Flatten;
pub use input::InputLayer;
pub use rescaling::Rescaling;
pub use unique_names::{reset_names, unique_name};

/// A layer that can be made from its options.
trait FromOptions: Layer + Sized {
    const CLASS: &'static str;

    /// Reads the layer's own options; those that every layer has are read elsewhere.
    fn from_options(options: &mut Options) -> Result<Self>;
}

/// A known class.
struct Entry {
    class: &'static str,
    make: fn(&mut Options) -> Result<Box<dyn Layer>>,
}

const fn entry<L: FromOptions>() -> Entry {
    Entry { class: L::CLASS, make: |options| Ok(Box::new(L::from_options(options)?)) }
}

const LAYERS: &[Entry] = &[
    entry::<Activation>(),
    entry::<Add>(),
    entry::<BatchNormalization>(),
    entry::<Concatenate>(),
    entry::<Dense>(),
    entry::<Dropout>(),
    entry::<Flatten>(),
    entry::<InputLayer>(),
    entry::<Rescaling>(),
];

/// Makes layers of classes that are not known here: given class name and config, `None` where it does not know the
/// class either.
pub type CustomLayers<'a> = &'a dyn Fn(&str, &Value) -> Option<Result<LayerRef>>;

/// No custom layers.
pub fn no_custom_layers(_: &str, _: &Value) -> Option<Result<LayerRef>> {
    None
}

/// The class names.
pub fn class_names() -> impl Iterator<Item = &'static str> {
    LAYERS.iter().map(|entry| entry.class)
}

/// A layer or model from `{ class_name, config }` as Keras serializes it.
pub fn deserialize(value: &Value) -> Result<LayerRef> {
    deserialize_with(value, &no_custom_layers)
}

/// The same with custom classes, which go before the known ones.
pub fn deserialize_with(value: &Value, custom: CustomLayers<'_>) -> Result<LayerRef> {
    let (class, config) = class_and_config("layer", value)?;
    if let Some(layer) = custom(&class, &config) {
        return layer;
    }
    if crate::model::is_model_class(&class) {
        return Ok(crate::model::Model::from_json_with(value, custom)?.as_layer());
    }
    create(&class, &config)
}

/// A layer from its class name, in any spelling, and its options: those of the class, and of every layer `name` (default:
/// the class name and a number), `trainable`, `activity_regularizer`, and the `input_shape` of a model's first layer.
pub fn create(class: &str, config: &Value) -> Result<LayerRef> {
    let Some(entry) = LAYERS.iter().find(|entry| fold(entry.class) == fold(class)) else {
        let known: Vec<&str> = class_names().collect();
        return Err(Error::config("layer", format!("unknown class '{class}'; known classes: {}", known.join(", "))));
    };
    let mut options = Options::new(entry.class, config)?;
    let layer = (entry.make)(&mut options)?;
    let name = options.optional_string("name")?;
    let trainable = options.bool("trainable", true)?;
    let common = CommonOptions {
        activity_regularizer: support::regularizer(&mut options, "activity_regularizer")?,
        input_shape: support::input_shape(&mut options)?,
    };
    support::check_dtype_policy(&mut options)?;
    options.inert(&["input_dtype", "autocast"])?;
    options.unsupported(&["quantization_config", "lora_rank", "lora_alpha"])?;
    options.finish()?;
    let layer = LayerRef::with_options(name.unwrap_or_else(|| unique_name(entry.class)), layer, common);
    layer.set_trainable(trainable);
    Ok(layer)
}

/// Module and registered name under which Keras looks up a class.
pub(crate) fn module(class: &str) -> (Value, Value) {
    match class {
        "Sequential" => ("keras".into(), Value::Null),
        "Functional" => ("keras.src.models.functional".into(), "Functional".into()),
        _ if class_names().any(|known| known == class) => ("keras.layers".into(), Value::Null),
        _ => (Value::Null, format!("Custom>{class}").into()),
    }
}

/// The entries of a JSON object.
fn entries(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(entries) => entries,
        _ => Map::new(),
    }
}
