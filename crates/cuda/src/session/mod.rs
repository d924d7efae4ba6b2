//! A session on a GPU.

mod data;
mod fused;
mod prepared;
mod recorded;
mod staging;
mod steps;
mod streamed;

use std::any::Any;
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use glorot_graph::device::{DatasetId, DeviceError, ProgramId, Rows, Session};
use glorot_graph::program::Program;
use glorot_graph::{StateId, TensorSpec};
use glorot_tensor::{DType, Shape, Tensor, TensorError};

use crate::device::CudaOptions;
use crate::gpu::{Address, Gpu, Kind, Owned};
use crate::lower::{ALIGNMENT, Tuning};
use crate::memory::{Budget, Memory, Size};
use data::Data;
use prepared::Prepared;
use staging::Staging;
use streamed::Slots;

type Result<T = ()> = std::result::Result<T, DeviceError>;

/// A state's memory.
#[derive(Clone, Debug)]
pub(crate) struct State {
    spec: TensorSpec,
    address: Address,
}

/// The states and programs of one model; see [`Session`]. All work goes through one queue, in order.
#[derive(Debug)]
pub(crate) struct CudaSession {
    gpu: Arc<dyn Gpu>,
    options: CudaOptions,
    budget: Arc<Budget>,
    queue: Owned,
    /// A queue for copies that go on while steps run.
    copies: Owned,
    staging: Staging,
    states: Vec<State>,
    state_memory: Vec<Memory>,
    programs: Vec<Prepared>,
    datasets: Vec<Option<Data>>,
    /// Row numbers of the steps that run next, and the cursor and barrier counters.
    order: Option<(Memory, usize)>,
    counters: Memory,
    /// Scratch memory of the libraries, once a program needs it.
    workspace: Option<Memory>,
    /// Through which batches of data sets go that do not fit.
    slots: Slots,
    /// Memory for the row numbers of a batch that the host gathers.
    listed: Vec<u32>,
    /// Ends of the last chunks of steps, so that the host does not run ahead without end.
    pace: VecDeque<Owned>,
}

/// Chunks of steps that may wait in the queue.
const CHUNKS_AHEAD: usize = 2;

fn describe(dtype: DType, shape: &Shape) -> String {
    format!("{dtype} {shape}")
}

pub(crate) fn byte_len(spec: &TensorSpec) -> Result<usize> {
    let numel = spec.shape.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
    let bytes = numel.and_then(|numel| numel.checked_mul(spec.dtype.size()));
    bytes
        .filter(|&bytes| bytes < isize::MAX as usize)
        .ok_or_else(|| DeviceError(format!("a tensor of shape {} does not fit into memory", spec.shape)))
}

/// A host tensor of the elements in memory.
fn to_tensor(spec: &TensorSpec, bytes: Vec<u8>) -> Result<Tensor> {
    let words = || bytes.chunks_exact(4).map(|word| [word[0], word[1], word[2], word[3]]);
    let tensor: std::result::Result<Tensor, TensorError> = match spec.dtype {
        DType::F32 => Tensor::f32(spec.shape.clone(), words().map(f32::from_ne_bytes).collect()),
        DType::I32 => Tensor::i32(spec.shape.clone(), words().map(i32::from_ne_bytes).collect()),
        DType::U8 => Tensor::u8(spec.shape.clone(), bytes),
        DType::Bool => Tensor::bool(spec.shape.clone(), bytes),
    };
    tensor.map_err(|error| DeviceError(error.to_string()))
}

fn expect_spec(what: &str, expected: &TensorSpec, value: &Tensor) -> Result {
    if (&expected.shape, expected.dtype) == (value.shape(), value.dtype()) {
        return Ok(());
    }
    let (expected, received) = (describe(expected.dtype, &expected.shape), describe(value.dtype(), value.shape()));
    Err(DeviceError(format!("{what}: expected {expected}, received {received}")))
}

impl CudaSession {
    pub fn new(gpu: Arc<dyn Gpu>, options: CudaOptions, budget: Arc<Budget>) -> Result<CudaSession> {
        let queue = Owned::new(&gpu, Kind::Queue, gpu.queue()?);
        let copies = Owned::new(&gpu, Kind::Queue, gpu.queue()?);
        let staging = Staging::new(&gpu)?;
        let counters = budget.allocate("counters", ALIGNMENT)?;
        Ok(CudaSession {
            gpu,
            options,
            budget,
            queue,
            copies,
            staging,
            states: Vec::new(),
            state_memory: Vec::new(),
            programs: Vec::new(),
            datasets: Vec::new(),
            order: None,
            counters,
            workspace: None,
            slots: Slots::default(),
            listed: Vec::new(),
            pace: VecDeque::new(),
        })
    }

