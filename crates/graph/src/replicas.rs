//! Several devices that train one model: each has all of its states, and they share the batches.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use glorot_tensor::{DType, Tensor};

use crate::device::{Communicator, DatasetId, Device, DeviceError, ProgramId, Rows, Session, SharedStep};
use crate::graph::TensorSpec;
use crate::op::StateId;
use crate::program::{Place, Program};

type Result<T = ()> = std::result::Result<T, DeviceError>;

/// Devices that share training steps. Everything else runs on the first.
#[derive(Debug)]
pub struct Replicas {
    devices: Vec<Arc<dyn Device>>,
    communicator: Arc<dyn Communicator>,
}

impl Replicas {
    /// # Errors
    ///
    /// If there are no devices.
    pub fn new(devices: Vec<Arc<dyn Device>>, communicator: Arc<dyn Communicator>) -> Result<Replicas> {
        if devices.is_empty() {
            return Err(DeviceError("replicas: expected at least one device".into()));
        }
        Ok(Replicas { devices, communicator })
    }
}

impl Device for Replicas {
    fn id(&self) -> String {
        self.devices.iter().map(|device| device.id()).collect::<Vec<_>>().join(",")
    }

    fn description(&self) -> String {
        self.devices.iter().map(|device| device.description()).collect::<Vec<_>>().join("; ")
    }

    /// What one replica has computed is not yet the result.
    fn reads_are_free(&self) -> bool {
        false
    }

    fn replicas(&self) -> usize {
        self.devices.len()
    }

    fn session(&self, states: &[TensorSpec]) -> Result<Box<dyn Session>> {
        let sessions = self.devices.iter().map(|device| device.session(states)).collect::<Result<_>>()?;
        Ok(Box::new(ReplicasSession {
            sessions,
            communicator: Arc::clone(&self.communicator),
            specs: states.to_vec(),
            programs: Vec::new(),
            datasets: Vec::new(),
            stale: (0..states.len() as u32).map(StateId).collect(),
            shared: None,
        }))
    }
}

/// A program, and its number on the replicas that have it.
struct Held {
    program: Program,
    ids: HashMap<usize, ProgramId>,
    /// The states that it writes.
    writes: Vec<StateId>,
}

struct ReplicasSession {
    sessions: Vec<Box<dyn Session>>,
    communicator: Arc<dyn Communicator>,
    specs: Vec<TensorSpec>,
    programs: Vec<Held>,
    /// Of each data set, its number on each replica.
    datasets: Vec<Vec<DatasetId>>,
    /// States of which only the first replica has the value.
    stale: BTreeSet<StateId>,
    /// The step whose replicas have values of their own in running sums and moving statistics.
    shared: Option<SharedStep>,
}

fn states_written(program: &Program) -> Vec<StateId> {
    let writes = program.kernels.iter().flat_map(|kernel| kernel.writes());
    let state = |id: crate::program::BufferId| match program.buffers.get(id.index())?.place {
        Place::State(state) => Some(state),
        _ => None,
    };
    writes.filter_map(state).collect()
}

impl ReplicasSession {
    fn first(&mut self) -> &mut dyn Session {
        self.sessions[0].as_mut()
    }

    /// The number of a program on a replica, which gets it now unless it has it.
    fn program(&mut self, replica: usize, program: ProgramId) -> Result<ProgramId> {
        let missing = || DeviceError(format!("program {} does not exist", program.0));
        let held = self.programs.get_mut(program.0).ok_or_else(missing)?;
        if let Some(&id) = held.ids.get(&replica) {
            return Ok(id);
        }
        let id = self.sessions[replica].add_program(&held.program)?;
        held.ids.insert(replica, id);
        Ok(id)
    }

    /// The values of a state on all replicas.
    fn values(&mut self, state: StateId) -> Result<Vec<Tensor>> {
        self.sessions.iter_mut().map(|session| session.read_state(state)).collect()
    }

