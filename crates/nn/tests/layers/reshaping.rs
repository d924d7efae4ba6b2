//! Layers that move elements.

use glorot_graph::reference::Value;
use glorot_nn::context::random_state;
use glorot_nn::layers::create;
use glorot_nn::{Context, StateTable};
use glorot_tensor::DType;
use serde_json::{Value as Json, json};

use crate::common::{assert_close, layer, run};

fn apply(class: &str, config: Json, x: &Value) -> Value {
    run(&layer(class, config), std::slice::from_ref(x), false, 0).outputs.remove(0)
}

/// Bytes that count from 1.
fn counting(shape: &[usize]) -> Value {
    Value::new(shape, DType::U8, (1..=shape.iter().product::<usize>()).map(|i| i as f64).collect())
}

fn refusal(class: &str, config: Json, shape: &[usize]) -> String {
    let ctx = Context::new(StateTable::new(), random_state(0), true);
    let x = ctx.tracer().input(shape, DType::F32);
    layer(class, config).call(&ctx, &[x], None).unwrap_err().to_string()
}

fn bytes(shape: &[usize], data: &[u8]) -> Value {
    Value::new(shape, DType::U8, data.iter().map(|&byte| f64::from(byte)).collect())
}

#[test]
fn reshape_permute_and_repeat_keep_bytes() {
    let x = counting(&[1, 2, 3]);
    assert_eq!(apply("Reshape", json!({ "target_shape": [3, -1, 1] }), &x), counting(&[1, 3, 2, 1]));
    assert_eq!(apply("Permute", json!({ "dims": [2, 1] }), &x), bytes(&[1, 3, 2], &[1, 4, 2, 5, 3, 6]));
    let repeated = apply("RepeatVector", json!({ "n": 2 }), &counting(&[2, 2]));
    assert_eq!(repeated, bytes(&[2, 2, 2], &[1, 2, 1, 2, 3, 4, 3, 4]));
}

#[test]
fn padding_and_cropping_are_opposites() {
    let x = counting(&[1, 2, 2, 1]);
    let padded = apply("ZeroPadding2D", json!({ "padding": [[0, 1], [2, 0]] }), &x);
    assert_eq!(padded, bytes(&[1, 3, 4, 1], &[0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0]));
    assert_eq!(apply("Cropping2D", json!({ "cropping": [[0, 1], [2, 0]] }), &padded), x);
    assert_eq!(apply("Cropping2D", json!({ "cropping": [1, 0] }), &padded), bytes(&[1, 1, 4, 1], &[0, 0, 3, 4]));
    let steps = apply("ZeroPadding1D", json!({ "padding": [1, 2] }), &counting(&[1, 2, 1]));
    assert_eq!(steps, bytes(&[1, 5, 1], &[0, 1, 2, 0, 0]));
    assert_eq!(apply("Cropping1D", json!({ "cropping": [1, 2] }), &steps), counting(&[1, 2, 1]));
}

#[test]
fn up_sampling_repeats_or_interpolates() {
    let x = counting(&[1, 2, 2, 1]);
    let repeated = apply("UpSampling2D", json!({ "size": [1, 2] }), &x);
    assert_eq!(repeated, bytes(&[1, 2, 4, 1], &[1, 1, 2, 2, 3, 3, 4, 4]));
    assert_eq!(apply("UpSampling1D", json!({}), &counting(&[1, 2, 1])), bytes(&[1, 4, 1], &[1, 1, 2, 2]));
    // The centers of the new pixels lie at -1/4, 1/4, 3/4 and 5/4 old ones from the first center.
    let between = apply("UpSampling2D", json!({ "size": [1, 2], "interpolation": "bilinear" }), &x);
    assert_close(&between.data, &[1.0, 1.25, 1.75, 2.0, 3.0, 3.25, 3.75, 4.0], 1e-6);
}

#[test]
fn errors_name_option_and_shape() {
    assert_eq!(
        refusal("Reshape", json!({ "target_shape": [4, -1], "name": "r" }), &[2, 3, 3]),
        "layer 'r' (Reshape): expected inputs of as many elements as option 'target_shape', [4,-1], says; received \
         shape [batch, 3, 3] with 9 elements a sample"
    );
    assert_eq!(
        refusal("Permute", json!({ "dims": [2, 1], "name": "p" }), &[2, 3]),
        "layer 'p' (Permute): option 'dims' is [2,1], so inputs need 2 axes after the batch; received shape [batch, 3]"
    );
    assert_eq!(
        refusal("RepeatVector", json!({ "n": 2, "name": "r" }), &[2, 3, 4]),
        "layer 'r' (RepeatVector): expected inputs of shape [batch, features], received [batch, 3, 4]"
    );
    assert_eq!(
        refusal("ZeroPadding2D", json!({ "name": "z" }), &[2, 28, 28]),
        "layer 'z' (ZeroPadding2D): expected inputs of shape [batch, height, width, channels], received [batch, 28, 28]; \
         a reshape layer can add an axis of length 1"
    );
    assert!(refusal("Cropping1D", json!({ "cropping": [1, 2] }), &[2, 3, 4]).ends_with(
        "option 'cropping' removes 1 and 2 elements of an axis, of which nothing would be left; received inputs of \
             shape [batch, 3, 4]"
    ));
    for (class, config, want) in [
        (
            "Reshape",
            json!({ "target_shape": [-1, -1] }),
            "option 'target_shape' must be lengths of at least 0, at most one of them -1; received [-1,-1]",
        ),
        (
            "Permute",
            json!({ "dims": [0, 1] }),
            "option 'dims' must be a list of the axes from 1 on, each once; received [0,1]",
        ),
        (
            "ZeroPadding1D",
            json!({ "padding": -1 }),
            "option 'padding' must be a whole number of at least 0 or [before, after]; received -1",
        ),
        (
            "ZeroPadding2D",
            json!({ "padding": [[1, 2, 3], 0] }),
            "option 'padding' must be a whole number of at least 0, [height, width] or [[top, bottom], [left, right]]; \
             received [[1,2,3],0]",
        ),
        (
            "UpSampling2D",
            json!({ "size": [2, 0] }),
            "option 'size' must be a whole number of at least 1, or a list of one for height and one for width; \
             received [2,0]",
        ),
        (
            "UpSampling2D",
            json!({ "interpolation": "cubic" }),
            "option 'interpolation' must be one of 'nearest', 'bilinear'; received \"cubic\"",
        ),
    ] {
        assert_eq!(create(class, &config).err().unwrap().to_string(), format!("{class}: {want}"));
    }
}
