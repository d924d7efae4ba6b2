//! Whole trainings against the CPU.

use std::sync::Arc;

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_cuda::{CudaOptions, StepKind};
use glorot_graph::device::Device;
use glorot_train::History;
use libtest_mimic::Trial;

use crate::models::{Layers, convolutional, deep, dense, watch, wide, wide_images};
use crate::target::{device, samples};
use crate::trial;

pub fn trials() -> Vec<Trial> {
    let with = |step| CudaOptions { step, ..CudaOptions::default() };
    vec![
        trial("a_normalized_network_trains_as_on_the_cpu", move || compare(dense(), "Nadam", with(StepKind::Graph))),
        trial("a_deep_network_trains_as_on_the_cpu", move || compare(deep(4, 12), "Adam", with(StepKind::Measured))),
        trial("a_deep_network_trains_in_a_cluster", move || compare(deep(4, 12), "Nadam", with(StepKind::Cluster8))),
        trial("a_deep_network_trains_row_by_row_in_a_cluster", move || {
            compare(deep(6, 20), "Nadam", with(StepKind::Cluster16Rows));
        }),
        trial("a_deep_network_trains_row_by_row", move || compare(deep(4, 20), "Adam", with(StepKind::Rows))),
        trial("a_convolutional_network_trains_as_on_the_cpu", move || {
            compare(convolutional(), "SGD", with(StepKind::Graph));
        }),
        trial("a_wide_network_trains_with_a_library", || with_library(wide(), "products of cuBLAS")),
        trial("a_wide_network_of_images_trains_with_a_library", || {
            with_library(wide_images(), "convolutions of cuDNN");
        }),
    ]
}

fn cpu() -> Arc<dyn Device> {
    Arc::new(CpuDevice::new(CpuOptions { threads: Some(1), ..Default::default() }))
}

fn compare(layers: Layers, optimizer: &str, options: CudaOptions) {
    let run = |device| watch(device, &layers, optimizer, samples(), &mut |_, _| {});
    expect_near(run(Arc::new(device(false, options))), run(cpu()));
}

/// Large products and convolutions are those of a library, which the report names.
fn with_library(layers: Layers, named: &str) {
    let mut reports = Vec::new();
    let gpu = Arc::new(device(true, CudaOptions::default()));
    let trained = watch(gpu, &layers, "Adam", 40, &mut |trainer, _| reports.extend(trainer.report()));
    assert!(reports.iter().any(|report| report.contains(named)), "{reports:?}");
    expect_near(trained, watch(cpu(), &layers, "Adam", 40, &mut |_, _| {}));
}

fn expect_near((history, weights): (History, Vec<Vec<f32>>), expected: (History, Vec<Vec<f32>>)) {
    let (expected, expected_weights) = expected;
    for (name, want) in &expected.series {
        let got = history.get(name).unwrap();
        // One sample of 150 that is judged otherwise is accuracy of less than a hundredth.
        let tolerance = if name.contains("accuracy") { 0.01 } else { 2e-3 };
        for (a, b) in got.iter().zip(want) {
            assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{name}: {got:?}, on the CPU {want:?}");
        }
    }
    for (got, want) in weights.iter().zip(&expected_weights) {
        let worst = got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 2e-2, "a weight differs by {worst}");
    }
}
