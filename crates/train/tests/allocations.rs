//! The loop allocates nothing a step: an epoch of many steps costs as many allocations as one of few. The device of this
//! test does nothing, so what is counted is the loop's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use glorot_graph::device::{DatasetId, Device, DeviceError, ProgramId, Rows, Session};
use glorot_graph::program::Program;
use glorot_graph::{StateId, TensorSpec};
use glorot_nn::layers::create;
use glorot_nn::model::Model;
use glorot_nn::optimizers;
use glorot_tensor::{DType, Tensor};
use glorot_train::{Compiled, Dataset, FitOptions, Flow, Progress, Target, Trainer};
use serde_json::json;

/// Counts the allocations of each thread: the loop runs on the thread of its test, and others allocate when they like.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: all calls are handed to the system's allocator as they come.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer comes from `alloc` above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Debug)]
struct IdleDevice;

impl Device for IdleDevice {
    fn id(&self) -> String {
        "idle".into()
    }

    fn description(&self) -> String {
        "does nothing".into()
    }

    fn session(&self, states: &[TensorSpec]) -> Result<Box<dyn Session>, DeviceError> {
        Ok(Box::new(IdleSession { programs: 0, states: states.to_vec() }))
    }
}

struct IdleSession {
    programs: usize,
    states: Vec<TensorSpec>,
}

impl Session for IdleSession {
    fn add_program(&mut self, _: &Program) -> Result<ProgramId, DeviceError> {
        self.programs += 1;
        Ok(ProgramId(self.programs))
    }

    fn add_state(&mut self, spec: &TensorSpec) -> Result<StateId, DeviceError> {
        self.states.push(spec.clone());
        Ok(StateId(self.states.len() as u32 - 1))
    }

    fn write_state(&mut self, _: StateId, _: &Tensor) -> Result<(), DeviceError> {
        Ok(())
    }

    fn read_state(&mut self, state: StateId) -> Result<Tensor, DeviceError> {
        let TensorSpec { shape, dtype } = self.states[state.0 as usize].clone();
        Ok(Tensor::zeros(shape, dtype))
    }

    fn add_dataset(&mut self, _: &Tensor) -> Result<DatasetId, DeviceError> {
        Ok(DatasetId(0))
    }

    fn remove_dataset(&mut self, _: DatasetId) {}

    fn write_input(&mut self, _: ProgramId, _: usize, _: &Tensor) -> Result<(), DeviceError> {
        Ok(())
    }

    fn gather_input(&mut self, _: ProgramId, _: usize, _: DatasetId, _: &[u32]) -> Result<(), DeviceError> {
        Ok(())
    }

    fn run(&mut self, _: ProgramId) -> Result<(), DeviceError> {
        Ok(())
    }

    fn run_steps(&mut self, _: ProgramId, _: &[(usize, DatasetId)], _: Rows<'_>, _: usize) -> Result<(), DeviceError> {
        Ok(())
    }

    fn read_output(&mut self, _: ProgramId, _: usize) -> Result<Tensor, DeviceError> {
        Ok(Tensor::scalar_f32(0.0))
    }

    fn append_output(&mut self, _: ProgramId, _: usize, values: &mut Vec<f32>) -> Result<(), DeviceError> {
        values.push(0.0);
        Ok(())
    }
}

/// Allocations of an epoch of the given number of steps.
fn allocations(steps: usize, progress: Progress) -> usize {
    let layer = |class, options| create(class, &options).unwrap();
    let layers = vec![
        layer("InputLayer", json!({ "shape": [1] })),
        layer("Dense", json!({ "units": 3, "activation": "softmax" })),
    ];
    let target = Target::named("sparse_categorical_crossentropy", &["accuracy"]);
    let optimizer = optimizers::deserialize(&"nadam".into()).unwrap();
    let compiled = Compiled { optimizer: Rc::new(RefCell::new(optimizer)), targets: vec![target] };
    let trainer = Trainer::new(Model::sequential(layers, None).unwrap(), Arc::new(IdleDevice), Some(compiled));
    let n = 4 * steps;
    let data = Dataset::new(Tensor::zeros([n, 1], DType::U8), Tensor::zeros([n], DType::U8));
    let options = FitOptions { batch_size: 4, progress, ..FitOptions::default() };
    let mut job = trainer.prepare_fit(data, options).unwrap();
    assert_eq!(job.steps_per_epoch(), steps);
    let before = ALLOCATIONS.get();
    job.run(&AtomicBool::new(false), &mut |_, _| Flow::Continue).unwrap();
    ALLOCATIONS.get() - before
}

#[test]
fn steps_allocate_nothing() {
    for progress in [Progress::Never, Progress::Every(Duration::from_millis(1)), Progress::EveryStep] {
        let few = allocations(10, progress);
        assert!(few > 0);
        assert_eq!(allocations(10_000, progress), few, "{progress:?}");
    }
}
