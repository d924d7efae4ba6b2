//! Values and slopes of activations, at kinks and far out too.

use crate::common::assert_close;
use glorot_graph::Tracer;
use glorot_graph::reference::{Value, evaluate};
use glorot_nn::activations::create;
use glorot_tensor::DType;
use serde_json::{Value as Json, json};

/// Values and derivatives of an elementwise function.
fn at(name: &str, config: Json, points: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let tracer = Tracer::new();
    let x = tracer.input([points.len()], DType::F32);
    let y = create(name, &config).unwrap().apply(&x).unwrap();
    let slope = tracer.gradients(&y.sum_all().unwrap(), &[x]).unwrap().remove(0);
    let result = evaluate(&tracer.graph(), &[Value::f32([points.len()], points.to_vec())], &|_| unreachable!());
    (result.value(y.id()).data.clone(), result.value(slope.id()).data.clone())
}

#[test]
fn values_and_slopes() {
    let e = std::f64::consts::E;
    // SELU's constants to ten digits, Klambauer et al. (2017), appendix.
    let (scale, alpha) = (1.050_700_987_4, 1.673_263_242_4);
    let points = [-1.0, 0.0, 2.0];
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let cases: Vec<(&str, Json, [f64; 3], [f64; 3])> = vec![
        ("linear", json!({}), [-1.0, 0.0, 2.0], [1.0, 1.0, 1.0]),
        ("relu", json!({}), [0.0, 0.0, 2.0], [0.0, 0.0, 1.0]),
        ("relu", json!({ "max_value": 1.5 }), [0.0, 0.0, 1.5], [0.0, 0.0, 0.0]),
        ("relu", json!({ "max_value": 2 }), [0.0, 0.0, 2.0], [0.0, 0.0, 1.0]),
        ("relu", json!({ "negative_slope": 0.1 }), [-0.1, 0.0, 2.0], [0.1, 0.1, 1.0]),
        (
            "relu",
            json!({ "negative_slope": 0.1, "threshold": 0.5, "max_value": 9 }),
            [-0.15, -0.05, 2.0],
            [0.1, 0.1, 1.0],
        ),
        ("leaky_relu", json!({}), [-0.2, 0.0, 2.0], [0.2, 0.2, 1.0]),
        ("elu", json!({ "alpha": 0.5 }), [0.5 / e - 0.5, 0.0, 2.0], [0.5 / e, 0.5, 1.0]),
        (
            "selu",
            json!({}),
            [scale * alpha * (1.0 / e - 1.0), 0.0, 2.0 * scale],
            [scale * alpha / e, scale * alpha, scale],
        ),
        (
            "sigmoid",
            json!({}),
            [sigmoid(-1.0), 0.5, sigmoid(2.0)],
            [sigmoid(-1.0) * sigmoid(1.0), 0.25, sigmoid(2.0) * sigmoid(-2.0)],
        ),
        (
            "tanh",
            json!({}),
            [(-1f64).tanh(), 0.0, 2f64.tanh()],
            [1.0 - 1f64.tanh().powi(2), 1.0, 1.0 - 2f64.tanh().powi(2)],
        ),
        ("exponential", json!({}), [1.0 / e, 1.0, e * e], [1.0 / e, 1.0, e * e]),
        (
            "softplus",
            json!({}),
            [(1.0 + 1.0 / e).ln(), 2f64.ln(), (1.0 + e * e).ln()],
            [sigmoid(-1.0), 0.5, sigmoid(2.0)],
        ),
    ];
    for (name, config, values, slopes) in cases {
        let (got_values, got_slopes) = at(name, config, &points);
        assert_close(&got_values, &values, 1e-10);
        assert_close(&got_slopes, &slopes, 1e-10);
    }
}

#[test]
fn relu6_is_flat_at_6() {
    assert_eq!(at("relu", json!({ "max_value": 6 }), &[5.0, 6.0, 7.0]), (vec![5.0, 6.0, 6.0], vec![1.0, 0.0, 0.0]));
}

#[test]
fn nothing_overflows_far_out() {
    for name in ["elu", "selu", "sigmoid", "softplus", "tanh", "relu"] {
        let (values, slopes) = at(name, json!({}), &[-1000.0, 1000.0]);
        assert!(values.iter().chain(&slopes).all(|value| value.is_finite()), "{name}: {values:?} {slopes:?}");
    }
}

#[test]
fn softmax_is_a_distribution_along_its_axis() {
    let tracer = Tracer::new();
    let x = tracer.input([2, 3], DType::F32);
    let apply = |config| create("softmax", &config).unwrap().apply(&x).unwrap();
    let (last, first, both) = (apply(json!({})), apply(json!({ "axis": 0 })), apply(json!({ "axis": [0, 1] })));
    let data = vec![0.0, 2f64.ln(), 3f64.ln(), 1000.0, 1000.0 + 2f64.ln(), -1000.0];
    let result = evaluate(&tracer.graph(), &[Value::f32([2, 3], data)], &|_| unreachable!());
    let value = |y: &glorot_graph::Sym| result.value(y.id()).data.clone();
    assert_close(&value(&last), &[1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0, 1.0 / 3.0, 2.0 / 3.0, 0.0], 1e-12);
    assert_close(&value(&first), &[0.0, 0.0, 1.0, 1.0, 1.0, 0.0], 1e-12);
    assert_close(&value(&both), &[0.0, 0.0, 0.0, 1.0 / 3.0, 2.0 / 3.0, 0.0], 1e-12);
}
