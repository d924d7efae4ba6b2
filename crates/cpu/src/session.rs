use std::sync::Arc;

use glorot_graph::device::{DatasetId, DeviceError, ProgramId, Session};
use glorot_graph::program::{Buffer, Place, Program};
use glorot_graph::{StateId, TensorSpec};
use glorot_tensor::{DType, Shape, Tensor, TensorError};

use crate::kernels::Kernels;
use crate::lower::Launch;
use crate::memory::{ALIGNMENT, Aligned, Buffers, Located};
use crate::pool::Pool;
use crate::sharing::Phase;

/// Bytes of a row from which on several threads gather a batch.
const PARALLEL_GATHER_BYTES: usize = 1 << 18;

/// Memory of a tensor that stays in place.
#[derive(Debug)]
struct Held {
    spec: TensorSpec,
    memory: Aligned,
}

impl Held {
    fn new(spec: &TensorSpec) -> Result<Held, DeviceError> {
        Ok(Held { spec: spec.clone(), memory: Aligned::zeroed(byte_len(spec)?)? })
    }

    fn write(&mut self, what: &str, value: &Tensor) -> Result<(), DeviceError> {
        let expected = &self.spec;
        if (&expected.shape, expected.dtype) != (value.shape(), value.dtype()) {
            let (expected, received) =
                (describe(expected.dtype, &expected.shape), describe(value.dtype(), value.shape()));
            return Err(DeviceError(format!("{what}: expected {expected}, received {received}")));
        }
        let bytes = value.bytes();
        self.memory.bytes_mut()[..bytes.len()].copy_from_slice(bytes);
        Ok(())
    }
}

fn describe(dtype: DType, shape: &Shape) -> String {
    format!("{dtype} {shape}")
}

fn byte_len(spec: &TensorSpec) -> Result<usize, DeviceError> {
    let too_large = || DeviceError(format!("a tensor of shape {} does not fit into memory", spec.shape));
    let numel = spec.shape.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
    numel
        .and_then(|numel| numel.checked_mul(spec.dtype.size()))
        .filter(|&bytes| bytes < isize::MAX as usize)
        .ok_or_else(too_large)
}

/// A host tensor of the elements in memory.
fn to_tensor(spec: &TensorSpec, bytes: &[u8]) -> Result<Tensor, DeviceError> {
    let words = || bytes.chunks_exact(4).map(|word| [word[0], word[1], word[2], word[3]]);
    let tensor: Result<Tensor, TensorError> = match spec.dtype {
        DType::F32 => Tensor::f32(spec.shape.clone(), words().map(f32::from_ne_bytes).collect()),
        DType::I32 => Tensor::i32(spec.shape.clone(), words().map(i32::from_ne_bytes).collect()),
        DType::U8 => Tensor::u8(spec.shape.clone(), bytes.to_vec()),
        DType::Bool => Tensor::bool(spec.shape.clone(), bytes.to_vec()),
    };
    tensor.map_err(|error| DeviceError(error.to_string()))
}

/// A lowered program.
#[derive(Debug)]
struct Prepared {
    launches: Vec<Launch>,
    /// Runs so far.
    runs: u64,
    inputs: Vec<Held>,
    outputs: Vec<Output>,
    /// Kept alive for the launches, which know the address.
    _arena: Aligned,
    _constants: Vec<Held>,
}

#[derive(Debug)]
struct Output {
    spec: TensorSpec,
    address: usize,
}

/// The states and programs of one model; see [`Session`].
#[derive(Debug)]
pub(crate) struct CpuSession {
    pool: Arc<Pool>,
    kernels: &'static Kernels,
    states: Vec<Held>,
    programs: Vec<Prepared>,
    datasets: Vec<Option<Tensor>>,
    /// Scratch memory of each thread, as much as any launch needs.
    scratch: Vec<Aligned>,
}

impl CpuSession {
    pub(crate) fn new(pool: Arc<Pool>, kernels: &'static Kernels) -> CpuSession {
        CpuSession {
            pool,
            kernels,
            states: Vec::new(),
            programs: Vec::new(),
            datasets: Vec::new(),
            scratch: Vec::new(),
        }
    }

    fn output(&mut self, program: ProgramId, output: usize) -> Result<(&TensorSpec, &[u8]), DeviceError> {
        let prepared = known(&mut self.programs, program)?;
        let count = prepared.outputs.len();
        let missing = || DeviceError(format!("output {output} does not exist: the program has {count}"));
        let Output { spec, address } = prepared.outputs.get(output).ok_or_else(missing)?;
        let len = byte_len(spec)?;
        // SAFETY: the address is that of a buffer of this size in memory that the session holds; no kernel is running,
        // since `&mut self` is borrowed.
        Ok((spec, unsafe { std::slice::from_raw_parts(*address as *const u8, len) }))
    }

    fn state(&mut self, state: StateId) -> Result<&mut Held, DeviceError> {
        let missing = || DeviceError(format!("state {} does not exist", state.0));
        self.states.get_mut(state.0 as usize).ok_or_else(missing)
    }

