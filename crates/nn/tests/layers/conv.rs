use glorot_graph::reference::Value;
use glorot_nn::context::random_state;
use glorot_nn::layers::create;
use glorot_nn::{Context, LayerRef, StateTable};
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value as Json, json};

use crate::common::{assert_close, layer, normal, run, set_weights};

fn outputs(layer: &LayerRef, x: &Value) -> Value {
    run(layer, std::slice::from_ref(x), false, 0).outputs.remove(0)
}

#[test]
fn convolution_slides_a_kernel() {
    let conv = layer("Conv1D", json!({ "filters": 1, "kernel_size": 2, "padding": "same", "activation": "relu" }));
    conv.build(&[Shape::from([1, 4, 1])]).unwrap();
    set_weights(&conv, &[&[1.0, 10.0], &[-5.0]]);
    let x = Value::f32([1, 4, 1], vec![1.0, 2.0, 3.0, 0.0]);
    // Windows [1, 2], [2, 3], [3, 0] and, with one zero after, [0, 0].
    assert_eq!(outputs(&conv, &x), Value::f32([1, 4, 1], vec![16.0, 27.0, 0.0, 0.0]));
    let causal = layer("Conv1D", json!({ "filters": 1, "kernel_size": 2, "padding": "causal", "use_bias": false }));
    causal.build(&[Shape::from([1, 4, 1])]).unwrap();
    set_weights(&causal, &[&[1.0, 10.0]]);
    assert_eq!(outputs(&causal, &x).data, [10.0, 21.0, 32.0, 3.0]);
}

#[test]
fn kernels_have_the_shapes_of_keras() {
    let shapes = |class: &str, config: Json, input: &[usize]| {
        let layer = layer(class, config);
        layer.build(&[Shape::from(input)]).unwrap();
        let weights = layer.weights();
        weights
            .iter()
            .map(|weight| (weight.variable.name().to_string(), weight.variable.spec().shape.to_vec()))
            .collect::<Vec<_>>()
    };
    let named = |name: &str, shape: &[usize]| (name.to_string(), shape.to_vec());
    let conv = shapes("Conv2D", json!({ "filters": 6, "kernel_size": [3, 2], "groups": 2 }), &[1, 5, 5, 4]);
    assert_eq!(conv, [named("kernel", &[3, 2, 2, 6]), named("bias", &[6])]);
    let depthwise = shapes("DepthwiseConv1D", json!({ "kernel_size": 3, "depth_multiplier": 2 }), &[1, 5, 4]);
    assert_eq!(depthwise, [named("kernel", &[3, 4, 2]), named("bias", &[8])]);
    let separable =
        shapes("SeparableConv2D", json!({ "filters": 5, "kernel_size": 3, "depth_multiplier": 2 }), &[1, 5, 5, 4]);
    let want =
        [named("depthwise_kernel", &[3, 3, 4, 2]), named("pointwise_kernel", &[1, 1, 8, 5]), named("bias", &[5])];
    assert_eq!(separable, want);
}

/// `[batch, channels, height, width]` of `[batch, height, width, channels]`.
fn channels_first(x: &Value) -> Value {
    let &[batch, height, width, channels] = x.shape.dims() else { panic!("rank 4") };
    let shape = Shape::from([batch, channels, height, width]);
    let element = |i: usize| {
        let (w, h, c, n) =
            (i % width, i / width % height, i / width / height % channels, i / width / height / channels);
        x.at(&[n, h, w, c])
    };
    Value::f32(shape.clone(), (0..shape.numel()).map(element).collect())
}

#[test]
fn channels_may_come_first() {
    let x = normal(&[2, 5, 4, 2], 3);
    for (class, mut config) in [
        ("Conv2D", json!({ "filters": 3, "kernel_size": 2, "strides": [2, 1], "padding": "same" })),
        ("DepthwiseConv2D", json!({ "kernel_size": 3, "depth_multiplier": 2 })),
        ("SeparableConv2D", json!({ "filters": 3, "kernel_size": 2 })),
        ("MaxPooling2D", json!({})),
        ("AveragePooling2D", json!({ "pool_size": [3, 2], "padding": "same" })),
        ("GlobalMaxPooling2D", json!({ "keepdims": true })),
        ("ZeroPadding2D", json!({ "padding": [[1, 0], [0, 2]] })),
        ("UpSampling2D", json!({ "size": [2, 3] })),
    ] {
        let last = layer(class, config.clone());
        last.build(std::slice::from_ref(&x.shape)).unwrap();
        config["data_format"] = "channels_first".into();
        let first = layer(class, config);
        let turned = channels_first(&x);
        first.build(std::slice::from_ref(&turned.shape)).unwrap();
        for (from, to) in last.weights().iter().zip(first.weights()) {
            to.variable.assign(from.variable.value()).unwrap();
        }
        let (got, want) = (outputs(&first, &turned), channels_first(&outputs(&last, &x)));
        assert_eq!(got.shape, want.shape, "{class}");
        assert_close(&got.data, &want.data, 1e-12);
    }
}

