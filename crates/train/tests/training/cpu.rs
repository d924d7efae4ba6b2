//! The CPU: the same weights for any number of threads, the same results as the plain reference.

use std::sync::Arc;

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::device::Device;
use glorot_nn::rng;
use glorot_train::{FitOptions, History, Validation};
use serde_json::json;

use crate::support::images::images;
use crate::support::reference_device::ReferenceDevice;
use crate::support::{Bench, sequential, target};

/// Trains a network with normalized batches and dropout.
fn train(device: Arc<dyn Device>, units: usize, samples: usize, epochs: usize) -> (History, Vec<Vec<f32>>) {
    rng::set_seed(58);
    let model = sequential(&[
        ("InputLayer", json!({ "shape": [10, 10] })),
        ("Flatten", json!({})),
        ("Rescaling", json!({ "scale": 1.0 / 255.0 })),
        // An offset here would have no true gradient: the next normalization takes it out again.
        ("BatchNormalization", json!({ "center": false })),
        ("Dense", json!({ "units": units, "kernel_initializer": "he_normal", "use_bias": false })),
        ("BatchNormalization", json!({})),
        ("Activation", json!({ "activation": "elu" })),
        ("Dropout", json!({ "rate": 0.2 })),
        ("Dense", json!({ "units": 10, "activation": "softmax" })),
    ]);
    let nadam = json!({ "class_name": "Nadam", "config": { "learning_rate": 0.01 } });
    let bench = Bench::on(device, model, vec![target()], nadam);
    let validation = Validation::Split(0.2);
    let history = bench.fit(images(samples), FitOptions { epochs, validation, ..FitOptions::default() });
    (history, bench.weights())
}

fn cpu(threads: usize) -> Arc<dyn Device> {
    Arc::new(CpuDevice::new(CpuOptions { threads: Some(threads), ..CpuOptions::default() }))
}

#[test]
fn one_seed_gives_the_same_bits_for_any_number_of_threads() {
    let (history, weights) = train(cpu(1), 300, 500, 4);
    assert!(history.get("val_accuracy").unwrap()[3] > 0.9, "{history:?}");
    for threads in [1, 2, 3] {
        let again = train(cpu(threads), 300, 500, 4);
        assert_eq!(again.0, history, "{threads} threads");
        assert_eq!(again.1, weights, "{threads} threads");
    }
}

#[test]
fn the_cpu_computes_what_the_reference_does() {
    let (history, weights) = train(cpu(2), 12, 50, 2);
    let (expected, expected_weights) = train(Arc::new(ReferenceDevice), 12, 50, 2);
    let close = |got: &[f32], want: &[f32], what: &str| {
        for (a, b) in got.iter().zip(want) {
            assert!((a - b).abs() <= 1e-4 + 1e-4 * b.abs(), "{what}: {a}, expected {b}");
        }
    };
    for (name, values) in &expected.series {
        close(history.get(name).unwrap(), values, name);
    }
    for (got, want) in weights.iter().zip(&expected_weights) {
        close(got, want, "weight");
    }
}
