//! Models of several outputs, models that are built by their data, averaged weights.

use glorot_nn::layers::create;
use glorot_nn::model::{Model, apply, input};
use glorot_nn::rng;
use glorot_tensor::{DType, Tensor};
use glorot_train::{Dataset, FitOptions, Target};
use serde_json::json;

use crate::support::{Bench, classifier, corners, sequential, target};

/// One layer of features, from which a class and an amount are told.
fn two_heads() -> Model {
    rng::set_seed(58);
    let x = input(&json!({ "shape": [3], "name": "x" })).unwrap();
    let dense = |options| create("Dense", &options).unwrap();
    let hidden = apply(&dense(json!({ "units": 4, "activation": "elu" })), std::slice::from_ref(&x), None).unwrap();
    let kind = apply(&dense(json!({ "units": 3, "activation": "softmax", "name": "kind" })), &hidden, None).unwrap();
    let amount = apply(&dense(json!({ "units": 1, "name": "amount" })), &hidden, None).unwrap();
    Model::functional(vec![x], vec![kind[0].clone(), amount[0].clone()], Some("heads".into())).unwrap()
}

fn two_targets() -> Dataset {
    let mut data = corners(20);
    // Targets `[n]` of an output `[n, 1]`.
    let sums = data.x[0].as_f32().unwrap().chunks(3).map(|row| row.iter().sum()).collect();
    data.y.push(Tensor::f32([20], sums).unwrap());
    data
}

#[test]
fn outputs_have_losses_and_metrics_of_their_own() {
    let amount = Target { loss_weight: Some(0.3), ..Target::named("mse", &[]) };
    let bench = Bench::of(two_heads(), vec![target(), amount]);
    let logs = bench.trainer.prepare_test_batch(two_targets(), true).unwrap().run().unwrap();
    let names: Vec<&str> = logs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["loss", "kind_loss", "amount_loss", "kind_accuracy"]);
    let total = logs[1].1 + 0.3 * logs[2].1;
    assert!((logs[0].1 - total).abs() < 1e-6, "{logs:?}");
    let history = bench.fit(two_targets(), FitOptions { epochs: 30, batch_size: 8, ..FitOptions::default() });
    assert!(history.get("kind_loss").unwrap()[29] < 0.3 && history.get("amount_loss").unwrap()[29] < 0.1);
}

#[test]
fn an_output_without_loss_needs_no_targets() {
    let bench = Bench::of(two_heads(), vec![Target::default(), Target::named("mse", &["mae"])]);
    let data = two_targets();
    let data = Dataset { y: vec![data.y[1].clone()], ..data };
    let before = bench.weights();
    let history = bench.fit(data, FitOptions::default());
    let names: Vec<&str> = history.series.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["loss", "amount_mae"]);
    let after = bench.weights();
    let changed: Vec<bool> = before.iter().zip(&after).map(|(a, b)| a != b).collect();
    assert_eq!(changed, [true, true, false, false, true, true], "the head without loss is not trained");
}

#[test]
fn the_number_of_targets_must_be_that_of_the_outputs() {
    let error = Bench::of(two_heads(), vec![target()]).trainer.prepare_test_batch(two_targets(), true).err().unwrap();
    assert_eq!(error.to_string(), "loss: model 'heads' has 2 outputs, but was compiled with losses for 1");
    let bench = Bench::of(two_heads(), vec![target(), target()]);
    let error = bench.trainer.prepare_test_batch(corners(4), true).err().unwrap();
    assert_eq!(error.to_string(), "y: expected 2 tensors for the outputs 'kind', 'amount', received 1");
}

#[test]
fn data_builds_a_sequential_model() {
    rng::set_seed(58);
    let model = sequential(&[
        ("Rescaling", json!({ "scale": 1.0 / 255.0 })),
        ("Flatten", json!({})),
        ("Dense", json!({ "units": 2, "activation": "softmax" })),
    ]);
    let bench = Bench::of(model, vec![Target::named("crossentropy", &["acc"])]);
    // Bytes, of which one half is bright.
    let images = (0..10 * 4).map(|i| if i % 4 < 2 { (i / 4 % 2 * 255) as u8 } else { 9 }).collect();
    let labels = (0..10).map(|i| (i % 2) as u8).collect();
    let data = Dataset::new(Tensor::u8([10, 2, 2], images).unwrap(), Tensor::u8([10, 1], labels).unwrap());
    let history = bench.fit(data, FitOptions { epochs: 40, batch_size: 4, ..FitOptions::default() });
    assert_eq!(bench.model.input_specs().unwrap()[0].shape, [None, Some(2), Some(2)]);
    assert_eq!(history.get("acc").unwrap()[39], 1.0);
}

#[test]
fn frozen_layers_stay() {
    let model = classifier(3, json!({}));
    model.get_layer("hidden").unwrap().set_trainable(false);
    let bench = Bench::of(model, vec![target()]);
    let before = bench.weights();
    bench.fit(corners(12), FitOptions::default());
    let changed: Vec<bool> = before.iter().zip(&bench.weights()).map(|(a, b)| a != b).collect();
    assert_eq!(changed, [false, false, true, true]);
}

#[test]
fn averages_replace_the_weights_when_the_training_ends() {
    let sgd = |options| json!({ "class_name": "SGD", "config": options });
    let averaged = sgd(json!({ "learning_rate": 0.1, "use_ema": true, "ema_momentum": 0.5 }));
    let averaged = Bench::with(classifier(3, json!({})), vec![target()], averaged);
    let plain = Bench::with(classifier(3, json!({})), vec![target()], sgd(json!({ "learning_rate": 0.1 })));
    let options = || FitOptions { batch_size: 8, shuffle: false, ..FitOptions::default() };
    averaged.fit(corners(16), options());
    // The average begins as the weights after the first step.
    plain.fit(corners(8), options());
    let first = plain.weights();
    let rest = crate::support::part(&corners(16), 8..16);
    plain.fit(rest, options());
    for ((got, first), second) in averaged.weights().iter().zip(&first).zip(&plain.weights()) {
        for ((got, a), b) in got.iter().zip(first).zip(second) {
            assert!((got - (a + b) / 2.0).abs() < 1e-6, "{got}, expected the mean of {a} and {b}");
        }
    }
}

#[test]
fn a_scaled_loss_trains_alike() {
    let sgd = |options| json!({ "class_name": "SGD", "config": options });
    let with = |options| Bench::with(classifier(3, json!({})), vec![target()], sgd(options));
    let (plain, scaled) =
        (with(json!({ "learning_rate": 0.1 })), with(json!({ "learning_rate": 0.1, "loss_scale_factor": 1024.0 })));
    let (a, b) = (plain.fit(corners(16), FitOptions::default()), scaled.fit(corners(16), FitOptions::default()));
    assert_eq!(a.get("loss"), b.get("loss"));
    for (a, b) in plain.weights().iter().flatten().zip(scaled.weights().iter().flatten()) {
        assert!((a - b).abs() < 1e-6);
    }
}

#[test]
fn inputs_are_cast_to_what_the_model_takes() {
    let (bytes, floats) = (Bench::new(), Bench::new());
    let values: Vec<f64> = (0..12).map(|i| f64::from(i % 5)).collect();
    let data = |dtype| {
        let x = Tensor::from_f64([4, 3], dtype, &values).unwrap();
        Dataset::new(x, Tensor::i32([4], vec![0, 1, 2, 0]).unwrap())
    };
    bytes.fit(data(DType::U8), FitOptions::default());
    floats.fit(data(DType::F32), FitOptions::default());
    assert_eq!(bytes.weights(), floats.weights());
}