    /// Finds the memory of a buffer.
    fn locate(
        &self,
        buffer: &Buffer,
        arena: &Aligned,
        inputs: &[Held],
        constants: &mut Vec<Held>,
    ) -> Result<Located, DeviceError> {
        let spec = &buffer.spec;
        let differs = |what: String, found: &TensorSpec| {
            let (expected, received) = (describe(spec.dtype, &spec.shape), describe(found.dtype, &found.shape));
            Err(DeviceError(format!("invalid program: {what} is {received}, its buffer {expected}")))
        };
        let (address, writable) = match &buffer.place {
            Place::Input(number) => match inputs.get(*number as usize) {
                Some(held) if held.spec == *spec => (held.memory.address(), false),
                Some(held) => return differs(format!("input {number}"), &held.spec),
                None => return Err(DeviceError(format!("invalid program: input {number} does not exist"))),
            },
            Place::State(id) => match self.states.get(id.0 as usize) {
                Some(held) if held.spec.dtype == spec.dtype && held.spec.shape.numel() == spec.shape.numel() => {
                    (held.memory.address(), true)
                }
                Some(held) => return differs(format!("state {}", id.0), &held.spec),
                None => return Err(DeviceError(format!("invalid program: state {} does not exist", id.0))),
            },
            Place::Constant(value) => {
                let mut held = Held::new(spec)?;
                if value.dtype() != spec.dtype || value.numel() != spec.shape.numel() {
                    return differs(
                        "a constant".into(),
                        &TensorSpec { shape: value.shape().clone(), dtype: value.dtype() },
                    );
                }
                let bytes = value.bytes();
                held.memory.bytes_mut()[..bytes.len()].copy_from_slice(bytes);
                constants.push(held);
                (constants[constants.len() - 1].memory.address(), false)
            }
            Place::Arena { offset } => {
                let end = offset.checked_add(byte_len(spec)?);
                if offset % ALIGNMENT != 0 || end.is_none_or(|end| end > arena.len()) {
                    let detail = format!("a buffer of shape {} at byte {offset} of {}", spec.shape, arena.len());
                    return Err(DeviceError(format!("invalid program: {detail} of its arena")));
                }
                (arena.address() + offset, true)
            }
        };
        Ok(Located { address, dtype: spec.dtype, numel: spec.shape.numel(), writable })
    }

    fn prepare(&self, program: &Program) -> Result<Prepared, DeviceError> {
        let arena = Aligned::zeroed(program.arena_bytes)?;
        let buffer = |id: &glorot_graph::program::BufferId| {
            let missing = || DeviceError(format!("invalid program: buffer {} does not exist", id.0));
            program.buffers.get(id.index()).ok_or_else(missing)
        };
        let inputs: Vec<Held> =
            program.inputs.iter().map(|id| Held::new(&buffer(id)?.spec)).collect::<Result<_, _>>()?;
        let mut constants = Vec::new();
        let mut located = Vec::with_capacity(program.buffers.len());
        for buffer in &program.buffers {
            located.push(self.locate(buffer, &arena, &inputs, &mut constants)?);
        }
        let outputs = program.outputs.iter().map(|id| {
            let spec = buffer(id)?.spec.clone();
            Ok(Output { spec, address: located[id.index()].address })
        });
        let outputs = outputs.collect::<Result<_, DeviceError>>()?;
        let buffers = Buffers(located);
        let launch = |kernel| Launch::new(&buffers, kernel, self.kernels, self.pool.threads());
        let launches = program.kernels.iter().map(launch).collect::<Result<_, _>>()?;
        Ok(Prepared { launches, runs: 0, inputs, outputs, _arena: arena, _constants: constants })
    }
}

fn known(programs: &mut [Prepared], program: ProgramId) -> Result<&mut Prepared, DeviceError> {
    let missing = || DeviceError(format!("program {} does not exist", program.0));
    programs.get_mut(program.0).ok_or_else(missing)
}

fn held_input(programs: &mut [Prepared], program: ProgramId, input: usize) -> Result<&mut Held, DeviceError> {
    let inputs = &mut known(programs, program)?.inputs;
    let count = inputs.len();
    inputs.get_mut(input).ok_or_else(|| DeviceError(format!("input {input} does not exist: the program has {count}")))
}

impl Session for CpuSession {
    fn add_program(&mut self, program: &Program) -> Result<ProgramId, DeviceError> {
        let prepared = self.prepare(program)?;
        let needed = prepared.launches.iter().map(|launch| launch.scratch_bytes).max().unwrap_or(0);
        if self.scratch.first().is_none_or(|memory| memory.len() < needed) {
            let threads = self.pool.threads();
            self.scratch = (0..threads).map(|_| Aligned::zeroed(needed)).collect::<Result<_, _>>()?;
        }
        self.programs.push(prepared);
        Ok(ProgramId(self.programs.len() - 1))
    }