    /// Appends states in one piece of memory, zeroed.
    pub fn add_states(&mut self, specs: &[TensorSpec]) -> Result<StateId> {
        let mut offsets = Vec::with_capacity(specs.len());
        let mut total = 0usize;
        for spec in specs {
            offsets.push(total);
            let bytes = byte_len(spec)?.next_multiple_of(ALIGNMENT).max(ALIGNMENT);
            total = total.checked_add(bytes).ok_or_else(|| DeviceError("the states do not fit into memory".into()))?;
        }
        let first = StateId(self.states.len() as u32);
        if specs.is_empty() {
            return Ok(first);
        }
        let memory = self.budget.allocate("the weights and the optimizer's state", total)?;
        // SAFETY: the memory was just allocated with this length.
        unsafe { self.gpu.zero(self.queue.handle(), memory.address(), total)? };
        for (spec, offset) in specs.iter().zip(offsets) {
            self.states.push(State { spec: spec.clone(), address: memory.address() + offset as u64 });
        }
        self.state_memory.push(memory);
        Ok(first)
    }

    fn state(&self, state: StateId) -> Result<&State> {
        let missing = || DeviceError(format!("state {} does not exist", state.0));
        self.states.get(state.0 as usize).ok_or_else(missing)
    }

    /// The address of a state of float32 numbers, their number, and the queue that works on it.
    pub fn collective(&self, state: StateId) -> Result<(Address, usize, u64)> {
        let State { spec, address } = self.state(state)?;
        if spec.dtype != DType::F32 {
            return Err(DeviceError(format!("state {}: expected float32, received {}", state.0, spec.dtype)));
        }
        Ok((*address, spec.shape.numel(), self.queue.handle()))
    }

    fn prepared(&mut self, program: ProgramId) -> Result<&mut Prepared> {
        let missing = || DeviceError(format!("program {} does not exist", program.0));
        self.programs.get_mut(program.0).ok_or_else(missing)
    }

    fn input(&mut self, program: ProgramId, input: usize) -> Result<(TensorSpec, Address)> {
        let inputs = &self.prepared(program)?.inputs;
        let count = inputs.len();
        let missing = || DeviceError(format!("input {input} does not exist: the program has {count}"));
        inputs.get(input).cloned().ok_or_else(missing)
    }

    fn download(&mut self, address: Address, len: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        if len > 0 {
            // SAFETY: the caller has the address of this many bytes; the queue is done before `bytes` can go.
            unsafe {
                self.gpu.download(self.queue.handle(), address, &mut bytes)?;
                self.gpu.finish(self.queue.handle())?;
            }
        }
        Ok(bytes)
    }

    fn output(&mut self, program: ProgramId, output: usize) -> Result<(TensorSpec, Vec<u8>)> {
        let outputs = &self.prepared(program)?.outputs;
        let count = outputs.len();
        let missing = || DeviceError(format!("output {output} does not exist: the program has {count}"));
        let (spec, address) = outputs.get(output).cloned().ok_or_else(missing)?;
        let len = byte_len(&spec)?;
        Ok((spec, self.download(address, len)?))
    }
}

impl Session for CudaSession {
    fn add_program(&mut self, program: &Program) -> Result<ProgramId> {
        let tuning = Tuning {
            multiprocessors: self.gpu.facts().multiprocessors,
            library: self.gpu.has_products(),
            convolutions: self.gpu.has_convolutions(),
            precision: self.options.precision,
        };
        let prepared = Prepared::new(
            &self.gpu,
            &self.budget,
            self.queue.handle(),
            &mut self.staging,
            &mut self.workspace,
            &self.states,
            program,
            tuning,
        )?;
        self.programs.push(prepared);
        Ok(ProgramId(self.programs.len() - 1))
    }

    fn add_state(&mut self, spec: &TensorSpec) -> Result<StateId> {
        self.add_states(std::slice::from_ref(spec))
    }

    fn write_state(&mut self, state: StateId, value: &Tensor) -> Result {
        let State { spec, address } = self.state(state)?.clone();
        expect_spec(&format!("state {}", state.0), &spec, value)?;
        // SAFETY: the state has room for a value of its spec and lives as long as the session.
        unsafe { self.staging.upload(self.queue.handle(), address, value.bytes()) }
    }

