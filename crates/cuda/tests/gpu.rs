//! The same on a GPU: kernels against their plain meaning, sessions, trainings against the CPU; and what only a GPU shows.
//! Without one they run with a stand-in for NVIDIA's libraries (`stand_in/`), if there is a C++ compiler: all calls of the
//! driver, of NVRTC and of cuBLASLt are made then as on a GPU.
//!
//! `GLOROT_CUDA_PROGRAMS=20 cargo test -p glorot-cuda --test gpu` runs so many random programs of each kind.

#![allow(clippy::print_stderr, reason = "why tests are ignored")]

#[path = "../../cpu/tests/common/mod.rs"]
mod common;
mod compiler;
mod kernels;
mod models;
mod programs;
mod sessions;
mod stand_in;
#[path = "target/gpu.rs"]
mod target;

use std::sync::Arc;

use glorot_cuda::{CudaOptions, Precision, StepKind, stop};
use glorot_graph::device::Device;
use libtest_mimic::{Arguments, Trial};

use glorot_train::History;
use models::{Layers, deep, deep_normalized, dense, watch, wide, wide_images};
use target::device;

fn main() {
    let mut arguments = Arguments::from_args();
    // One after the other: what is measured of memory is then that of one test.
    arguments.test_threads = Some(1);
    let problem = target::probe().problem();
    match problem {
        Some(problem) if stand_in::is_possible() => {
            eprintln!("on a stand-in for NVIDIA's libraries, since here {problem}");
            std::process::exit(stand_in::again().code().unwrap_or(1));
        }
        Some(problem) => eprintln!("the tests are ignored: {problem}"),
        None => target::probe().gpus().iter().for_each(|gpu| eprintln!("{}", target::probe().describe(gpu))),
    }
    let mut trials = kernels::trials();
    trials.extend(sessions::trials());
    trials.extend([
        trial("a_seed_gives_the_same_bits", deterministic),
        trial("ten_thousand_steps_leave_memory_as_it_is", steady),
        trial("lower_precision_trains", lower_precision),
        trial("sums_of_nccl_train", shared).with_ignored_flag(!has_nccl()),
    ]);
    let trials = trials
        .into_iter()
        .map(|trial: Trial| if problem.is_some() { trial.with_ignored_flag(true) } else { trial })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    stop();
    conclusion.exit();
}

/// A test that fails by a panic.
fn trial(name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

fn train(device: impl Device + 'static, layers: &Layers, optimizer: &str) -> (History, Vec<Vec<f32>>) {
    watch(Arc::new(device), layers, optimizer, target::samples(), &mut |_, _| {})
}

fn deterministic() {
    // A stand-in takes minutes for large ones.
    let models = match stand_in::is_inside() {
        true => vec![deep(1, 8)],
        false => vec![dense(), deep(20, 100), deep_normalized(6, 100), wide(), wide_images()],
    };
    for layers in models {
        let run = |step| train(device(true, CudaOptions { step, ..CudaOptions::default() }), &layers, "Nadam");
        let first = run(StepKind::Graph);
        for (name, kind) in StepKind::ALL {
            let again = run(kind);
            assert_eq!(again.0, first.0, "{name}");
            assert_eq!(again.1, first.1, "{name}");
        }
    }
}

fn steady() {
    let device_of = |step| device(true, CudaOptions { step, ..CudaOptions::default() });
    for step in [StepKind::Graph, StepKind::Measured] {
        let device = device_of(step);
        // What the driver and the libraries keep for themselves is there after the first trainings, of each kind: a kernel
        // may still be compiled when a short one ends.
        for (_, step) in StepKind::ALL {
            let device = device_of(step);
            (0..2).for_each(|_| drop(sessions::train(&device, if stand_in::is_inside() { 40 } else { 200 }, 20)));
        }
        let before = device.free_bytes().unwrap();
        // A stand-in counts what is not given back as well after fewer.
        sessions::train(&device, if stand_in::is_inside() { 2_000 } else { 10_000 }, 500);
        let lost = before.saturating_sub(device.free_bytes().unwrap());
        // The driver gives memory out in pieces of 2 MiB.
        assert!(lost <= 2 << 20 && device.used_bytes() == 0, "{step:?}: {lost} bytes");
    }
}

fn has_nccl() -> bool {
    target::probe().libraries().iter().any(|library| library.name == "NCCL" && library.path.is_some())
}

/// Two GPUs where they are, else one alone.
fn shared() {
    let ordinals: Vec<usize> = (0..target::probe().gpus().len().min(2)).collect();
    let all = target::probe().open_all(&ordinals, CudaOptions::default()).unwrap();
    let (history, _) = train(all, &deep(2, 16), "Adam");
    let (expected, _) = train(device(true, CudaOptions::default()), &deep(2, 16), "Adam");
    for (a, b) in history.get("loss").unwrap().iter().zip(expected.get("loss").unwrap()) {
        assert!((a - b).abs() <= 1e-3 * (1.0 + b.abs()), "{history:?}, without NCCL {expected:?}");
    }
}

fn lower_precision() {
    let run = |precision| {
        let device = device(true, CudaOptions { precision, ..CudaOptions::default() });
        train(device, &if stand_in::is_inside() { deep(1, 8) } else { wide() }, "Adam").0.get("loss").unwrap().to_vec()
    };
    let whole = run(Precision::Float32);
    for precision in [Precision::Tf32, Precision::Bfloat16, Precision::Float16] {
        let loss = run(precision);
        assert!(loss != whole, "{precision:?} rounds nothing");
        let close = loss.iter().zip(&whole).all(|(a, b)| (a - b).abs() < 0.1 * (1.0 + b.abs()));
        assert!(close && loss[3] < loss[0], "{precision:?}: {loss:?}, in float32 {whole:?}");
    }
}
