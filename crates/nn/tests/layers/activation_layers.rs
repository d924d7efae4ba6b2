//! Layers that are activation functions.

use glorot_graph::reference::Value;
use glorot_nn::layers::create;
use glorot_tensor::Shape;
use serde_json::json;

use crate::common::{assert_close, layer, run, set_weights};

#[test]
fn layers_apply_their_functions() {
    let x = Value::f32([1, 3], vec![-2.0, 0.5, 3.0]);
    for (class, config, want) in [
        ("LeakyReLU", json!({}), [-0.6, 0.5, 3.0]),
        ("LeakyReLU", json!({ "alpha": 0.1 }), [-0.2, 0.5, 3.0]),
        ("ELU", json!({ "alpha": 2 }), [2.0 * (-2f64).exp_m1(), 0.5, 3.0]),
        ("ReLU", json!({ "max_value": 2 }), [0.0, 0.5, 2.0]),
        ("ReLU", json!({ "threshold": 1, "negative_slope": 0.5 }), [-1.5, -0.25, 3.0]),
        ("RReLU", json!({}), [-2.0 * 11.0 / 48.0, 0.5, 3.0]),
    ] {
        let y = run(&layer(class, config), std::slice::from_ref(&x), false, 0);
        assert_close(&y.outputs[0].data, &want, 1e-6);
    }
    let softmax =
        run(&layer("Softmax", json!({ "axis": 1 })), &[Value::f32([1, 2, 1], vec![0.0, 3f64.ln()])], false, 0);
    assert_close(&softmax.outputs[0].data, &[0.25, 0.75], 1e-12);
}

#[test]
fn prelu_has_a_slope_for_each_element_or_channel() {
    let x = Value::f32([1, 2, 2], vec![-1.0, -2.0, 3.0, -4.0]);
    for (config, alpha, want) in [
        (json!({}), &[0.1, 0.2, 0.3, 0.4][..], [-0.1, -0.4, 3.0, -1.6]),
        (json!({ "shared_axes": 1 }), &[0.1, 0.2], [-0.1, -0.4, 3.0, -0.8]),
        (json!({ "shared_axes": [1, -1] }), &[0.5], [-0.5, -1.0, 3.0, -2.0]),
    ] {
        let prelu = layer("PReLU", config);
        prelu.build(std::slice::from_ref(&x.shape)).unwrap();
        set_weights(&prelu, &[alpha]);
        assert_close(&run(&prelu, std::slice::from_ref(&x), false, 0).outputs[0].data, &want, 1e-6);
    }
    let beyond = layer("PReLU", json!({ "name": "p", "shared_axes": 3 }));
    assert_eq!(
        beyond.build(&[x.shape]).unwrap_err().to_string(),
        "layer 'p' (PReLU): option 'shared_axes' has 3, but inputs of shape [batch, 2, 2] have no such axis to share along"
    );
    let small = layer("PReLU", json!({ "name": "q" }));
    small.build(&[Shape::from([1, 2])]).unwrap();
    let trace = glorot_nn::Context::new(glorot_nn::StateTable::new(), glorot_nn::context::random_state(0), false);
    let x = trace.tracer().input([1, 3], glorot_tensor::DType::F32);
    assert_eq!(
        small.call(&trace, &[x], None).unwrap_err().to_string(),
        "layer 'q' (PReLU): alpha has shape [2], which does not fit inputs of shape [batch, 3]; make a new layer for them"
    );
}

#[test]
fn rrelu_draws_slopes_in_training() {
    let x = Value::f32([100, 100], vec![-1.0; 10_000]);
    let slopes = |seed: u64| -> Vec<f64> {
        let y = run(&layer("RReLU", json!({ "lower": 0.2, "upper": 0.6 })), std::slice::from_ref(&x), true, seed);
        y.outputs[0].data.iter().map(|y| -y).collect()
    };
    let drawn = slopes(58);
    assert!(drawn.iter().all(|slope| (0.2..0.6).contains(slope)));
    let mean = drawn.iter().sum::<f64>() / 10_000.0;
    // Five standard errors: the deviation of a uniform number is 0.4 / sqrt(12).
    assert!((mean - 0.4).abs() < 5.0 * 0.4 / 12f64.sqrt() / 100.0, "{mean}");
    assert!(drawn.iter().any(|&slope| slope < 0.21) && drawn.iter().any(|&slope| slope > 0.59));
    assert_ne!(drawn, slopes(59));
    let positive = Value::f32([2], vec![0.5, 2.0]);
    assert_eq!(run(&layer("RReLU", json!({})), std::slice::from_ref(&positive), true, 1).outputs[0], positive);
}

#[test]
fn wrong_options_are_errors() {
    for (class, config, want) in [
        (
            "LeakyReLU",
            json!({ "negative_slope": -1 }),
            "LeakyReLU: option 'negative_slope' must be at least 0; received -1",
        ),
        ("ReLU", json!({ "max_value": -1 }), "ReLU: option 'max_value' must be at least 0; received -1"),
        (
            "RReLU",
            json!({ "lower": 0.5 }),
            "RReLU: option 'upper' must be at least lower (0.5); received 0.3333333333333333",
        ),
        ("Softmax", json!({ "axis": [] }), "Softmax: option 'axis' must be an axis or a list of axes; received []"),
        (
            "PReLU",
            json!({ "shared_axes": "all" }),
            "PReLU: option 'shared_axes' must be a whole number or a list of whole \
            numbers; received \"all\"",
        ),
    ] {
        assert_eq!(create(class, &config).err().expect("an error").to_string(), want);
    }
}

#[test]
fn keras_knows_rrelu_as_a_custom_class() {
    let json = layer("RReLU", json!({})).to_json();
    assert_eq!((&json["module"], &json["registered_name"]), (&json!(null), &json!("Custom>RReLU")));
}
