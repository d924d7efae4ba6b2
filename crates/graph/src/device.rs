//! The contract between a training loop and a device.

mod rows;

use std::any::Any;
use std::fmt;

use glorot_tensor::Tensor;

use crate::graph::TensorSpec;
use crate::op::StateId;
use crate::program::Program;

pub use rows::Rows;

/// What a device could not do: out of memory, a driver's error, a wrong shape.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct DeviceError(pub String);

/// A program that a session holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProgramId(pub usize);

/// A data set that a session holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DatasetId(pub usize);

/// Something that runs programs.
pub trait Device: Send + Sync + fmt::Debug {
    /// `cpu`, `cuda:0`, …
    fn id(&self) -> String;

    /// A sentence for people: model, threads, memory.
    fn description(&self) -> String;

    /// True if reading a scalar after each step costs nothing: no copy between memories, no waiting. Default true.
    fn reads_are_free(&self) -> bool {
        true
    }

    /// How many devices share a training step; see [`Session::run_shared`]. Default 1.
    fn replicas(&self) -> usize {
        1
    }

    /// Memory for the states of a model, zeroed, and room for its programs. State `i` has `states[i]`'s shape.
    fn session(&self, states: &[TensorSpec]) -> Result<Box<dyn Session>, DeviceError>;
}

/// A training step that the replicas of a device share: each computes gradients from a part of the batch, the gradients
/// are added up, and each updates its weights by the sum.
#[derive(Clone, Debug)]
pub struct SharedStep {
    /// Of each replica: how many rows of the batch it takes, in order, and the program that does. Without rows it adds
    /// nothing.
    pub parts: Vec<(usize, ProgramId)>,
    pub update: ProgramId,
    /// Gradients, which a part has weighted by its rows: summed over replicas between part and update.
    pub summed: Vec<StateId>,
    /// Running sums: the true value is the sum over replicas.
    pub partial: Vec<StateId>,
    /// Moving statistics: the true value is the mean over replicas.
    pub averaged: Vec<StateId>,
    /// The key and counter of random numbers; each replica draws others.
    pub random: StateId,
}

/// Adds up states over the sessions of replicas, all of which get the sums.
pub trait Communicator: Send + Sync + fmt::Debug {
    /// The states are float32, and alike in all sessions.
    fn sum(&self, sessions: &mut [Box<dyn Session>], states: &[StateId]) -> Result<(), DeviceError>;
}

/// The states of a model on a device and the programs that work on them. A session belongs to one thread at a time.
pub trait Session: Send {
    /// Prepares a program: memory, kernels, threads. Running it allocates nothing.
    fn add_program(&mut self, program: &Program) -> Result<ProgramId, DeviceError>;

    /// Appends one more state, zeroed.
    fn add_state(&mut self, spec: &TensorSpec) -> Result<StateId, DeviceError>;

    /// Copies a host tensor into a state.
    fn write_state(&mut self, state: StateId, value: &Tensor) -> Result<(), DeviceError>;

    /// Copies a state to the host.
    fn read_state(&mut self, state: StateId) -> Result<Tensor, DeviceError>;

    /// Keeps a data set `[n, ...]` on the device, in its own dtype. On the CPU this shares the memory.
    fn add_dataset(&mut self, data: &Tensor) -> Result<DatasetId, DeviceError>;

    /// Forgets a data set.
    fn remove_dataset(&mut self, dataset: DatasetId);

    /// Copies a host tensor into an input of a program.
    fn write_input(&mut self, program: ProgramId, input: usize, value: &Tensor) -> Result<(), DeviceError>;

    /// Fills an input `[b, ...]` with `b` rows of a data set, by row number. Dtypes and row shapes must agree.
    fn gather_input(
        &mut self,
        program: ProgramId,
        input: usize,
        dataset: DatasetId,
        rows: &[u32],
    ) -> Result<(), DeviceError>;

    /// Runs one step.
    fn run(&mut self, program: ProgramId) -> Result<(), DeviceError>;

    /// Runs `steps` steps. Before each, the inputs that `feeds` names are filled with the next rows of their data sets:
    /// `rows` has those of all steps, in order. The device may still be at work when this returns; what is read waits.
    fn run_steps(
        &mut self,
        program: ProgramId,
        feeds: &[(usize, DatasetId)],
        rows: Rows<'_>,
        steps: usize,
    ) -> Result<(), DeviceError> {
        let batch = rows.len() / steps.max(1);
        let mut list = Vec::new();
        let rows = rows.list(&mut list);
        for step in 0..steps {
            for &(input, dataset) in feeds {
                self.gather_input(program, input, dataset, &rows[step * batch..(step + 1) * batch])?;
            }
            self.run(program)?;
        }
        Ok(())
    }

    /// Runs `steps` steps that replicas share; otherwise as [`Session::run_steps`].
    fn run_shared(
        &mut self,
        _step: &SharedStep,
        _feeds: &[(usize, DatasetId)],
        _rows: Rows<'_>,
        _steps: usize,
    ) -> Result<(), DeviceError> {
        Err(DeviceError("this device has no replicas that could share a step".into()))
    }

    /// The session itself, for a [`Communicator`] that knows its kind.
    fn as_any(&mut self) -> Option<&mut dyn Any> {
        None
    }

    /// For people: the memory that is used and how steps are run, on a device that has more to say than its description.
    fn report(&self) -> Option<String> {
        None
    }

    /// Copies an output of the last run to the host.
    fn read_output(&mut self, program: ProgramId, output: usize) -> Result<Tensor, DeviceError>;

    /// Appends the elements of a float32 output of the last run to `values`, without other allocation.
    fn append_output(&mut self, program: ProgramId, output: usize, values: &mut Vec<f32>) -> Result<(), DeviceError>;
}
