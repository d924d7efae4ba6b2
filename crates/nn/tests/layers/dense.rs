use glorot_graph::reference::Value;
use glorot_nn::layers::create;
use glorot_tensor::Shape;
use serde_json::json;

use crate::common::{layer, run, set_weights};

#[test]
fn dense_multiplies_adds_and_activates() {
    let dense = layer("Dense", json!({ "units": 2, "activation": "relu" }));
    dense.build(&[Shape::from([1, 3])]).unwrap();
    set_weights(&dense, &[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[0.5, -100.0]]);
    let x = Value::f32([1, 3], vec![1.0, -1.0, 2.0]);
    let result = run(&dense, std::slice::from_ref(&x), false, 0);
    // 1 - 3 + 10 + 0.5 and 2 - 4 + 12 - 100, cut at 0.
    assert_eq!(result.outputs[0].data, [8.5, 0.0]);
    let deep = Value::f32([1, 1, 3], x.data);
    assert_eq!(run(&dense, &[deep], false, 0).outputs[0], Value::f32([1, 1, 2], vec![8.5, 0.0]));
}

#[test]
fn dense_wants_a_feature_axis() {
    let dense = layer("Dense", json!({ "units": 2, "name": "d" }));
    let message = dense.build(&[Shape::from([4])]).unwrap_err().to_string();
    let want = "layer 'd' (Dense): expected inputs of rank 2 or more ([batch, ..., features]), received [4]";
    assert_eq!(message, want);
    for (config, want) in [
        (json!({}), "Dense: option 'units' is missing; give a whole number of at least 1"),
        (json!({ "units": -3 }), "Dense: option 'units' must be a whole number of at least 1; received -3"),
        (
            json!({ "units": 2, "dtype": "float16" }),
            "Dense: option 'dtype' must be 'float32', in which layers compute; received \"float16\"",
        ),
    ] {
        assert_eq!(create("Dense", &config).err().expect("an error").to_string(), want);
    }
}
