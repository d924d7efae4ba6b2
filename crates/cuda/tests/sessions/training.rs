//! Whole trainings against the CPU.

use std::sync::Arc;

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_cuda::{CudaOptions, StepKind};
use libtest_mimic::Trial;

use crate::models::{Layers, convolutional, deep, dense, train};
use crate::target::device;
use crate::trial;

pub fn trials() -> Vec<Trial> {
    let with = |step| CudaOptions { step, ..CudaOptions::default() };
    vec![
        trial("a_normalized_network_trains_as_on_the_cpu", move || compare(dense(), "Nadam", with(StepKind::Graph))),
        trial("a_deep_network_trains_as_on_the_cpu", move || compare(deep(6, 20), "Adam", with(StepKind::Measured))),
        trial("a_deep_network_trains_in_a_cluster", move || compare(deep(6, 20), "Nadam", with(StepKind::Cluster8))),
        trial("a_convolutional_network_trains_as_on_the_cpu", move || {
            compare(convolutional(), "SGD", with(StepKind::Graph));
        }),
    ]
}

fn compare(layers: Layers, optimizer: &str, options: CudaOptions) {
    let cpu = Arc::new(CpuDevice::new(CpuOptions { threads: Some(1), ..Default::default() }));
    let (expected, expected_weights) = train(cpu, &layers, optimizer);
    let gpu = device(false, options);
    let (history, weights) = train(Arc::new(gpu), &layers, optimizer);
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
