//! Several devices that share batches train as one device with the same batches.

use std::sync::Arc;

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::device::Device;
use glorot_graph::replicas::{HostSum, Replicas};
use glorot_tensor::Tensor;
use glorot_train::{Dataset, FitOptions, Gradients, History, Progress, Validation};
use serde_json::{Value, json};

use crate::support::{Bench, classifier, corners, never, quiet, sequential, target};

fn cpu() -> Arc<dyn Device> {
    Arc::new(CpuDevice::new(CpuOptions { threads: Some(1), ..Default::default() }))
}

fn replicas(count: usize) -> Arc<dyn Device> {
    let devices = (0..count).map(|_| cpu()).collect();
    Arc::new(Replicas::new(devices, Arc::new(HostSum)).unwrap())
}

fn optimizer(class: &str, config: Value) -> Value {
    json!({ "class_name": class, "config": config })
}

fn train(device: Arc<dyn Device>, optimizer: &Value, options: FitOptions) -> (History, Vec<Vec<f32>>, i32) {
    let model = classifier(3, json!({ "kernel_regularizer": { "class_name": "L2", "config": { "l2": 0.01 } } }));
    let bench = Bench::on(device, model, vec![target()], optimizer.clone());
    let history = bench.fit(corners(110), options);
    (history, bench.weights(), bench.iterations())
}

fn assert_close(got: &[f32], want: &[f32], what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (a, b) in got.iter().zip(want) {
        assert!((a - b).abs() <= 2e-5 * (1.0 + b.abs()), "{what}: {got:?}, on one device {want:?}");
    }
}

#[test]
fn the_results_are_those_of_one_device() {
    let optimizers = [
        optimizer("SGD", json!({ "learning_rate": 0.1, "momentum": 0.9 })),
        optimizer("Nadam", json!({ "learning_rate": 0.01, "global_clipnorm": 0.5 })),
    ];
    for optimizer in &optimizers {
        // 88 samples to train on: the last batch has 8, of which three replicas take 3, 3 and 2.
        let options = || FitOptions {
            epochs: 4,
            batch_size: 16,
            validation: Validation::Split(0.2),
            gradients: Gradients::Norms,
            ..FitOptions::default()
        };
        let (history, weights, steps) = train(cpu(), optimizer, options());
        for count in [1, 2, 3, 5] {
            let shared = train(replicas(count), optimizer, options());
            for (name, want) in &history.series {
                assert_close(shared.0.get(name).unwrap(), want, name);
            }
            for (got, want) in shared.1.iter().zip(&weights) {
                assert_close(got, want, "weights");
            }
            assert_eq!(shared.2, steps);
        }
    }
}

#[test]
fn batches_smaller_than_the_replicas_leave_some_without_work() {
    let sgd = optimizer("SGD", json!({ "learning_rate": 0.1 }));
    let options = || FitOptions { batch_size: 2, epochs: 2, ..FitOptions::default() };
    let (one, four) = (train(cpu(), &sgd, options()), train(replicas(4), &sgd, options()));
    assert_close(four.0.get("loss").unwrap(), one.0.get("loss").unwrap(), "loss");
    for (got, want) in four.1.iter().zip(&one.1) {
        assert_close(got, want, "weights");
    }
}

#[test]
fn a_scaled_loss_is_shared_too() {
    let inner = optimizer("Adam", json!({ "learning_rate": 0.01 }));
    let config = json!({ "inner_optimizer": inner, "dynamic_growth_steps": 5 });
    let scaled = optimizer("LossScaleOptimizer", config);
    let options = || FitOptions { epochs: 3, ..FitOptions::default() };
    let (one, two) = (train(cpu(), &scaled, options()), train(replicas(2), &scaled, options()));
    assert_close(two.0.get("loss").unwrap(), one.0.get("loss").unwrap(), "loss");
}

#[test]
fn statistics_are_those_of_the_parts_and_random_numbers_differ() {
    let model = || {
        glorot_nn::rng::set_seed(58);
        sequential(&[
            ("InputLayer", json!({ "shape": [3] })),
            ("BatchNormalization", json!({ "momentum": 0.5 })),
            ("Dropout", json!({ "rate": 0.5 })),
            ("Dense", json!({ "units": 3, "activation": "softmax" })),
        ])
    };
    // Two halves that are alike: with equal random numbers they would have equal gradients.
    let data = corners(12);
    let twice = |tensor: &Tensor| {
        let values = [tensor.to_f64(), tensor.to_f64()].concat();
        let shape: Vec<usize> = std::iter::once(24).chain(tensor.shape()[1..].iter().copied()).collect();
        Tensor::from_f64(shape, tensor.dtype(), &values).unwrap()
    };
    let both = Dataset::new(twice(&data.x[0]), twice(&data.y[0]));
    let sgd = optimizer("SGD", json!({ "learning_rate": 0.1 }));
    let options = |batch_size| FitOptions { batch_size, shuffle: false, ..FitOptions::default() };
    let shared = Bench::on(replicas(2), model(), vec![target()], sgd.clone());
    shared.fit(both, options(24));
    let alone = Bench::on(cpu(), model(), vec![target()], sgd);
    alone.fit(data, options(12));
    let (shared, alone) = (shared.weights(), alone.weights());
    // Moving mean and variance, of halves that are alike: as on one device with one of them.
    assert_close(&shared[2], &alone[2], "moving mean");
    assert_close(&shared[3], &alone[3], "moving variance");
    assert_ne!(shared[4], alone[4], "both replicas dropped the same");
}

#[test]
fn single_batches_and_other_jobs_see_one_model() {
    let sgd = optimizer("SGD", json!({ "learning_rate": 0.1 }));
    let run = |device: Arc<dyn Device>| {
        let bench = Bench::on(device, classifier(3, json!({})), vec![target()], sgd.clone());
        let options = || FitOptions { batch_size: 16, ..FitOptions::default() };
        let mut values: Vec<f32> = bench.fit(corners(40), options()).get("loss").unwrap().to_vec();
        let logs = bench.trainer.prepare_train_batch(corners(9), &[], true).unwrap().run().unwrap();
        values.extend(logs.iter().map(|(_, value)| *value));
        values.extend(bench.fit(corners(40), options()).get("accuracy").unwrap());
        let mut evaluation = bench.trainer.prepare_evaluate(corners(50), 16, Progress::Never).unwrap();
        values.extend(evaluation.run(&never(), &mut quiet()).unwrap().iter().map(|(_, value)| *value));
        let mut prediction = bench.trainer.prepare_predict(corners(5).x, 2, Progress::Never).unwrap();
        values.extend(prediction.run(&never(), &mut quiet()).unwrap()[0].as_f32().unwrap());
        values
    };
    assert_close(&run(replicas(2)), &run(cpu()), "all values");
}

#[test]
fn replicas_are_named_by_their_devices() {
    let device = replicas(2);
    assert_eq!((device.id(), device.replicas(), device.reads_are_free()), ("cpu,cpu".into(), 2, false));
    let error = Replicas::new(Vec::new(), Arc::new(HostSum)).unwrap_err().to_string();
    assert_eq!(error, "replicas: expected at least one device");
}
