//! Layers that add noise in training.

use glorot_graph::reference::Value;
use glorot_nn::context::random_state;
use glorot_nn::layers::create;
use glorot_nn::{Context, StateTable};
use glorot_tensor::DType;
use serde_json::{Value as Json, json};

use crate::common::{assert_close, layer, normal, run};

const NOISY: [(&str, &str); 6] = [
    ("Dropout", "rate"),
    ("AlphaDropout", "rate"),
    ("GaussianDropout", "rate"),
    ("GaussianNoise", "stddev"),
    ("SpatialDropout1D", "rate"),
    ("SpatialDropout2D", "rate"),
];

fn noisy(class: &str, option: &str, value: f64) -> Json {
    json!({ "class_name": class, "config": { option: value } })
}

/// Mean and variance.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n)
}

#[test]
fn inference_and_no_noise_are_the_identity() {
    for (class, option) in NOISY {
        let x = if class == "SpatialDropout2D" { normal(&[2, 3, 3, 2], 1) } else { normal(&[2, 3, 2], 1) };
        for (strength, training) in [(0.5, false), (0.0, true)] {
            let layer = glorot_nn::layers::deserialize(&noisy(class, option, strength)).unwrap();
            assert_eq!(run(&layer, std::slice::from_ref(&x), training, 58).outputs[0], x, "{class}");
        }
    }
}

#[test]
fn alpha_dropout_keeps_mean_and_variance() {
    for rate in [0.1, 0.5] {
        let y = run(&layer("AlphaDropout", json!({ "rate": rate })), &[normal(&[200, 200], 3)], true, 58);
        let (mean, variance) = moments(&y.outputs[0].data);
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "rate {rate}: mean {mean}, variance {variance}");
    }
    // The constants that Keras has for rate 0.1: kept values are 0.92128 x + 0.16197, others -1.45774.
    let ones = Value::f32([100, 100], vec![1.0; 10_000]);
    let y = run(&layer("AlphaDropout", json!({ "rate": 0.1 })), &[ones], true, 58).outputs.remove(0);
    let (dropped, kept): (Vec<f64>, Vec<f64>) = y.data.iter().partition(|value| **value < 0.0);
    assert!((dropped.len() as f64 / 10_000.0 - 0.1).abs() < 0.015, "{} dropped", dropped.len());
    assert_close(&dropped, &vec![-1.457_738_730_518_132; dropped.len()], 1e-7);
    assert_close(&kept, &vec![0.921_284_516_149_711_5 + 0.161_970_970_057_570_22; kept.len()], 1e-7);
}

#[test]
fn alpha_dropout_shares_fates_by_its_noise_shape() {
    let ones = Value::f32([50, 4], vec![1.0; 200]);
    let y = run(&layer("AlphaDropout", json!({ "rate": 0.5, "noise_shape": [null, 1] })), &[ones], true, 58);
    let rows: Vec<&[f64]> = y.outputs[0].data.chunks(4).collect();
    assert!(rows.iter().all(|row| row.iter().all(|value| value == &row[0])));
    assert!(rows.iter().any(|row| row[0] < 0.0) && rows.iter().any(|row| row[0] > 0.0));
}

#[test]
fn gaussian_noise_adds_and_gaussian_dropout_multiplies() {
    let x = Value::f32([200, 200], vec![2.0; 40_000]);
    // Of 40000 numbers, the standard error of the mean is 0.005 deviations, that of the variance 0.7%.
    let added = run(&layer("GaussianNoise", json!({ "stddev": 0.5 })), std::slice::from_ref(&x), true, 58);
    let (mean, variance) = moments(&added.outputs[0].data);
    assert!((mean - 2.0).abs() < 0.0125 && (variance / 0.25 - 1.0).abs() < 0.035, "{mean} {variance}");
    let multiplied = run(&layer("GaussianDropout", json!({ "rate": 0.2 })), &[x], true, 58);
    let (mean, variance) = moments(&multiplied.outputs[0].data);
    // The factors have variance 0.2 / 0.8; twice as large numbers four times that.
    assert!((mean - 2.0).abs() < 0.025 && (variance - 1.0).abs() < 0.035, "{mean} {variance}");
}

