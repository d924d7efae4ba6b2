//! What holds for every layer: shapes, numbers of weights, configs that round trip, gradients that agree with finite
//! differences, a training step.

use std::collections::HashSet;

use crate::common::{Loss, current, normal, run, step};
use glorot_graph::TensorSpec;
use glorot_graph::reference::Value;
use glorot_nn::layers::{class_names, create, deserialize};
use glorot_nn::model::{apply, input};
use glorot_nn::{LayerRef, Variable};
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value as Json, json};

/// A layer with options, and what is expected of it.
pub struct Case {
    pub class: &'static str,
    pub config: Json,
    /// Shapes of the inputs for a batch of 4.
    pub inputs: &'static [&'static [usize]],
    output: &'static [usize],
    /// Numbers of trainable and other weights.
    weights: (usize, usize),
}

fn case(
    class: &'static str,
    config: Json,
    inputs: &'static [&'static [usize]],
    output: &'static [usize],
    weights: (usize, usize),
) -> Case {
    Case { class, config, inputs, output, weights }
}

pub fn cases() -> Vec<Case> {
    let penalized = json!({ "units": 3, "activation": "tanh", "kernel_regularizer": "l2", "bias_regularizer": "l1",
        "kernel_constraint": "max_norm", "bias_constraint": "non_neg", "activity_regularizer": "l1_l2",
        "bias_initializer": { "class_name": "RandomNormal", "config": { "seed": 1 } } });
    vec![
        case("Activation", json!({ "activation": "selu" }), &[&[4, 5]], &[4, 5], (0, 0)),
        case("Activation", json!({ "activation": "softmax" }), &[&[4, 2, 5]], &[4, 2, 5], (0, 0)),
        case("ActivityRegularization", json!({ "l1": 0.1, "l2": 0.2 }), &[&[4, 5]], &[4, 5], (0, 0)),
        case("Add", json!({}), &[&[4, 5], &[4, 5], &[4, 5]], &[4, 5], (0, 0)),
        case("Add", json!({}), &[&[4, 3, 5], &[4, 5]], &[4, 3, 5], (0, 0)),
        case("BatchNormalization", json!({}), &[&[4, 5]], &[4, 5], (2, 2)),
        case("BatchNormalization", json!({ "axis": 1 }), &[&[4, 3, 2]], &[4, 3, 2], (2, 2)),
        case("BatchNormalization", json!({ "axis": [1, 2] }), &[&[4, 3, 2]], &[4, 3, 2], (2, 2)),
        case("BatchNormalization", json!({ "scale": false, "epsilon": 0.1 }), &[&[4, 3, 2, 2]], &[4, 3, 2, 2], (1, 2)),
        case("BatchNormalization", json!({ "center": false, "scale": false }), &[&[4, 5]], &[4, 5], (0, 2)),
        case("CategoryEncoding", json!({ "num_tokens": 3 }), &[&[4, 5]], &[4, 3], (0, 0)),
        case("Concatenate", json!({}), &[&[4, 5], &[4, 2]], &[4, 7], (0, 0)),
        case("Concatenate", json!({ "axis": 1 }), &[&[4, 1, 3], &[4, 2, 3]], &[4, 3, 3], (0, 0)),
        case("Dense", json!({ "units": 3 }), &[&[4, 5]], &[4, 3], (2, 0)),
        case("Dense", json!({ "units": 3, "activation": "elu", "use_bias": false }), &[&[4, 2, 5]], &[4, 2, 3], (1, 0)),
        case("Dense", penalized, &[&[4, 2, 2, 5]], &[4, 2, 2, 3], (2, 0)),
        case(
            "Discretization",
            json!({ "bin_boundaries": [-0.5, 0.5], "output_mode": "one_hot" }),
            &[&[4, 5]],
            &[4, 5, 3],
            (0, 0),
        ),
        case("Dropout", json!({ "rate": 0.4 }), &[&[4, 5]], &[4, 5], (0, 0)),
        case(
            "Dropout",
            json!({ "rate": 0.4, "seed": 3, "noise_shape": [null, 1, 5] }),
            &[&[4, 3, 5]],
            &[4, 3, 5],
            (0, 0),
        ),
        case(
            "EinsumDense",
            json!({ "equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c", "activation": "tanh" }),
            &[&[4, 5]],
            &[4, 3],
            (2, 0),
        ),
        case(
            "EinsumDense",
            json!({ "equation": "abcd,cde->ace", "output_shape": [3, 2], "kernel_regularizer": "l2" }),
            &[&[4, 2, 3, 5]],
            &[4, 3, 2],
            (1, 0),
        ),
        case(
            "EinsumDense",
            json!({ "equation": "abc...,bde->acde...", "output_shape": [null, 2, 3], "bias_axes": "d" }),
            &[&[4, 5, 2, 3]],
            &[4, 2, 2, 3, 3],
            (2, 0),
        ),
        case("ELU", json!({ "alpha": 0.7 }), &[&[4, 5]], &[4, 5], (0, 0)),
        case("Flatten", json!({}), &[&[4, 3, 5]], &[4, 15], (0, 0)),
        case("Flatten", json!({}), &[&[4]], &[4, 1], (0, 0)),
        case("Flatten", json!({ "data_format": "channels_first" }), &[&[4, 3, 5]], &[4, 15], (0, 0)),
        case("GaussianDropout", json!({ "rate": 0.3, "seed": 3 }), &[&[4, 5]], &[4, 5], (0, 0)),
        case("GaussianNoise", json!({ "stddev": 0.3 }), &[&[4, 5]], &[4, 5], (0, 0)),
        case("GroupNormalization", json!({ "groups": 2 }), &[&[4, 6]], &[4, 6], (2, 0)),
        case(
            "GroupNormalization",
            json!({ "groups": -1, "axis": 1, "scale": false }),
            &[&[4, 2, 3]],
            &[4, 2, 3],
            (1, 0),
        ),
        case(
            "GroupNormalization",
            json!({ "groups": 2, "axis": 2, "center": false }),
            &[&[4, 3, 4, 2]],
            &[4, 3, 4, 2],
            (1, 0),
        ),
        case("InputLayer", json!({ "shape": [5] }), &[&[4, 5]], &[4, 5], (0, 0)),
        case("LayerNormalization", json!({}), &[&[4, 5]], &[4, 5], (2, 0)),
        case("LayerNormalization", json!({ "axis": [2, 1], "epsilon": 0.1 }), &[&[4, 3, 2]], &[4, 3, 2], (2, 0)),
        case("LayerNormalization", json!({ "axis": 1, "center": false }), &[&[4, 3, 2]], &[4, 3, 2], (1, 0)),
        case("LayerNormalization", json!({ "center": false, "scale": false }), &[&[4, 5]], &[4, 5], (0, 0)),
        case("LeakyReLU", json!({ "negative_slope": 0.1 }), &[&[4, 5]], &[4, 5], (0, 0)),
        case("Normalization", json!({}), &[&[4, 5]], &[4, 5], (0, 3)),
        case("Normalization", json!({ "axis": [1, 2] }), &[&[4, 3, 2]], &[4, 3, 2], (0, 3)),
        case("Normalization", json!({ "axis": null, "invert": true }), &[&[4, 3, 2]], &[4, 3, 2], (0, 3)),
        case("Normalization", json!({ "mean": [1, 2], "variance": [4, 0.25] }), &[&[4, 3, 2]], &[4, 3, 2], (0, 0)),
        case("PReLU", json!({ "alpha_regularizer": "l2" }), &[&[4, 5]], &[4, 5], (1, 0)),
        case(
            "PReLU",
            json!({ "shared_axes": [1, 2], "alpha_constraint": "non_neg" }),
            &[&[4, 3, 2, 5]],
            &[4, 3, 2, 5],
            (1, 0),
        ),
        case("ReLU", json!({}), &[&[4, 5]], &[4, 5], (0, 0)),
        case(
            "ReLU",
            json!({ "max_value": 1.2, "negative_slope": 0.05, "threshold": 0.1 }),
            &[&[4, 5]],
            &[4, 5],
            (0, 0),
        ),
        case("Rescaling", json!({ "scale": 0.5, "offset": -1.0 }), &[&[4, 5]], &[4, 5], (0, 0)),
        case("Rescaling", json!({ "scale": [1, 2, 3], "offset": [0, 0.5, 1] }), &[&[4, 2, 3]], &[4, 2, 3], (0, 0)),
        case("AlphaDropout", json!({ "rate": 0.3 }), &[&[4, 5]], &[4, 5], (0, 0)),
        case("AlphaDropout", json!({ "rate": 0.3, "noise_shape": [null, 1] }), &[&[4, 5]], &[4, 5], (0, 0)),
        case("Average", json!({}), &[&[4, 5], &[4, 5], &[4, 5]], &[4, 5], (0, 0)),
        case(
            "AveragePooling1D",
            json!({ "pool_size": 3, "strides": 2, "padding": "same" }),
            &[&[4, 6, 2]],
            &[4, 3, 2],
            (0, 0),
        ),
        case("AveragePooling2D", json!({}), &[&[4, 5, 4, 2]], &[4, 2, 2, 2], (0, 0)),
        case(
            "AveragePooling2D",
            json!({ "pool_size": [2, 3], "strides": 1, "data_format": "channels_first" }),
            &[&[4, 2, 3, 4]],
            &[4, 2, 2, 2],
            (0, 0),
        ),
        case(
            "Conv1DTranspose",
            json!({ "filters": 3, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": 1 }),
            &[&[4, 5, 2]],
            &[4, 10, 3],
            (2, 0),
        ),
        case(
            "Conv1DTranspose",
            json!({ "filters": 3, "kernel_size": 2, "dilation_rate": 2, "use_bias": false }),
            &[&[4, 5, 2]],
            &[4, 7, 3],
            (1, 0),
        ),
        case(
            "Conv2DTranspose",
            json!({ "filters": 3, "kernel_size": [2, 3], "strides": [3, 1], "activation": "tanh",
                "kernel_regularizer": "l2", "data_format": "channels_first" }),
            &[&[4, 2, 2, 3]],
            &[4, 3, 6, 5],
            (2, 0),
        ),
        case("Identity", json!({}), &[&[4, 5]], &[4, 5], (0, 0)),
        case("Masking", json!({ "mask_value": 0.5 }), &[&[4, 3, 2]], &[4, 3, 2], (0, 0)),
        case(
            "Conv1D",
            json!({ "filters": 3, "kernel_size": 2, "dilation_rate": 2, "padding": "causal" }),
            &[&[4, 5, 2]],
            &[4, 5, 3],
            (2, 0),
        ),
        case(
            "Conv1D",
            json!({ "filters": 3, "kernel_size": 3, "strides": 2, "use_bias": false }),
            &[&[4, 6, 2]],
            &[4, 2, 3],
            (1, 0),
        ),
        case(
            "Conv2D",
            json!({ "filters": 3, "kernel_size": 3, "padding": "same", "activation": "elu" }),
            &[&[4, 3, 4, 2]],
            &[4, 3, 4, 3],
            (2, 0),
        ),
        case(
            "Conv2D",
            json!({ "filters": 4, "kernel_size": [1, 2], "groups": 2, "activity_regularizer": "l2" }),
            &[&[4, 2, 3, 4]],
            &[4, 2, 2, 4],
            (2, 0),
        ),
        case(
            "Conv2D",
            json!({ "filters": 3, "kernel_size": 2, "strides": [1, 2], "activation": "sigmoid", "data_format": "channels_first",
            "kernel_regularizer": "l2", "bias_constraint": "non_neg" }),
            &[&[4, 2, 3, 4]],
            &[4, 3, 2, 2],
            (2, 0),
        ),
        case("Cropping1D", json!({}), &[&[4, 5, 2]], &[4, 3, 2], (0, 0)),
        case("Cropping2D", json!({}), &[&[4, 3, 4, 2]], &[4, 3, 4, 2], (0, 0)),
        case(
            "Cropping2D",
            json!({ "cropping": [[1, 0], [0, 2]], "data_format": "channels_first" }),
            &[&[4, 2, 3, 4]],
            &[4, 2, 2, 2],
            (0, 0),
        ),
        case(
            "DepthwiseConv1D",
            json!({ "kernel_size": 2, "strides": 2, "depth_multiplier": 2 }),
            &[&[4, 5, 3]],
            &[4, 2, 6],
            (2, 0),
        ),
        case(
            "DepthwiseConv2D",
            json!({ "kernel_size": 3, "padding": "same", "activation": "tanh" }),
            &[&[4, 3, 2, 3]],
            &[4, 3, 2, 3],
            (2, 0),
        ),
        case(
            "DepthwiseConv2D",
            json!({ "kernel_size": [2, 1], "use_bias": false, "depth_multiplier": 2, "data_format": "channels_first",
            "depthwise_regularizer": "l1" }),
            &[&[4, 2, 3, 2]],
            &[4, 4, 2, 2],
            (1, 0),
        ),
        case("Dot", json!({ "axes": 1 }), &[&[4, 5], &[4, 5]], &[4, 1], (0, 0)),
        case("Dot", json!({ "axes": -1, "normalize": true }), &[&[4, 2, 3], &[4, 3]], &[4, 2], (0, 0)),
        case("Dot", json!({ "axes": [1, 2] }), &[&[4, 3, 2], &[4, 2, 3, 2]], &[4, 2, 2, 2], (0, 0)),
        case("Embedding", json!({ "input_dim": 40, "output_dim": 3 }), &[&[4, 2]], &[4, 2, 3], (1, 0)),
        case(
            "Embedding",
            json!({ "input_dim": 40, "output_dim": 2, "embeddings_regularizer": "l2", "embeddings_constraint": "unit_norm" }),
            &[&[4]],
            &[4, 2],
            (1, 0),
        ),
        case("GlobalAveragePooling1D", json!({}), &[&[4, 5, 2]], &[4, 2], (0, 0)),
        case("GlobalAveragePooling2D", json!({ "keepdims": true }), &[&[4, 2, 3, 2]], &[4, 1, 1, 2], (0, 0)),
        case("GlobalMaxPooling1D", json!({ "keepdims": true }), &[&[4, 5, 2]], &[4, 1, 2], (0, 0)),
        case("GlobalMaxPooling2D", json!({ "data_format": "channels_first" }), &[&[4, 2, 3, 2]], &[4, 2], (0, 0)),
        case("MaxPooling1D", json!({}), &[&[4, 5, 2]], &[4, 2, 2], (0, 0)),
        case(
            "MaxPooling2D",
            json!({ "pool_size": 3, "strides": 2, "padding": "same" }),
            &[&[4, 5, 4, 2]],
            &[4, 3, 2, 2],
            (0, 0),
        ),
        case("MaxPooling2D", json!({ "data_format": "channels_first" }), &[&[4, 2, 4, 4]], &[4, 2, 2, 2], (0, 0)),
        case("Maximum", json!({}), &[&[4, 5], &[4, 5], &[4, 5]], &[4, 5], (0, 0)),
        case("Minimum", json!({}), &[&[4, 5], &[4, 1]], &[4, 5], (0, 0)),
        case("Multiply", json!({}), &[&[4, 5], &[4, 2, 5], &[4, 2, 1]], &[4, 2, 5], (0, 0)),
        case("Permute", json!({ "dims": [3, 1, 2] }), &[&[4, 2, 3, 5]], &[4, 5, 2, 3], (0, 0)),
        case("RepeatVector", json!({ "n": 3 }), &[&[4, 5]], &[4, 3, 5], (0, 0)),
        case("Reshape", json!({ "target_shape": [2, -1, 2] }), &[&[4, 3, 4]], &[4, 2, 3, 2], (0, 0)),
        case("Reshape", json!({ "target_shape": [] }), &[&[4, 1]], &[4], (0, 0)),
        case("RMSNormalization", json!({}), &[&[4, 5]], &[4, 5], (1, 0)),
        case("RMSNormalization", json!({ "axis": [1, 2], "epsilon": 0.1 }), &[&[4, 3, 2]], &[4, 3, 2], (1, 0)),
        case("RReLU", json!({}), &[&[4, 5]], &[4, 5], (0, 0)),
        case("RReLU", json!({ "lower": 0.1, "upper": 0.4, "seed": 3 }), &[&[4, 5]], &[4, 5], (0, 0)),
        case(
            "SeparableConv1D",
            json!({ "filters": 2, "kernel_size": 2, "padding": "same" }),
            &[&[4, 4, 3]],
            &[4, 4, 2],
            (3, 0),
        ),
        case(
            "SeparableConv2D",
            json!({ "filters": 3, "kernel_size": 2, "strides": 2, "depth_multiplier": 2, "use_bias": false, "data_format": "channels_first",
            "pointwise_regularizer": "l2", "depthwise_constraint": "max_norm" }),
            &[&[4, 2, 4, 4]],
            &[4, 3, 2, 2],
            (2, 0),
        ),
        case("Softmax", json!({}), &[&[4, 5]], &[4, 5], (0, 0)),
        case("Softmax", json!({ "axis": [1, 2] }), &[&[4, 3, 2]], &[4, 3, 2], (0, 0)),
        case("SpatialDropout1D", json!({ "rate": 0.3 }), &[&[4, 3, 2]], &[4, 3, 2], (0, 0)),
        case(
            "SpatialDropout2D",
            json!({ "rate": 0.3, "data_format": "channels_first" }),
            &[&[4, 2, 3, 2]],
            &[4, 2, 3, 2],
            (0, 0),
        ),
        case("Subtract", json!({}), &[&[4, 2, 5], &[4, 5]], &[4, 2, 5], (0, 0)),
        case("UnitNormalization", json!({}), &[&[4, 5]], &[4, 5], (0, 0)),
        case("UnitNormalization", json!({ "axis": [1, 2] }), &[&[4, 3, 2]], &[4, 3, 2], (0, 0)),
        case("UpSampling1D", json!({ "size": 3 }), &[&[4, 2, 2]], &[4, 6, 2], (0, 0)),
        case("UpSampling2D", json!({ "size": [1, 2] }), &[&[4, 2, 3, 2]], &[4, 2, 6, 2], (0, 0)),
        case(
            "UpSampling2D",
            json!({ "size": [3, 2], "interpolation": "bilinear", "data_format": "channels_first" }),
            &[&[4, 2, 2, 3]],
            &[4, 2, 6, 6],
            (0, 0),
        ),
        case("ZeroPadding1D", json!({ "padding": [1, 2] }), &[&[4, 2, 3]], &[4, 5, 3], (0, 0)),
        case("ZeroPadding2D", json!({}), &[&[4, 2, 3, 2]], &[4, 4, 5, 2], (0, 0)),
        case(
            "ZeroPadding2D",
            json!({ "padding": [[1, 2], [0, 1]], "data_format": "channels_first" }),
            &[&[4, 2, 2, 3]],
            &[4, 2, 5, 4],
            (0, 0),
        ),
    ]
}

/// The layer of a case, built, with weights that are not zeros or ones.
fn built(case: &Case) -> LayerRef {
    let layer = create(case.class, &case.config).unwrap();
    layer.build(&case.inputs.iter().map(|&shape| Shape::from(shape)).collect::<Vec<_>>()).unwrap();
    for (i, weight) in layer.weights().iter().enumerate() {
        let TensorSpec { shape, dtype } = weight.variable.spec();
        // Positive, as variances are.
        let values: Vec<f64> = normal(shape, 50 + i as u64).data.iter().map(|v| 0.5 + v.abs()).collect();
        weight.variable.assign(Tensor::from_f64(shape.clone(), *dtype, &values).unwrap()).unwrap();
    }
    layer
}

fn inputs(case: &Case) -> Vec<Value> {
    let values = case.inputs.iter().enumerate().map(|(i, shape)| normal(shape, 7 + i as u64));
    if takes_indices(case.class) {
        values.map(|value| positive(&value, DType::I32)).collect()
    } else {
        values.collect()
    }
}

/// Whether the layer's inputs are integers from 0 on.
fn takes_indices(class: &str) -> bool {
    class == "Embedding"
}

/// Whole numbers from 0 to about 30.
fn positive(value: &Value, dtype: DType) -> Value {
    let data = value.data.iter().map(|v| (v.abs() * 10.0).floor()).collect();
    Value::new(value.shape.clone(), dtype, data)
}

#[test]
fn every_class_has_a_case() {
    let covered: HashSet<&str> = cases().iter().map(|case| case.class).collect();
    for class in class_names() {
        assert!(covered.contains(class), "no case for {class}");
    }
}

#[test]
fn shapes_and_weights_are_as_expected() {
    for case in cases() {
        let layer = built(&case);
        let weights = layer.weights();
        let trainable = weights.iter().filter(|weight| weight.trainable).count();
        assert_eq!((trainable, weights.len() - trainable), case.weights, "{} {}", case.class, case.config);
        for training in [false, true] {
            let run = run(&layer, &inputs(&case), training, 58);
            assert_eq!(run.outputs.len(), 1);
            assert_eq!(run.outputs[0].shape, Shape::from(case.output), "{} {}", case.class, case.config);
            assert!(run.outputs[0].data.iter().all(|value| value.is_finite()), "{} {}", case.class, case.config);
        }
    }
}

#[test]
fn models_infer_the_same_shapes_for_any_batch() {
    for case in cases() {
        let tensors = case.inputs.iter().map(|shape| input(&json!({ "shape": shape[1..] })).unwrap());
        let outputs = apply(&built(&case), &tensors.collect::<Vec<_>>(), None).unwrap();
        let want: Vec<Option<usize>> = case.output.iter().enumerate().map(|(i, &dim)| (i > 0).then_some(dim)).collect();
        assert_eq!(outputs[0].shape(), want, "{} {}", case.class, case.config);
    }
}

#[test]
fn configs_round_trip() {
    for case in cases() {
        let layer = create(case.class, &case.config).unwrap();
        let json = layer.to_json();
        assert_eq!(json["class_name"], case.class);
        let copy = deserialize(&json).unwrap();
        assert_eq!(copy.to_json(), json);
        for (option, value) in case.config.as_object().unwrap().iter().filter(|(_, value)| value.is_number()) {
            // A number may stand for one an axis.
            let written = &json["config"][option];
            let written = written.as_array().map_or(std::slice::from_ref(written), Vec::as_slice);
            let same = |written: &Json| written.as_f64() == value.as_f64();
            assert!(!written.is_empty() && written.iter().all(same), "{} {option}: {written:?}", case.class);
        }
        layer.set_trainable(false);
        // Keras refuses the option in a few classes.
        let says = json["config"].get("trainable").is_some();
        assert!(!says || !deserialize(&layer.to_json()).unwrap().trainable(), "{}", case.class);
    }
}

#[test]
fn unknown_options_are_errors() {
    for case in cases() {
        let mut config = case.config.clone();
        config["colour"] = "red".into();
        let message = create(case.class, &config).err().expect("an error").to_string();
        assert!(message.starts_with(&format!("{}: unknown option 'colour'; known options: ", case.class)), "{message}");
    }
}

#[test]
fn bytes_are_converted() {
    for case in cases() {
        let layer = built(&case);
        let values = case.inputs.iter().enumerate().map(|(i, shape)| normal(shape, 7 + i as u64));
        let bytes: Vec<Value> = values.map(|value| positive(&value, DType::U8)).collect();
        let floats: Vec<Value> =
            bytes.iter().map(|value| Value::f32(value.shape.clone(), value.data.clone())).collect();
        let (from_bytes, from_floats) = (run(&layer, &bytes, true, 58), run(&layer, &floats, true, 58));
        assert_eq!(from_bytes.outputs[0].data, from_floats.outputs[0].data, "{} {}", case.class, case.config);
    }
}

#[test]
fn gradients_agree_with_finite_differences() {
    const STEP: f64 = 1e-5;
    for case in cases() {
        let (layer, inputs) = (built(&case), inputs(&case));
        for training in [false, true] {
            let what = format!("{} {} training {training}", case.class, case.config);
            let exact = run(&layer, &inputs, training, 58);
            let traced = Loss::new(&layer, &inputs, training, 58);
            let check = |gradient: f64, loss: &dyn Fn(f64) -> f64, of: String| {
                let slope = (loss(STEP) - loss(-STEP)) / (2.0 * STEP);
                assert!(
                    (gradient - slope).abs() < 1e-6 * (1.0 + slope.abs()),
                    "{what}, {of}: {gradient}, want {slope}"
                );
            };
            for (number, gradient) in exact.input_gradients.iter().enumerate() {
                for i in 0..gradient.data.len() {
                    let loss = |step: f64| {
                        let mut moved = inputs.clone();
                        moved[number].data[i] += step;
                        traced.at(&moved, &current)
                    };
                    check(gradient.data[i], &loss, format!("input {number}, element {i}"));
                }
            }
            let weights = layer.trainable_weights();
            assert_eq!(weights.len(), exact.weight_gradients.len());
            for (weight, gradient) in weights.iter().zip(&exact.weight_gradients) {
                assert!(
                    gradient.data.iter().any(|&value| value != 0.0),
                    "{what}: no gradient of {:?}",
                    weight.variable
                );
                for i in 0..gradient.data.len() {
                    let loss = |step: f64| {
                        let value_of = |variable: &Variable| {
                            let mut value = current(variable);
                            if *variable == weight.variable {
                                value.data[i] += step;
                            }
                            value
                        };
                        traced.at(&inputs, &value_of)
                    };
                    check(gradient.data[i], &loss, format!("weight {:?}, element {i}", weight.variable));
                }
            }
        }
    }
}

#[test]
fn a_training_step_changes_the_weights_and_lowers_the_loss() {
    for case in cases() {
        let layer = built(&case);
        let (inputs, weights) = (inputs(&case), layer.trainable_weights());
        if weights.is_empty() {
            continue;
        }
        let before: Vec<Value> = weights.iter().map(|weight| current(&weight.variable)).collect();
        let loss = Loss::new(&layer, &inputs, true, 58);
        let updated = step(&layer, &inputs, 1e-4);
        let value_of = |variable: &Variable| {
            let updated = updated.iter().find(|(known, _)| known == variable);
            updated.map_or_else(|| current(variable), |(_, value)| value.clone())
        };
        for (weight, before) in weights.iter().zip(&before) {
            assert_ne!(value_of(&weight.variable), *before, "{} {}, {:?}", case.class, case.config, weight.variable);
        }
        // A constraint may raise the loss.
        if weights.iter().all(|weight| weight.constraint.is_none()) {
            let (old, new) = (loss.at(&inputs, &current), loss.at(&inputs, &value_of));
            assert!(new < old, "{} {}: {new} after the step, {old} before", case.class, case.config);
        }
    }
}
