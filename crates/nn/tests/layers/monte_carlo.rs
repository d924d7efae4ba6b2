//! Prediction under noise: dropout active, batch normalization not.

use glorot_graph::reference::{Value, evaluate};
use glorot_nn::context::random_state;
use glorot_nn::model::Model;
use glorot_nn::{Context, LayerRef, Mode, StateTable};
use glorot_tensor::Shape;
use serde_json::json;

use crate::common::{current, layer};

/// The result of a call on ones `[100, 4]` in a mode of the trace, and how many variables the call changed.
fn called(layer: &LayerRef, mode: Mode, forced: Option<bool>) -> (Vec<f64>, usize) {
    let ctx = Context::with_mode(StateTable::new(), random_state(58), mode);
    let x = Value::f32([100, 4], vec![1.0; 400]);
    let input = ctx.tracer().input(x.shape.clone(), x.dtype);
    let y = layer.call(&ctx, &[input], forced).unwrap();
    let variables = ctx.states().variables();
    let result = evaluate(&ctx.tracer().graph(), &[x], &|state| current(&variables[state.0 as usize]));
    (result.value(y[0].id()).data.clone(), result.updates.len())
}

fn is_noisy(values: &[f64]) -> bool {
    values.iter().any(|value| *value != values[0])
}

#[test]
fn noise_layers_act_as_in_training() {
    for (class, option) in
        [("Dropout", "rate"), ("AlphaDropout", "rate"), ("GaussianDropout", "rate"), ("GaussianNoise", "stddev")]
    {
        let noise = layer(class, json!({ option: 0.5 }));
        let (training, _) = called(&noise, Mode::Training, None);
        assert!(is_noisy(&training), "{class}");
        assert_eq!(called(&noise, Mode::MonteCarlo, None).0, training, "{class}");
        assert!(!is_noisy(&called(&noise, Mode::Inference, None).0), "{class}");
        // A mode that the caller forces goes before that of the trace.
        assert!(!is_noisy(&called(&noise, Mode::MonteCarlo, Some(false)).0), "{class}");
        assert_eq!(called(&noise, Mode::MonteCarlo, Some(true)).0, training, "{class}");
    }
}

#[test]
fn other_layers_act_as_in_inference() {
    let bn = layer("BatchNormalization", json!({}));
    bn.build(&[Shape::from([100, 4])]).unwrap();
    assert_eq!(called(&bn, Mode::Training, None).1, 2);
    assert_eq!(called(&bn, Mode::MonteCarlo, None), called(&bn, Mode::Inference, None));
    assert_eq!(called(&bn, Mode::MonteCarlo, Some(true)), called(&bn, Mode::Training, None));
    let rrelu = layer("RReLU", json!({}));
    assert_eq!(called(&rrelu, Mode::MonteCarlo, None), called(&rrelu, Mode::Inference, None));
}

#[test]
fn the_mode_reaches_the_layers_of_nested_models() {
    let stack = |layers| Model::sequential(layers, None).unwrap().as_layer();
    let inner = stack(vec![layer("Dropout", json!({ "rate": 0.5 })), layer("BatchNormalization", json!({}))]);
    let outer = stack(vec![layer("InputLayer", json!({ "shape": [4] })), inner]);
    let (values, updates) = called(&outer, Mode::MonteCarlo, None);
    assert!(is_noisy(&values));
    assert_eq!(updates, 0);
    let (values, updates) = called(&outer, Mode::MonteCarlo, Some(false));
    assert!(!is_noisy(&values));
    assert_eq!(updates, 0);
    let (values, updates) = called(&outer, Mode::Inference, Some(true));
    assert!(is_noisy(&values));
    assert_eq!(updates, 2);
}
