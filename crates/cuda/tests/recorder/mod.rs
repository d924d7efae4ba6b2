//! The programs that a training makes.

use std::sync::{Arc, Mutex};

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::device::{DatasetId, Device, DeviceError, ProgramId, Session};
use glorot_graph::program::Program;
use glorot_graph::{StateId, TensorSpec};
use glorot_tensor::Tensor;

use crate::models::{Layers, watch};

type Programs = Arc<Mutex<Vec<Program>>>;

/// The programs of training, validation and readings.
pub fn programs(layers: &Layers, optimizer: &str) -> Vec<Program> {
    let programs = Programs::default();
    let device = Recorder(CpuDevice::new(CpuOptions::default()), Arc::clone(&programs));
    // Whole batches only: programs of others are alike.
    watch(Arc::new(device), layers, optimizer, 160, &mut |_, _| {});
    let programs = programs.lock().unwrap();
    programs.clone()
}

#[derive(Debug)]
struct Recorder(CpuDevice, Programs);

struct Recording(Box<dyn Session>, Programs);

impl Device for Recorder {
    fn id(&self) -> String {
        self.0.id()
    }
    fn description(&self) -> String {
        self.0.description()
    }
    fn session(&self, states: &[TensorSpec]) -> Result<Box<dyn Session>, DeviceError> {
        Ok(Box::new(Recording(self.0.session(states)?, Arc::clone(&self.1))))
    }
}

impl Session for Recording {
    fn add_program(&mut self, program: &Program) -> Result<ProgramId, DeviceError> {
        self.1.lock().unwrap().push(program.clone());
        self.0.add_program(program)
    }
    fn add_state(&mut self, spec: &TensorSpec) -> Result<StateId, DeviceError> {
        self.0.add_state(spec)
    }
    fn write_state(&mut self, state: StateId, value: &Tensor) -> Result<(), DeviceError> {
        self.0.write_state(state, value)
    }
    fn read_state(&mut self, state: StateId) -> Result<Tensor, DeviceError> {
        self.0.read_state(state)
    }
    fn add_dataset(&mut self, data: &Tensor) -> Result<DatasetId, DeviceError> {
        self.0.add_dataset(data)
    }
    fn remove_dataset(&mut self, dataset: DatasetId) {
        self.0.remove_dataset(dataset);
    }
    fn write_input(&mut self, program: ProgramId, input: usize, value: &Tensor) -> Result<(), DeviceError> {
        self.0.write_input(program, input, value)
    }
    fn gather_input(
        &mut self,
        program: ProgramId,
        input: usize,
        dataset: DatasetId,
        rows: &[u32],
    ) -> Result<(), DeviceError> {
        self.0.gather_input(program, input, dataset, rows)
    }
    fn run(&mut self, program: ProgramId) -> Result<(), DeviceError> {
        self.0.run(program)
    }
    fn read_output(&mut self, program: ProgramId, output: usize) -> Result<Tensor, DeviceError> {
        self.0.read_output(program, output)
    }
    fn append_output(&mut self, program: ProgramId, output: usize, values: &mut Vec<f32>) -> Result<(), DeviceError> {
        self.0.append_output(program, output, values)
    }
}
