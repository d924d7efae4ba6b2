use std::sync::Arc;

use glorot_graph::device::{DatasetId, DeviceError, ProgramId, Rows, Session};
use glorot_graph::program::Program;
use glorot_graph::{StateId, TensorSpec};
use glorot_tensor::{DType, Tensor, TensorError};

use crate::held::{Held, byte_len, describe};
use crate::input::Input;
use crate::kernels::Kernels;
use crate::memory::Aligned;
use crate::pool::Pool;
use crate::prepared::{Output, Prepared};
use crate::profile::Profile;

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

/// The states and programs of one model; see [`Session`].
#[derive(Debug)]
pub(crate) struct CpuSession {
    pool: Arc<Pool>,
    kernels: &'static Kernels,
    profile: Option<Arc<Profile>>,
    states: Vec<Held>,
    programs: Vec<Prepared>,
    datasets: Vec<Option<Arc<Tensor>>>,
    /// Scratch memory of each thread, as much as any launch needs.
    scratch: Vec<Aligned>,
    /// Row numbers of the steps that run next.
    rows: Vec<u32>,
}

impl CpuSession {
    pub(crate) fn new(pool: Arc<Pool>, kernels: &'static Kernels, profile: Option<Arc<Profile>>) -> CpuSession {
        CpuSession {
            pool,
            kernels,
            profile,
            states: Vec::new(),
            programs: Vec::new(),
            datasets: Vec::new(),
            scratch: Vec::new(),
            rows: Vec::new(),
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
}

fn known(programs: &mut [Prepared], program: ProgramId) -> Result<&mut Prepared, DeviceError> {
    let missing = || DeviceError(format!("program {} does not exist", program.0));
    programs.get_mut(program.0).ok_or_else(missing)
}

fn known_input(programs: &mut [Prepared], program: ProgramId, input: usize) -> Result<&mut Input, DeviceError> {
    let inputs = &mut known(programs, program)?.inputs;
    let count = inputs.len();
    inputs.get_mut(input).ok_or_else(|| DeviceError(format!("input {input} does not exist: the program has {count}")))
}

impl Session for CpuSession {
    fn add_program(&mut self, program: &Program) -> Result<ProgramId, DeviceError> {
        let prepared =
            Prepared::new(program, &self.states, self.kernels, self.pool.threads(), self.profile.as_deref())?;
        let needed = prepared.scratch_bytes();
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
        let held = self.state(state)?;
        held.check(&format!("state {}", state.0), value)?;
        held.write(value);
        Ok(())
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
        self.datasets.push(Some(Arc::new(data.clone())));
        Ok(DatasetId(self.datasets.len() - 1))
    }

    fn remove_dataset(&mut self, dataset: DatasetId) {
        if let Some(slot) = self.datasets.get_mut(dataset.0) {
            *slot = None;
        }
    }

    fn write_input(&mut self, program: ProgramId, input: usize, value: &Tensor) -> Result<(), DeviceError> {
        known_input(&mut self.programs, program, input)?.write(&format!("input {input}"), value, self.kernels)
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
        let input_of = known_input(&mut self.programs, program, input)?;
        let (row_shape, spec) = (&data.shape()[1..], &input_of.held.spec);
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
        input_of.gather(data.clone(), rows);
        Ok(())
    }

    fn run(&mut self, program: ProgramId) -> Result<(), DeviceError> {
        let (pool, kernels, scratch) = (&self.pool, self.kernels, &self.scratch);
        let prepared = known(&mut self.programs, program)?;
        // SAFETY: the session holds all memory of the program, and each thread has its own scratch memory, as large as
        // any launch needs.
        let completed = unsafe { prepared.run(pool, kernels, scratch) };
        if completed { Ok(()) } else { Err(DeviceError("internal error: a thread failed in a kernel".into())) }
    }

    fn run_steps(
        &mut self,
        program: ProgramId,
        feeds: &[(usize, DatasetId)],
        rows: Rows<'_>,
        steps: usize,
    ) -> Result<(), DeviceError> {
        let mut list = std::mem::take(&mut self.rows);
        let batch = rows.len() / steps.max(1);
        if batch * steps != rows.len() {
            self.rows = list;
            return Err(DeviceError(format!("{} rows for {steps} steps of as many each", rows.len())));
        }
        let result = (0..steps).try_for_each(|step| {
            let rows = rows.part(step * batch, batch).list(&mut list);
            feeds.iter().try_for_each(|&(input, dataset)| self.gather_input(program, input, dataset, rows))?;
            self.run(program)
        });
        self.rows = list;
        result
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