    /// Gives the first replica the true values of what the replicas have each for themselves.
    fn settle(&mut self) -> Result {
        let Some(step) = self.shared.take() else { return Ok(()) };
        let count = self.sessions.len() as f64;
        for (states, divisor) in [(&step.partial, 1.0), (&step.averaged, count)] {
            for &state in states {
                let values = self.values(state)?;
                let total = total(&values, divisor)?;
                self.first().write_state(state, &total)?;
                self.stale.insert(state);
            }
        }
        Ok(())
    }

    /// Gives the other replicas what only the first has, before they share a step.
    fn spread(&mut self, step: &SharedStep) -> Result {
        for state in std::mem::take(&mut self.stale) {
            let value = self.first().read_state(state)?;
            for replica in 1..self.sessions.len() {
                let own = if step.partial.contains(&state) {
                    Tensor::zeros(value.shape().clone(), value.dtype())
                } else if state == step.random {
                    other_numbers(&value, replica)?
                } else {
                    value.clone()
                };
                self.sessions[replica].write_state(state, &own)?;
            }
        }
        Ok(())
    }

    /// One shared step on these rows.
    fn shared_step(&mut self, step: &SharedStep, feeds: &[(usize, DatasetId)], rows: Rows<'_>) -> Result {
        let mut first = 0;
        for (replica, &(count, part)) in step.parts.iter().enumerate() {
            if count == 0 {
                for &state in &step.summed {
                    let zeros = Tensor::zeros(self.specs[state.0 as usize].shape.clone(), DType::F32);
                    self.sessions[replica].write_state(state, &zeros)?;
                }
                continue;
            }
            let program = self.program(replica, part)?;
            let mut own = Vec::with_capacity(feeds.len());
            for &(input, dataset) in feeds {
                let missing = || DeviceError(format!("data set {} does not exist", dataset.0));
                own.push((input, *self.datasets.get(dataset.0).and_then(|ids| ids.get(replica)).ok_or_else(missing)?));
            }
            if rows.len() < first + count {
                return Err(DeviceError("too few rows for a step".into()));
            }
            self.sessions[replica].run_steps(program, &own, rows.part(first, count), 1)?;
            first += count;
        }
        self.communicator.sum(&mut self.sessions, &step.summed)?;
        for replica in 0..self.sessions.len() {
            let program = self.program(replica, step.update)?;
            self.sessions[replica].run(program)?;
        }
        Ok(())
    }
}

/// The sum of tensors, element by element and in order, divided.
fn total(values: &[Tensor], divisor: f64) -> Result<Tensor> {
    let Some(first) = values.first() else { return Err(DeviceError("the sum of no tensors".into())) };
    let mut sums = vec![0.0; first.numel()];
    for value in values {
        sums.iter_mut().zip(value.to_f64()).for_each(|(sum, x)| *sum += x);
    }
    sums.iter_mut().for_each(|sum| *sum /= divisor);
    Tensor::from_f64(first.shape().clone(), first.dtype(), &sums).map_err(|error| DeviceError(error.to_string()))
}

/// The key and counter of a replica's own random numbers.
fn other_numbers(state: &Tensor, replica: usize) -> Result<Tensor> {
    let words = state.as_i32().map_err(|error| DeviceError(error.to_string()))?;
    let mut words = words.to_vec();
    if let Some(high) = words.get_mut(1) {
        *high ^= (replica as u32).wrapping_mul(0x9E37_79B9) as i32;
    }
    Tensor::i32(state.shape().clone(), words).map_err(|error| DeviceError(error.to_string()))
}

impl Session for ReplicasSession {
    fn add_program(&mut self, program: &Program) -> Result<ProgramId> {
        let writes = states_written(program);
        self.programs.push(Held { program: program.clone(), ids: HashMap::new(), writes });
        Ok(ProgramId(self.programs.len() - 1))
    }

    fn add_state(&mut self, spec: &TensorSpec) -> Result<StateId> {
        let ids = self.sessions.iter_mut().map(|session| session.add_state(spec)).collect::<Result<Vec<_>>>()?;
        self.specs.push(spec.clone());
        self.stale.insert(ids[0]);
        Ok(ids[0])
    }

