//! Layers. Source of the rules: Keras 3, `keras/src/layers`.
//!
//! A new layer is a file with its options, its weights and its call, and a line in [`LAYERS`].

mod activation;
mod activity_regularization;
mod adaptation;
mod add;
mod alpha_dropout;
mod average;
mod average_pooling;
mod batch_normalization;
mod bias_activation;
mod categories;
mod category_encoding;
mod concatenate;
mod conv;
mod conv_transpose;
mod cropping;
mod dense;
mod depthwise_conv;
mod discretization;
mod dot;
mod dropout;
mod einsum;
mod einsum_dense;
mod elu;
mod embedding;
mod feature_moments;
mod flatten;
mod gaussian_dropout;
mod gaussian_noise;
mod global_average_pooling;
mod global_max_pooling;
mod global_pooling;
mod group_normalization;
mod identity;
mod input;
mod layer_normalization;
mod leaky_relu;
mod masking;
mod max_pooling;
mod maximum;
mod merge;
mod minimum;
mod multiply;
mod noise;
mod normalization;
mod normalizing;
mod permute;
mod pooling;
mod prelu;
mod quantiles;
mod relu;
mod repeat_vector;
mod rescaling;
mod reshape;
mod rms_normalization;
mod rrelu;
mod separable_conv;
mod sliding;
mod softmax;
mod spatial;
mod spatial_dropout;
mod subtract;
mod support;
mod unique_names;
mod unit_normalization;
mod up_sampling_1d;
mod up_sampling_2d;
mod zero_padding;

use serde_json::{Map, Value};

use crate::config::{Options, class_and_config};
use crate::error::{Error, Result};
use crate::layer::{CommonOptions, Layer, LayerRef};
use crate::names::fold;

pub use activation::Activation;
pub use activity_regularization::ActivityRegularization;
pub use adaptation::{Adaptation, adapt};
pub use add::Add;
pub use alpha_dropout::AlphaDropout;
pub use average::Average;
pub use average_pooling::AveragePooling;
pub use batch_normalization::BatchNormalization;
pub use category_encoding::CategoryEncoding;
pub use concatenate::Concatenate;
pub use conv::Conv;
pub use conv_transpose::ConvTranspose;
pub use cropping::Cropping;
pub use dense::Dense;
pub use depthwise_conv::DepthwiseConv;
pub use discretization::Discretization;
pub use dot::Dot;
pub use dropout::Dropout;
pub use einsum_dense::EinsumDense;
pub use elu::Elu;
pub use embedding::Embedding;
pub use flatten::Flatten;
pub use gaussian_dropout::GaussianDropout;
pub use gaussian_noise::GaussianNoise;
pub use global_average_pooling::GlobalAveragePooling;
pub use global_max_pooling::GlobalMaxPooling;
pub use group_normalization::GroupNormalization;
pub use identity::Identity;
pub use input::InputLayer;
pub use layer_normalization::LayerNormalization;
pub use leaky_relu::LeakyRelu;
pub use masking::Masking;
pub use max_pooling::MaxPooling;
pub use maximum::Maximum;
pub use minimum::Minimum;
pub use multiply::Multiply;
pub use normalization::Normalization;
pub use permute::Permute;
pub use prelu::PRelu;
pub use relu::Relu;
pub use repeat_vector::RepeatVector;
pub use rescaling::Rescaling;
pub use reshape::Reshape;
pub use rms_normalization::RmsNormalization;
pub use rrelu::RRelu;
pub use separable_conv::SeparableConv;
pub use softmax::Softmax;
pub use spatial_dropout::SpatialDropout;
pub use subtract::Subtract;
pub use unique_names::{reset_names, unique_name};
pub use unit_normalization::UnitNormalization;
pub use up_sampling_1d::UpSampling1D;
pub use up_sampling_2d::UpSampling2D;
pub use zero_padding::ZeroPadding;

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
    entry::<ActivityRegularization>(),
    entry::<Add>(),
    entry::<AlphaDropout>(),
    entry::<Average>(),
    entry::<AveragePooling<1>>(),
    entry::<AveragePooling<2>>(),
    entry::<BatchNormalization>(),
    entry::<CategoryEncoding>(),
    entry::<Concatenate>(),
    entry::<Conv<1>>(),
    entry::<ConvTranspose<1>>(),
    entry::<Conv<2>>(),
    entry::<ConvTranspose<2>>(),
    entry::<Cropping<1>>(),
    entry::<Cropping<2>>(),
    entry::<Dense>(),
    entry::<DepthwiseConv<1>>(),
    entry::<DepthwiseConv<2>>(),
    entry::<Discretization>(),
    entry::<Dot>(),
    entry::<Dropout>(),
    entry::<EinsumDense>(),
    entry::<Elu>(),
    entry::<Embedding>(),
    entry::<Flatten>(),
    entry::<GaussianDropout>(),
    entry::<GaussianNoise>(),
    entry::<GlobalAveragePooling<1>>(),
    entry::<GlobalAveragePooling<2>>(),
    entry::<GlobalMaxPooling<1>>(),
    entry::<GlobalMaxPooling<2>>(),
    entry::<GroupNormalization>(),
    entry::<Identity>(),
    entry::<InputLayer>(),
    entry::<LayerNormalization>(),
    entry::<LeakyRelu>(),
    entry::<Masking>(),
    entry::<MaxPooling<1>>(),
    entry::<MaxPooling<2>>(),
    entry::<Maximum>(),
    entry::<Minimum>(),
    entry::<Multiply>(),
    entry::<Normalization>(),
    entry::<PRelu>(),
    entry::<Permute>(),
    entry::<RRelu>(),
    entry::<Relu>(),
    entry::<RepeatVector>(),
    entry::<Rescaling>(),
    entry::<Reshape>(),
    entry::<RmsNormalization>(),
    entry::<SeparableConv<1>>(),
    entry::<SeparableConv<2>>(),
    entry::<Softmax>(),
    entry::<SpatialDropout<1>>(),
    entry::<SpatialDropout<2>>(),
    entry::<Subtract>(),
    entry::<UnitNormalization>(),
    entry::<UpSampling1D>(),
    entry::<UpSampling2D>(),
    entry::<ZeroPadding<1>>(),
    entry::<ZeroPadding<2>>(),
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
    named(entry.class, options, layer)
}

/// A layer of a class that is not known here, with the options that every layer has.
pub fn custom(class: &str, config: &Value, layer: Box<dyn Layer>) -> Result<LayerRef> {
    named(class, Options::new(class, config)?, layer)
}

/// A layer with the options that every layer has, the last ones.
fn named(class: &str, mut options: Options, layer: Box<dyn Layer>) -> Result<LayerRef> {
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
    let layer = LayerRef::with_options(name.unwrap_or_else(|| unique_name(class)), layer, common);
    layer.set_trainable(trainable);
    Ok(layer)
}

/// Module and registered name under which Keras looks up a class: as a custom one if it has none of that name.
pub(crate) fn module(class: &str) -> (Value, Value) {
    match class {
        "Sequential" => ("keras".into(), Value::Null),
        "Functional" => ("keras.src.models.functional".into(), "Functional".into()),
        _ if class_names().any(|known| known == class && known != RRelu::CLASS) => ("keras.layers".into(), Value::Null),
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