    fn read_state(&mut self, state: StateId) -> Result<Tensor> {
        let State { spec, address } = self.state(state)?.clone();
        let bytes = self.download(address, byte_len(&spec)?)?;
        to_tensor(&spec, bytes)
    }

    fn add_dataset(&mut self, data: &Tensor) -> Result<DatasetId> {
        if data.shape().rank() == 0 {
            return Err(DeviceError("a data set needs at least one axis, received a scalar".into()));
        }
        let known = self.datasets.iter().flatten().find_map(|known| known.shared_with(data));
        let data = match known {
            Some(shared) => shared,
            None => Data::new(&self.gpu, &self.budget, self.queue.handle(), &mut self.staging, data)?,
        };
        self.datasets.push(Some(data));
        Ok(DatasetId(self.datasets.len() - 1))
    }

    fn remove_dataset(&mut self, dataset: DatasetId) {
        if let Some(slot) = self.datasets.get_mut(dataset.0)
            && let Some(data) = slot.take()
        {
            // Steps that read it may still be under way.
            // SAFETY: the session's queue. An error comes again at the next call.
            let _ = unsafe { self.gpu.finish(self.queue.handle()) };
            drop(data);
        }
    }

    fn write_input(&mut self, program: ProgramId, input: usize, value: &Tensor) -> Result {
        let (spec, address) = self.input(program, input)?;
        expect_spec(&format!("input {input}"), &spec, value)?;
        // SAFETY: the input has room for a value of its spec and lives as long as the session.
        unsafe { self.staging.upload(self.queue.handle(), address, value.bytes()) }
    }

    fn gather_input(&mut self, program: ProgramId, input: usize, dataset: DatasetId, rows: &[u32]) -> Result {
        self.gather(program, &[(input, dataset)], Rows::Listed(rows))
    }

    fn run(&mut self, program: ProgramId) -> Result {
        let (gpu, queue) = (Arc::clone(&self.gpu), self.queue.handle());
        self.prepared(program)?.run(&*gpu, queue)
    }

    fn run_steps(&mut self, program: ProgramId, feeds: &[(usize, DatasetId)], rows: Rows<'_>, steps: usize) -> Result {
        self.steps(program, feeds, rows, steps)
    }

    fn read_output(&mut self, program: ProgramId, output: usize) -> Result<Tensor> {
        let (spec, bytes) = self.output(program, output)?;
        to_tensor(&spec, bytes)
    }

    fn append_output(&mut self, program: ProgramId, output: usize, values: &mut Vec<f32>) -> Result {
        let (spec, bytes) = self.output(program, output)?;
        if spec.dtype != DType::F32 {
            return Err(DeviceError(format!("output {output}: expected float32, received {}", spec.dtype)));
        }
        values.extend(bytes.chunks_exact(4).map(|word| f32::from_ne_bytes([word[0], word[1], word[2], word[3]])));
        Ok(())
    }

    fn as_any(&mut self) -> Option<&mut dyn Any> {
        Some(self)
    }

    fn report(&self) -> Option<String> {
        let states: usize = self.states.iter().map(|state| byte_len(&state.spec).unwrap_or(0)).sum();
        let mut text = format!(
            "cuda:{}: {} in use, of which states {}",
            self.gpu.facts().ordinal,
            Size(self.budget.used()),
            Size(states)
        );
        let bytes = |resident| -> usize {
            let sets = self.datasets.iter().flatten().filter(|set| set.address().is_some() == resident);
            // A tensor that is there twice is one.
            let pieces: HashSet<_> = sets.map(|set| set.tensor.bytes().as_ptr_range()).collect();
            pieces.into_iter().map(|piece| piece.end as usize - piece.start as usize).sum()
        };
        match (bytes(true), bytes(false)) {
            (0, 0) => {}
            (on, 0) => text.push_str(&format!("; data: {} on the GPU", Size(on))),
            (on, sent) => {
                text.push_str(&format!("; data: {} on the GPU, {} sent from the host by batches", Size(on), Size(sent)))
            }
        }
        for problem in self.gpu.problems() {
            text.push_str(&format!("\n{problem}"));
        }
        for (number, program) in self.programs.iter().enumerate() {
            text.push_str(&format!("\nprogram {number}: {}", program.report()));
        }
        Some(text)
    }
}

impl Drop for CudaSession {
    fn drop(&mut self) {
        // Nothing may be freed that queued work still uses. An error has nobody left to hear it.
        for queue in [&self.queue, &self.copies] {
            // SAFETY: the session's queues.
            let _ = unsafe { self.gpu.finish(queue.handle()) };
        }
    }
}
