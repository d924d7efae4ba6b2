//! How often the emulated GPU is asked for what.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use glorot_cuda::gpu::{Computes, Gpu, WORKSPACE_BYTES};
use glorot_cuda::{CudaDevice, CudaOptions, Precision, StepKind, sources};
use glorot_graph::TensorSpec;
use glorot_graph::device::Device;
use glorot_graph::replicas::{HostSum, Replicas};
use glorot_tensor::DType;
use glorot_train::Event;
use libtest_mimic::Trial;

use crate::common::{Builder, Dice};
use crate::emulator::Emulator;
use crate::kernels::convolutions;
use crate::models;
use crate::programs::{self, EPILOGUES};
use crate::recorder;
use crate::sessions::contract::TOO_LITTLE;
use crate::sessions::train;
use crate::trial;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("a_step_is_recorded_once_and_replayed", recorded),
        trial("a_step_that_cannot_be_recorded_is_launched", not_recorded),
        trial("the_memory_is_told_before_the_first_step", planned),
        trial("a_full_gpu_is_told_with_what_was_asked_for", full),
        trial("models_of_any_limit_are_counted_together", counted_together),
        trial("scratch_memory_of_the_libraries_is_counted", scratch),
        trial("two_gpus_share_batches", shared),
        trial("streamed_batches_wait_for_one_another", streamed),
        trial("products_that_the_library_refuses_are_generated", refused),
        trial("convolutions_that_the_library_refuses_are_products", refused_convolutions),
        trial("sums_are_cut_alike_for_every_gpu", cuts),
        trial("deep_networks_are_few_launches_or_one_kernel", few_launches),
    ]
}

/// Twenty layers of 100 units: a step is a launch for each layer and direction and few more, or a part of one kernel,
/// whose addresses fit into the arguments of a launch; where blocks take rows from layer to layer, with few barriers.
fn few_launches() {
    for (layers, most, barriers) in
        [(models::deep(20, 100), 45, Some(5)), (models::deep_normalized(20, 100), 144, Some(102))]
    {
        let programs = recorder::programs(&layers, "Nadam");
        let made = programs.iter().map(|program| sources(program, 132, true, Precision::Float32).unwrap());
        let made = made.max_by_key(|made| made.launches).unwrap();
        assert!(made.launches <= most, "{} launches", made.launches);
        assert!(!made.fused.is_empty(), "no kernel runs whole steps");
        let by_rows = made.fused.iter().find(|(kind, _)| *kind == StepKind::Rows);
        let found = by_rows.map(|(_, source)| source.matches("g_barrier<2>(arrived, target);").count());
        assert_eq!(found, barriers, "barriers of a step by rows");
    }
}

fn recorded() {
    let emulator = Arc::new(Emulator::new(false));
    let gpu: Arc<dyn Gpu> = emulator.clone();
    let device = CudaDevice::new(gpu, CudaOptions { step: StepKind::Graph, ..CudaOptions::default() });
    train(&device, 100, 10);
    // The first step loads the code, the others are replayed.
    assert_eq!(emulator.replays.load(Ordering::Relaxed), 99);
    // After 64 steps 16 are a graph, and what is left of 50 are two more.
    let states = train(&device, 250, 50);
    assert_eq!(emulator.replays.load(Ordering::Relaxed) - 99, 63 + 2 + 4 + 3 * (3 + 2));
    assert!(states == train(&device, 250, 10), "the same as one by one");
    let kind = CudaDevice::new(emulator.clone(), CudaOptions { step: StepKind::Cluster8, ..CudaOptions::default() });
    let before = emulator.launches.load(Ordering::Relaxed);
    train(&kind, 100, 10);
    assert_eq!(emulator.launches.load(Ordering::Relaxed) - before, 10, "one launch for ten steps");
}

fn not_recorded() {
    let run = |refuses| {
        let emulator = Arc::new(Emulator::new(false));
        *emulator.refuses_recording.lock().unwrap() = refuses;
        let options = CudaOptions { step: StepKind::Graph, ..CudaOptions::default() };
        let states = train(&CudaDevice::new(emulator.clone(), options), 30, 10);
        (states, emulator.replays.load(Ordering::Relaxed))
    };
    let (states, replays) = run((0, 0));
    assert_eq!(replays, 29);
    // Another thread may have disturbed a recording: it is tried again, but not for ever.
    for (refuses, replays) in [((1, 0), 28), ((0, 1), 28), ((1, 1), 27), ((3, 0), 0), ((0, 3), 0), ((2, 1), 0)] {
        assert!(run(refuses) == (states.clone(), replays), "{refuses:?}");
    }
}

/// What is told of memory before the first step is known in the first epoch, not only when the training has ended.
fn planned() {
    let mut told = Vec::new();
    let device = Arc::new(CudaDevice::new(Arc::new(Emulator::new(false)), CudaOptions::default()));
    models::watch(device, &models::deep(1, 16), "Adam", 750, &mut |trainer, event| {
        if matches!(event, Event::EpochBegin { .. }) {
            told.extend(trainer.report());
        }
    });
    // Each of the four epochs.
    assert_eq!(told.len(), 4);
    assert!(
        told[0].starts_with("cuda:0: ") && told[0].contains("; data: ") && told[0].contains(": arena "),
        "{told:?}"
    );
    assert_eq!(told[0], told[3]);
}

fn full() {
    let device = CudaDevice::new(Arc::new(Emulator::new(false)), CudaOptions::default());
    let spec = TensorSpec { shape: [1 << 30].into(), dtype: DType::F32 };
    let error = device.session(&[spec]).err().unwrap().to_string();
    assert!(error.contains("it needs 4.0 GiB") && error.contains("out of memory"), "{error}");
}

