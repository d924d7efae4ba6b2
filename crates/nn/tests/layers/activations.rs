//! Values and slopes of activations, at kinks and far out too.

use crate::common::assert_close;
use glorot_graph::Tracer;
use glorot_graph::reference::{Value, evaluate};
use glorot_nn::activations::{create, names};
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
    let gelu = |x: f64| 0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh());
    let silu = |x: f64| x * sigmoid(x);
    let mish = |x: f64| x * x.exp().ln_1p().tanh();
    let slope = |f: &dyn Fn(f64) -> f64, x: f64| (f(x + 1e-6) - f(x - 1e-6)) / 2e-6;
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
        ("relu6", json!({}), [0.0, 0.0, 2.0], [0.0, 0.0, 1.0]),
        ("celu", json!({ "alpha": 0.5 }), [0.5 / (e * e) - 0.5, 0.0, 2.0], [1.0 / (e * e), 1.0, 1.0]),
        // The normal distribution function: 0.158655 at -1, 0.977250 at 2; its density: 0.241971 and 0.053991.
        (
            "gelu",
            json!({}),
            [-0.158_655_253_931_457_05, 0.0, 1.954_499_736_103_641_6],
            [-0.083_315_470_587_686_3, 0.5, 1.085_231_801_078_197],
        ),
        ("gelu", json!({ "approximate": true }), points.map(gelu), points.map(|x| slope(&gelu, x))),
        ("silu", json!({}), points.map(silu), points.map(|x| slope(&silu, x))),
        ("log_sigmoid", json!({}), points.map(|x| sigmoid(x).ln()), points.map(|x| sigmoid(-x))),
        ("hard_sigmoid", json!({}), [2.0 / 6.0, 0.5, 5.0 / 6.0], [1.0 / 6.0; 3]),
        ("hard_silu", json!({}), [-2.0 / 6.0, 0.0, 10.0 / 6.0], [1.0 / 6.0, 0.5, 7.0 / 6.0]),
        ("tanh_shrink", json!({}), points.map(|x| x - x.tanh()), points.map(|x| x.tanh().powi(2))),
        ("hard_tanh", json!({}), [-1.0, 0.0, 1.0], [1.0, 1.0, 0.0]),
        ("softsign", json!({}), [-0.5, 0.0, 2.0 / 3.0], [0.25, 1.0, 1.0 / 9.0]),
        ("mish", json!({}), points.map(mish), points.map(|x| slope(&mish, x))),
        (
            "squareplus",
            json!({ "b": 1 }),
            points.map(|x| (x + (x * x + 1.0).sqrt()) / 2.0),
            points.map(|x| (1.0 + x / (x * x + 1.0).sqrt()) / 2.0),
        ),
        ("soft_shrink", json!({ "threshold": 1 }), [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]),
        ("hard_shrink", json!({ "threshold": 1 }), [0.0, 0.0, 2.0], [0.0, 0.0, 1.0]),
        ("sparse_plus", json!({}), [0.0, 0.25, 2.0], [0.0, 0.5, 1.0]),
        ("sparse_sigmoid", json!({}), [0.0, 0.5, 1.0], [0.0, 0.5, 0.0]),
        ("threshold", json!({ "threshold": 0, "default_value": -2 }), [-2.0, -2.0, 2.0], [0.0, 0.0, 1.0]),
    ];
    for (name, config, values, slopes) in cases {
        let (got_values, got_slopes) = at(name, config, &points);
        assert_close(&got_values, &values, 1e-10);
        // Slopes may be central differences.
        assert_close(&got_slopes, &slopes, 1e-9);
    }
}

#[test]
fn derivatives_at_kinks_are_those_of_tensorflow() {
    assert_eq!(at("relu6", json!({}), &[0.0, 6.0]).1, [0.0, 0.0]);
    assert_eq!(at("hard_sigmoid", json!({}), &[-3.0, 3.0]).1, [0.0, 0.0]);
    assert_eq!(at("hard_tanh", json!({}), &[-1.0, 1.0]).1, [1.0, 1.0]);
    assert_eq!(at("soft_shrink", json!({}), &[-0.5, 0.5]).1, [0.0, 0.0]);
    assert_eq!(at("hard_shrink", json!({}), &[-0.5, 0.5]).1, [0.0, 0.0]);
    assert_eq!(at("sparse_plus", json!({}), &[-1.0, 1.0]).1, [0.0, 1.0]);
    assert_eq!(at("relu", json!({ "max_value": 6 }), &[5.0, 6.0, 7.0]), (vec![5.0, 6.0, 6.0], vec![1.0, 0.0, 0.0]));
}

#[test]
fn nothing_overflows_far_out() {
    for name in names().filter(|name| !matches!(*name, "exponential" | "threshold" | "glu")) {
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

/// Values and derivatives of the sum of squares of a function of a matrix.
fn of_matrix(name: &str, config: Json, shape: [usize; 2], data: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let tracer = Tracer::new();
    let x = tracer.input(shape, DType::F32);
    let y = create(name, &config).unwrap().apply(&x).unwrap();
    let loss = y.square().unwrap().sum_all().unwrap();
    let slope = tracer.gradients(&loss, &[x]).unwrap().remove(0);
    let result = evaluate(&tracer.graph(), &[Value::f32(shape, data.to_vec())], &|_| unreachable!());
    (result.value(y.id()).data.clone(), result.value(slope.id()).data.clone())
}

#[test]
fn log_softmax_is_the_logarithm_and_does_not_overflow() {
    let (values, _) = of_matrix("log_softmax", json!({}), [2, 2], &[0.0, 3f64.ln(), 1000.0, -1000.0]);
    assert_close(&values, &[0.25f64.ln(), 0.75f64.ln(), 0.0, -2000.0], 1e-12);
    let (values, _) = of_matrix("log_softmax", json!({ "axis": 0 }), [2, 1], &[0.0, 3f64.ln()]);
    assert_close(&values, &[0.25f64.ln(), 0.75f64.ln()], 1e-12);
}

#[test]
fn glu_gates_one_half_with_the_other() {
    let (values, _) = of_matrix("glu", json!({}), [1, 4], &[2.0, -4.0, 0.0, 3f64.ln()]);
    assert_close(&values, &[1.0, -3.0], 1e-12);
    let (values, _) = of_matrix("glu", json!({ "axis": 0 }), [2, 2], &[2.0, -4.0, 0.0, 3f64.ln()]);
    assert_close(&values, &[1.0, -3.0], 1e-12);
}

#[test]
fn sparsemax_projects_onto_the_simplex() {
    // tau is (1 + 0.9 + 0.5 - 1) / 3, below 0.5; 0.2 is not in the support. The second row is tied, the third has one winner.
    let data = [1.0, 0.9, 0.5, 0.2, 2.0, 2.0, 2.0, 2.0, 5.0, 1.0, 1.0, 0.0];
    let (values, slopes) = of_matrix("sparsemax", json!({}), [3, 4], &data);
    let tau = 1.4 / 3.0;
    assert_close(&values[..4], &[1.0 - tau, 0.9 - tau, 0.5 - tau, 0.0], 1e-12);
    assert_close(&values[4..], &[0.25, 0.25, 0.25, 0.25, 1.0, 0.0, 0.0, 0.0], 1e-12);
    // Within the support the derivative is that of subtracting the mean: 2 (y - mean(y)).
    let want = |i: usize| 2.0 * (values[i] - 1.0 / 3.0);
    assert_close(&slopes[..4], &[want(0), want(1), want(2), 0.0], 1e-12);
    assert_close(&slopes[8..], &[0.0; 4], 1e-12);
}