    fn add_state(&mut self, spec: &TensorSpec) -> Result<StateId, DeviceError> {
        self.states.push(Held::new(spec)?);
        Ok(StateId(self.states.len() as u32 - 1))
    }

    fn write_state(&mut self, state: StateId, value: &Tensor) -> Result<(), DeviceError> {
        self.state(state)?.write(&format!("state {}", state.0), value)
    }

    fn read_state(&mut self, state: StateId) -> Result<Tensor, DeviceError> {
        let held = self.state(state)?;
        let len = byte_len(&held.spec)?;
        to_tensor(&held.spec, &held.memory.bytes()[..len])
    }

    fn add_dataset(&mut self, data: &Tensor) -> Result<DatasetId, DeviceError> {
        if data.shape().rank() == 0 {
            return Err(DeviceError("a data set needs at least one axis, received a scalar".into()));
        }
        self.datasets.push(Some(data.clone()));
        Ok(DatasetId(self.datasets.len() - 1))
    }

    fn remove_dataset(&mut self, dataset: DatasetId) {
        if let Some(slot) = self.datasets.get_mut(dataset.0) {
            *slot = None;
        }
    }

    fn write_input(&mut self, program: ProgramId, input: usize, value: &Tensor) -> Result<(), DeviceError> {
        held_input(&mut self.programs, program, input)?.write(&format!("input {input}"), value)
    }

    fn gather_input(
        &mut self,
        program: ProgramId,
        input: usize,
        dataset: DatasetId,
        rows: &[u32],
    ) -> Result<(), DeviceError> {
        let missing = || DeviceError(format!("data set {} does not exist", dataset.0));
        let data = self.datasets.get(dataset.0).and_then(Option::as_ref).ok_or_else(missing)?;
        let held = held_input(&mut self.programs, program, input)?;
        let (row_shape, spec) = (&data.shape()[1..], &held.spec);
        let fits =
            spec.dtype == data.dtype() && spec.shape.first() == Some(&rows.len()) && spec.shape[1..] == *row_shape;
        if !fits {
            let expected = describe(spec.dtype, &spec.shape);
            let received = describe(data.dtype(), &data.shape()[1..].into());
            let detail = format!("expected {expected}, received {} rows of {received}", rows.len());
            return Err(DeviceError(format!("input {input}: {detail}")));
        }
        let count = data.shape()[0];
        if let Some(row) = rows.iter().find(|&&row| row as usize >= count) {
            return Err(DeviceError(format!("input {input}: row {row} of a data set of {count} rows")));
        }
        let row_bytes = row_shape.iter().product::<usize>() * spec.dtype.size();
        let (from, to) = (data.bytes(), held.memory.address());
        let copy = |i: usize| {
            let start = rows[i] as usize * row_bytes;
            let row = &from[start..start + row_bytes];
            // SAFETY: the input holds `rows.len()` rows of `row_bytes`; each call writes its own.
            unsafe { row.as_ptr().copy_to_nonoverlapping((to as *mut u8).add(i * row_bytes), row_bytes) };
        };
        if rows.len() * row_bytes < PARALLEL_GATHER_BYTES {
            (0..rows.len()).for_each(copy);
        } else if !self.pool.run(rows.len(), &|i, _| copy(i)) {
            return Err(DeviceError("internal error: a thread failed while it gathered rows".into()));
        }
        Ok(())
    }

    fn run(&mut self, program: ProgramId) -> Result<(), DeviceError> {
        let prepared = known(&mut self.programs, program)?;
        let phase = Phase::of_run(prepared.runs);
        prepared.runs += 1;
        for Launch { work, tasks, sharing, .. } in &mut prepared.launches {
            let task = |task: usize, thread: usize| {
                // SAFETY: the session holds all memory of the program; each thread has its own scratch memory, as
                // large as any launch needs; tasks are handed out once.
                unsafe { work.run(self.kernels, task, self.scratch[thread].pointer()) }
            };
            let completed = sharing.run(phase, |shared| {
                if shared {
                    return self.pool.run(*tasks, &task);
                }
                (0..*tasks).for_each(|i| task(i, 0));
                true
            });
            if !completed {
                return Err(DeviceError("internal error: a thread failed in a kernel".into()));
            }
            // SAFETY: as above, and all tasks have ended.
            unsafe { work.finish() };
        }
        Ok(())
    }

    fn read_output(&mut self, program: ProgramId, output: usize) -> Result<Tensor, DeviceError> {
        let (spec, bytes) = self.output(program, output)?;
        to_tensor(spec, bytes)
    }

    fn append_output(&mut self, program: ProgramId, output: usize, values: &mut Vec<f32>) -> Result<(), DeviceError> {
        let (spec, bytes) = self.output(program, output)?;
        if spec.dtype != DType::F32 {
            return Err(DeviceError(format!("output {output}: expected float32, received {}", spec.dtype)));
        }
        values.extend(bytes.chunks_exact(4).map(|word| f32::from_ne_bytes([word[0], word[1], word[2], word[3]])));
        Ok(())
    }
}