/// The device functions, in which all sums are, do not depend on the number of multiprocessors.
fn cuts() {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(8));
    for shape in [[1, 260, 260, 260], [1, 32, 40, 20_000], [2, 300, 10, 3000]] {
        programs::product(&mut builder, &mut dice, shape, [false, true], EPILOGUES[1]);
    }
    let program = builder.build();
    let functions = |multiprocessors| {
        let made = sources(&program, multiprocessors, false, Precision::Float32).unwrap();
        assert!(made.fused.is_empty(), "a narrow program");
        made.stages.split("extern \"C\"").next().unwrap().to_string()
    };
    for multiprocessors in [6, 108, 144] {
        assert!(functions(multiprocessors) == functions(132), "{multiprocessors} multiprocessors");
    }
}

fn counted_together() {
    let gpu: Arc<dyn Gpu> = Arc::new(Emulator::new(false));
    let device = |memory_limit| CudaDevice::new(gpu.clone(), CudaOptions { memory_limit, ..CudaOptions::default() });
    let state = |count: usize| [TensorSpec { shape: [count].into(), dtype: DType::F32 }];
    let (unlimited, limited) = (device(None), device(Some(1 << 20)));
    let first = unlimited.session(&state(1 << 18)).unwrap();
    assert_eq!(limited.used_bytes(), unlimited.used_bytes());
    let error = limited.session(&state(100)).err().unwrap().to_string();
    assert!(error.contains("1.0 MiB are in use, memoryLimit is 1.0 MiB"), "{error}");
    drop(first);
    limited.session(&state(100)).unwrap();
}

fn scratch() {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(5));
    programs::product(&mut builder, &mut dice, [1, 260, 257, 258], [false, false], EPILOGUES[0]);
    let program = builder.build();
    let options = |memory_limit| CudaOptions { memory_limit, ..CudaOptions::default() };
    let device = CudaDevice::new(Arc::new(Emulator::new(true)), options(None));
    let mut session = device.session(&[]).unwrap();
    session.add_program(&program).unwrap();
    let one = device.used_bytes();
    assert!(one > WORKSPACE_BYTES, "{one}");
    session.add_program(&program).unwrap();
    assert!(device.used_bytes() < one + WORKSPACE_BYTES, "it is there once");
    let limited = CudaDevice::new(Arc::new(Emulator::new(true)), options(Some(WORKSPACE_BYTES)));
    let error = limited.session(&[]).unwrap().add_program(&program).err().unwrap().to_string();
    assert!(error.contains("no memory for the libraries' scratch memory: it needs 32.0 MiB"), "{error}");
}

fn refused() {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(7));
    // In the library's terms the columns are the rows.
    for columns in [256, 257, 258] {
        programs::product(&mut builder, &mut dice, [1, 260, columns, 260], [false, true], EPILOGUES[2]);
    }
    let mut emulator = Emulator::new(true);
    emulator.refuses_odd = true;
    let device = CudaDevice::new(Arc::new(emulator), CudaOptions::default());
    builder.check(&device, 1e-4);
    let mut session = device.session(&[]).unwrap();
    session.add_program(&builder.build()).unwrap();
    let report = session.report().unwrap();
    assert!(report.contains("2 of them products of cuBLAS"), "{report}");
}

fn refused_convolutions() {
    // A copy of the windows that one of two products needs is there for the other.
    for (refused, left) in [(Computes::Images, 2), (Computes::Filters, 1), (Computes::Results, 1)] {
        let mut emulator = Emulator::new(true);
        emulator.refuses = Some(refused);
        convolutions::compare_with(&CudaDevice::new(Arc::new(emulator), CudaOptions::default()), left);
    }
}

/// Batches that are sent in two halves, however far the steps or the copies are ahead.
fn streamed() {
    let run = |eager, memory_limit| {
        let emulator = Arc::new(Emulator::with_eager(false, eager));
        let options = CudaOptions { memory_limit, step: StepKind::Graph, ..CudaOptions::default() };
        let states = train(&CudaDevice::new(emulator.clone(), options), 40, 7);
        (states, emulator.pinned.load(Ordering::Relaxed))
    };
    let (resident, ring) = run(0, None);
    for eager in 0..4 {
        let (states, pinned) = run(eager, Some(TOO_LITTLE));
        assert_eq!(pinned - ring, 2, "the two halves, once");
        assert!(states == resident, "eager queues {eager:02b}");
    }
}

/// NCCL's part is played by the host.
fn shared() {
    let gpu =
        || -> Arc<dyn Device> { Arc::new(CudaDevice::new(Arc::new(Emulator::new(false)), CudaOptions::default())) };
    let two = Replicas::new(vec![gpu(), gpu()], Arc::new(HostSum)).unwrap();
    let run = |device| models::watch(device, &models::deep(2, 16), "Adam", 750, &mut |_, _| {});
    let (history, weights) = run(Arc::new(two));
    let (expected, expected_weights) = run(gpu());
    for (name, want) in &expected.series {
        let close = |(a, b): (&f32, &f32)| (a - b).abs() <= 1e-3 * (1.0 + b.abs());
        let got = history.get(name).unwrap();
        assert!(got.iter().zip(want).all(close), "{name}: {got:?}, on one GPU {want:?}");
    }
    for (got, want) in weights.iter().flatten().zip(expected_weights.iter().flatten()) {
        assert!((got - want).abs() < 5e-3, "{got}, on one GPU {want}");
    }
}