    fn write_state(&mut self, state: StateId, value: &Tensor) -> Result {
        self.settle()?;
        self.first().write_state(state, value)?;
        self.stale.insert(state);
        Ok(())
    }

    fn read_state(&mut self, state: StateId) -> Result<Tensor> {
        self.settle()?;
        self.first().read_state(state)
    }

    fn add_dataset(&mut self, data: &Tensor) -> Result<DatasetId> {
        let mut ids = Vec::with_capacity(self.sessions.len());
        for replica in 0..self.sessions.len() {
            match self.sessions[replica].add_dataset(data) {
                Ok(id) => ids.push(id),
                Err(error) => {
                    ids.iter().zip(&mut self.sessions).for_each(|(id, session)| session.remove_dataset(*id));
                    return Err(error);
                }
            }
        }
        self.datasets.push(ids);
        Ok(DatasetId(self.datasets.len() - 1))
    }

    fn remove_dataset(&mut self, dataset: DatasetId) {
        if let Some(ids) = self.datasets.get_mut(dataset.0) {
            let ids = std::mem::take(ids);
            ids.iter().zip(&mut self.sessions).for_each(|(id, session)| session.remove_dataset(*id));
        }
    }

    fn write_input(&mut self, program: ProgramId, input: usize, value: &Tensor) -> Result {
        let id = self.program(0, program)?;
        self.first().write_input(id, input, value)
    }

    fn gather_input(&mut self, program: ProgramId, input: usize, dataset: DatasetId, rows: &[u32]) -> Result {
        let id = self.program(0, program)?;
        let missing = || DeviceError(format!("data set {} does not exist", dataset.0));
        let dataset = *self.datasets.get(dataset.0).and_then(|ids| ids.first()).ok_or_else(missing)?;
        self.first().gather_input(id, input, dataset, rows)
    }

    fn run(&mut self, program: ProgramId) -> Result {
        self.settle()?;
        let id = self.program(0, program)?;
        self.first().run(id)?;
        self.stale.extend(self.programs[program.0].writes.iter().copied());
        Ok(())
    }

    fn run_shared(&mut self, step: &SharedStep, feeds: &[(usize, DatasetId)], rows: Rows<'_>, steps: usize) -> Result {
        if step.parts.len() != self.sessions.len() {
            let (parts, replicas) = (step.parts.len(), self.sessions.len());
            return Err(DeviceError(format!("a step of {parts} parts for {replicas} replicas")));
        }
        self.spread(step)?;
        let batch = rows.len() / steps.max(1);
        for i in 0..steps {
            self.shared_step(step, feeds, rows.part(i * batch, batch))?;
        }
        self.shared = Some(step.clone());
        Ok(())
    }

    fn read_output(&mut self, program: ProgramId, output: usize) -> Result<Tensor> {
        let id = self.program(0, program)?;
        self.first().read_output(id, output)
    }

    fn append_output(&mut self, program: ProgramId, output: usize, values: &mut Vec<f32>) -> Result {
        let id = self.program(0, program)?;
        self.first().append_output(id, output, values)
    }

    fn report(&self) -> Option<String> {
        let reports: Vec<String> = self.sessions.iter().filter_map(|session| session.report()).collect();
        (!reports.is_empty()).then(|| reports.join("\n"))
    }
}

/// Sums by way of the host: for any devices.
#[derive(Debug, Default)]
pub struct HostSum;

impl Communicator for HostSum {
    fn sum(&self, sessions: &mut [Box<dyn Session>], states: &[StateId]) -> Result {
        for &state in states {
            let values = sessions.iter_mut().map(|session| session.read_state(state)).collect::<Result<Vec<_>>>()?;
            let sum = total(&values, 1.0)?;
            sessions.iter_mut().try_for_each(|session| session.write_state(state, &sum))?;
        }
        Ok(())
    }
}