#[test]
fn groups_see_only_themselves() {
    let grouped = layer("Conv1D", json!({ "filters": 2, "kernel_size": 1, "groups": 2, "use_bias": false }));
    grouped.build(&[Shape::from([1, 1, 4])]).unwrap();
    let kernel = Tensor::f32([1, 2, 2], vec![1.0, 10.0, 2.0, 20.0]).unwrap();
    grouped.weights()[0].variable.assign(kernel).unwrap();
    let x = Value::f32([1, 1, 4], vec![1.0, 2.0, 3.0, 4.0]);
    assert_eq!(outputs(&grouped, &x).data, [1.0 + 4.0, 30.0 + 80.0]);
}

#[test]
fn errors_name_layer_option_and_shape() {
    let build =
        |config: Json, shape: &[usize]| layer("Conv2D", config).build(&[Shape::from(shape)]).err().unwrap().to_string();
    assert_eq!(
        build(json!({ "filters": 4, "kernel_size": 3, "name": "c" }), &[2, 28, 28]),
        "layer 'c' (Conv2D): expected inputs of shape [batch, height, width, channels], received [batch, 28, 28]; a \
         reshape layer can add an axis of length 1"
    );
    assert_eq!(
        build(json!({ "filters": 4, "kernel_size": 3, "groups": 2, "name": "c" }), &[2, 5, 5, 3]),
        "layer 'c' (Conv2D): expected inputs whose channels are a multiple of groups (2), received 3 channels (shape \
         [batch, 5, 5, 3])"
    );
    let conv = layer("Conv2D", json!({ "filters": 4, "kernel_size": [2, 3], "dilation_rate": 2, "name": "c" }));
    conv.build(&[Shape::from([2, 5, 5, 3])]).unwrap();
    let call = |shape: &[usize]| {
        let ctx = Context::new(StateTable::new(), random_state(0), true);
        let x = ctx.tracer().input(shape, DType::F32);
        conv.call(&ctx, &[x], None).unwrap_err().to_string()
    };
    assert_eq!(
        call(&[2, 5, 5, 4]),
        "layer 'c' (Conv2D): expected inputs with 3 channels, received 4 (shape [batch, 5, 5, 4]); the layer was built for \
         3: make a new layer for other inputs"
    );
    assert_eq!(
        call(&[2, 3, 4, 3]),
        "layer 'c' (Conv2D): option 'kernel_size' is [2,3], so inputs need at least 5 elements along spatial axis 2; \
         received 4 (shape [batch, 3, 4, 3] with channels last): use padding 'same' or smaller windows"
    );
    for (class, config, want) in [
        ("Conv2D", json!({ "filters": 4 }), "option 'kernelSize' is missing; give the size of the windows, as 3"),
        (
            "Conv2D",
            json!({ "filters": 4, "kernel_size": [3, 3, 3] }),
            "option 'kernel_size' must be a whole number of at least 1, or a list of one for height and one for width; \
             received [3,3,3]",
        ),
        (
            "Conv1D",
            json!({ "filters": 4, "kernel_size": 3, "strides": 0 }),
            "option 'strides' must be a whole number of at least 1; received [0]",
        ),
        (
            "Conv2D",
            json!({ "filters": 4, "kernel_size": 3, "padding": "causal" }),
            "option 'padding' must be one of 'valid', 'same'; received \"causal\"",
        ),
        (
            "Conv1D",
            json!({ "filters": 4, "kernel_size": 3, "groups": 3 }),
            "option 'filters' must be a multiple of groups (3); received 4",
        ),
    ] {
        assert_eq!(create(class, &config).err().unwrap().to_string(), format!("{class}: {want}"));
    }
}