#[test]
fn spatial_dropout_drops_whole_channels() {
    let cases = [
        ("SpatialDropout1D", json!({ "rate": 0.5 }), vec![20, 3, 4], 2),
        ("SpatialDropout2D", json!({ "rate": 0.5 }), vec![20, 3, 2, 4], 3),
        ("SpatialDropout2D", json!({ "rate": 0.5, "data_format": "channels_first" }), vec![20, 4, 3, 2], 1),
    ];
    for (class, config, shape, channels) in cases {
        let x = Value::f32(shape.clone(), vec![1.0; shape.iter().product()]);
        let y = run(&layer(class, config), &[x], true, 58).outputs.remove(0);
        let strides = y.shape.strides();
        let channel = |i: usize| (i / strides[0], i / strides[channels] % 4);
        let mut fates = std::collections::HashMap::new();
        for (i, &value) in y.data.iter().enumerate() {
            assert!(value == 0.0 || value == 2.0, "{class}: {value}");
            assert_eq!(*fates.entry(channel(i)).or_insert(value), value, "{class}: {:?}", channel(i));
        }
        let dropped = fates.values().filter(|&&value| value == 0.0).count();
        assert!((20..60).contains(&dropped), "{class}: {dropped} of 80 channels");
    }
    let ctx = Context::new(StateTable::new(), random_state(0), true);
    let x = ctx.tracer().input([4, 3], DType::F32);
    let message = layer("SpatialDropout1D", json!({ "rate": 0.5 })).call(&ctx, &[x], None).unwrap_err().to_string();
    assert!(message.contains("expected inputs of shape [batch, steps, channels], received [batch, 3]"), "{message}");
}

#[test]
fn seeds_make_noise_independent_of_the_model() {
    for (class, option) in NOISY {
        let x = if class == "SpatialDropout2D" { normal(&[20, 1, 1, 20], 1) } else { normal(&[20, 1, 20], 1) };
        let drawn = |own: Json, model: u64| {
            let layer = create(class, &json!({ option: 0.5, "seed": own })).unwrap();
            run(&layer, std::slice::from_ref(&x), true, model).outputs.remove(0)
        };
        assert_eq!(drawn(json!(null), 1), drawn(json!(null), 1), "{class}");
        assert_ne!(drawn(json!(null), 1), drawn(json!(null), 2), "{class}");
        assert_eq!(drawn(json!(3), 1), drawn(json!(3), 2), "{class}");
        assert_ne!(drawn(json!(3), 1), drawn(json!(4), 1), "{class}");
    }
}

#[test]
fn activity_regularization_adds_to_the_loss() {
    let ctx = Context::new(StateTable::new(), random_state(0), false);
    let x = ctx.tracer().input([2, 2], DType::F32);
    let regularization = layer("ActivityRegularization", json!({ "l1": 0.5, "l2": 0.25 }));
    let y = regularization.call(&ctx, std::slice::from_ref(&x), None).unwrap();
    assert_eq!(y[0].id(), x.id());
    let [loss] = &ctx.losses()[..] else { panic!("one loss") };
    let x = Value::f32([2, 2], vec![1.0, -2.0, 0.0, 3.0]);
    let result = glorot_graph::reference::evaluate(&ctx.tracer().graph(), &[x], &|_| unreachable!());
    // (0.5 * 6 + 0.25 * 14) / 2 samples.
    assert_eq!(result.value(loss.id()).data, [3.25]);
}

#[test]
fn wrong_options_are_errors() {
    for (class, config, want) in [
        ("AlphaDropout", json!({}), "AlphaDropout: option 'rate' is missing; give a number from 0 to 1"),
        (
            "AlphaDropout",
            json!({ "rate": 1 }),
            "AlphaDropout: option 'rate' must be at least 0 and below 1; received 1",
        ),
        ("GaussianDropout", json!({ "rate": 1.5 }), "GaussianDropout: option 'rate' must be from 0 to 1; received 1.5"),
        ("GaussianNoise", json!({ "stddev": -1 }), "GaussianNoise: option 'stddev' must be at least 0; received -1"),
        (
            "SpatialDropout1D",
            json!({ "rate": "x" }),
            "SpatialDropout1D: option 'rate' must be a number; received \"x\"",
        ),
        (
            "ActivityRegularization",
            json!({ "l1": -1 }),
            "ActivityRegularization: option 'l1' must be at least 0 and finite; \
            received -1",
        ),
    ] {
        assert_eq!(create(class, &config).err().expect("an error").to_string(), want);
    }
}
