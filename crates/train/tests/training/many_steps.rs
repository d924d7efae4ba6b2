//! A device that takes many steps at once trains as one that takes each.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::device::{DatasetId, Device, DeviceError, ProgramId, Rows, Session};
use glorot_graph::program::Program;
use glorot_graph::{StateId, TensorSpec};
use glorot_tensor::Tensor;
use glorot_train::{Event, FitOptions, Flow, History, Outcome, Progress, Validation};
use serde_json::json;

use crate::support::{Bench, classifier, corners, never, quiet, target};

/// The CPU, which pretends that reading costs time, and notes how many steps it gets at once.
#[derive(Debug)]
struct Busy {
    cpu: CpuDevice,
    calls: Arc<Mutex<Vec<usize>>>,
}

struct BusySession {
    inner: Box<dyn Session>,
    calls: Arc<Mutex<Vec<usize>>>,
}

impl Device for Busy {
    fn id(&self) -> String {
        "busy".into()
    }
    fn description(&self) -> String {
        self.cpu.description()
    }
    fn reads_are_free(&self) -> bool {
        false
    }
    fn session(&self, states: &[TensorSpec]) -> Result<Box<dyn Session>, DeviceError> {
        Ok(Box::new(BusySession { inner: self.cpu.session(states)?, calls: Arc::clone(&self.calls) }))
    }
}

impl Session for BusySession {
    fn add_program(&mut self, program: &Program) -> Result<ProgramId, DeviceError> {
        self.inner.add_program(program)
    }
    fn add_state(&mut self, spec: &TensorSpec) -> Result<StateId, DeviceError> {
        self.inner.add_state(spec)
    }
    fn write_state(&mut self, state: StateId, value: &Tensor) -> Result<(), DeviceError> {
        self.inner.write_state(state, value)
    }
    fn read_state(&mut self, state: StateId) -> Result<Tensor, DeviceError> {
        self.inner.read_state(state)
    }
    fn add_dataset(&mut self, data: &Tensor) -> Result<DatasetId, DeviceError> {
        self.inner.add_dataset(data)
    }
    fn remove_dataset(&mut self, dataset: DatasetId) {
        self.inner.remove_dataset(dataset);
    }
    fn write_input(&mut self, program: ProgramId, input: usize, value: &Tensor) -> Result<(), DeviceError> {
        self.inner.write_input(program, input, value)
    }
    fn gather_input(
        &mut self,
        program: ProgramId,
        input: usize,
        dataset: DatasetId,
        rows: &[u32],
    ) -> Result<(), DeviceError> {
        self.inner.gather_input(program, input, dataset, rows)
    }
    fn run(&mut self, program: ProgramId) -> Result<(), DeviceError> {
        self.inner.run(program)
    }
    fn run_steps(
        &mut self,
        program: ProgramId,
        feeds: &[(usize, DatasetId)],
        rows: Rows<'_>,
        steps: usize,
    ) -> Result<(), DeviceError> {
        self.calls.lock().unwrap().push(steps);
        self.inner.run_steps(program, feeds, rows, steps)
    }
    fn read_output(&mut self, program: ProgramId, output: usize) -> Result<Tensor, DeviceError> {
        self.inner.read_output(program, output)
    }
    fn append_output(&mut self, program: ProgramId, output: usize, values: &mut Vec<f32>) -> Result<(), DeviceError> {
        self.inner.append_output(program, output, values)
    }
}

fn bench(busy: bool) -> (Bench, Arc<Mutex<Vec<usize>>>) {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let cpu = CpuDevice::new(CpuOptions { threads: Some(1), ..Default::default() });
    let device: Arc<dyn Device> = if busy { Arc::new(Busy { cpu, calls: Arc::clone(&calls) }) } else { Arc::new(cpu) };
    let sgd = json!({ "class_name": "SGD", "config": { "learning_rate": 0.1, "momentum": 0.9 } });
    (Bench::on(device, classifier(3, json!({})), vec![target()], sgd), calls)
}

fn fit(bench: &Bench, options: FitOptions) -> (History, Vec<Vec<f32>>) {
    (bench.fit(corners(1003), options), bench.weights())
}

#[test]
fn the_results_are_the_same() {
    // 1003 samples: passes end with a smaller batch, and with 77 steps an epoch in the middle of an epoch.
    for steps_per_epoch in [None, Some(77)] {
        let options = || FitOptions {
            epochs: 3,
            batch_size: 16,
            steps_per_epoch,
            validation: Validation::Split(0.3),
            ..FitOptions::default()
        };
        let (each, _) = bench(false);
        let (many, calls) = bench(true);
        assert_eq!(fit(&many, options()), fit(&each, options()));
        let handed: Vec<usize> = calls.lock().unwrap().clone();
        assert!(handed.iter().any(|&steps| steps > 1), "{handed:?}");
        let data = corners(1003);
        let evaluate = |bench: &Bench| {
            let mut job = bench.trainer.prepare_evaluate(data.clone(), 16, Progress::Never).unwrap();
            job.run(&never(), &mut quiet()).unwrap()
        };
        assert_eq!(evaluate(&many), evaluate(&each));
    }
}

#[test]
fn who_asks_for_each_step_gets_each() {
    let (many, calls) = bench(true);
    let steps = AtomicUsize::new(0);
    let options = FitOptions { batch_size: 16, progress: Progress::EveryStep, ..FitOptions::default() };
    let mut job = many.trainer.prepare_fit(corners(160), options).unwrap();
    let outcome = job.run(&never(), &mut |event, _| {
        if let Event::Progress { step, .. } = event {
            assert_eq!(step, steps.fetch_add(1, Ordering::Relaxed));
        }
        Flow::Continue
    });
    assert_eq!((outcome.unwrap(), steps.into_inner()), (Outcome::Completed, 10));
    assert!(calls.lock().unwrap().iter().all(|&steps| steps == 1));
}

#[test]
fn a_cancelled_training_ends_between_two_calls() {
    let (many, calls) = bench(true);
    let options = FitOptions { epochs: 1000, batch_size: 1, progress: Progress::Never, ..FitOptions::default() };
    let mut job = many.trainer.prepare_fit(corners(1000), options).unwrap();
    let cancel = AtomicBool::new(false);
    let outcome = job.run(&cancel, &mut |event, _| {
        if matches!(event, Event::EpochBegin { epoch: 2 }) {
            cancel.store(true, Ordering::Relaxed);
        }
        Flow::Continue
    });
    assert_eq!(outcome.unwrap(), Outcome::Cancelled);
    assert_eq!(calls.lock().unwrap().iter().sum::<usize>(), 2000);
}
