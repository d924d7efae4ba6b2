//! Programs to build, run and compare with their plain meaning.

// Each test uses a part of it.
#![allow(dead_code)]

pub mod bodies;
pub mod meaning;
pub mod network;

use glorot_graph::device::{Device, DeviceError, ProgramId, Session};
use glorot_graph::program::*;
use glorot_graph::{BinaryOp, StateId, TensorSpec, UnaryOp};
use glorot_tensor::random::Stream;
use glorot_tensor::{DType, Shape, Tensor};

use meaning::interpret;

/// Elements of every buffer, as numbers.
pub type Memory = Vec<Vec<f64>>;

/// A program under construction.
#[derive(Default)]
pub struct Builder {
    pub program: Parts,
    pub values: Memory,
}

/// The parts of a program; `arena_bytes` grows with each buffer.
#[derive(Default)]
pub struct Parts {
    pub buffers: Vec<Buffer>,
    pub inputs: Vec<BufferId>,
    pub outputs: Vec<BufferId>,
    pub kernels: Vec<Kernel>,
    pub arena_bytes: usize,
}

impl Builder {
    fn push(&mut self, shape: Shape, dtype: DType, place: Place, values: Vec<f64>) -> BufferId {
        self.program.buffers.push(Buffer { spec: TensorSpec { shape, dtype }, place });
        self.values.push(values);
        BufferId(self.program.buffers.len() as u32 - 1)
    }

    /// An input with these values.
    pub fn input(&mut self, shape: impl Into<Shape>, dtype: DType, values: Vec<f64>) -> BufferId {
        let number = self.program.inputs.len() as u32;
        let id = self.push(shape.into(), dtype, Place::Input(number), values);
        self.program.inputs.push(id);
        id
    }

    /// A state with these values at the start. States are numbered in the order of these calls.
    pub fn state(&mut self, shape: impl Into<Shape>, dtype: DType, values: Vec<f64>) -> BufferId {
        let count = self.program.buffers.iter().filter(|b| matches!(b.place, Place::State(_))).count();
        self.push(shape.into(), dtype, Place::State(StateId(count as u32)), values)
    }

    /// An output in the arena.
    pub fn output(&mut self, shape: impl Into<Shape>, dtype: DType) -> BufferId {
        let id = self.scratch(shape, dtype);
        self.program.outputs.push(id);
        id
    }

    /// A buffer in the arena that is no output.
    pub fn scratch(&mut self, shape: impl Into<Shape>, dtype: DType) -> BufferId {
        let shape = shape.into();
        let (offset, numel) = (self.program.arena_bytes, shape.numel());
        self.program.arena_bytes += (numel * dtype.size()).next_multiple_of(64);
        self.push(shape, dtype, Place::Arena { offset }, vec![0.0; numel])
    }

    pub fn kernel(&mut self, kernel: Kernel) {
        self.program.kernels.push(kernel);
    }

    pub fn build(&self) -> Program {
        let p = &self.program;
        Program {
            buffers: p.buffers.clone(),
            inputs: p.inputs.clone(),
            outputs: p.outputs.clone(),
            kernels: p.kernels.clone(),
            arena_bytes: p.arena_bytes,
        }
    }

    /// The states' specs, in order.
    pub fn states(&self) -> Vec<(TensorSpec, usize)> {
        let buffers = self.program.buffers.iter().enumerate();
        let states = buffers.filter(|(_, buffer)| matches!(buffer.place, Place::State(_)));
        states.map(|(i, buffer)| (buffer.spec.clone(), i)).collect()
    }

    fn tensor(&self, i: usize) -> Tensor {
        let spec = &self.program.buffers[i].spec;
        Tensor::from_f64(spec.shape.clone(), spec.dtype, &self.values[i]).unwrap()
    }

    /// Runs the program on a device; the outputs, then the states.
    pub fn run(&self, device: &dyn Device) -> Vec<Tensor> {
        self.try_run(device).unwrap()
    }

    pub fn try_run(&self, device: &dyn Device) -> Result<Vec<Tensor>, DeviceError> {
        let states = self.states();
        let specs: Vec<TensorSpec> = states.iter().map(|(spec, _)| spec.clone()).collect();
        let mut session: Box<dyn Session> = device.session(&specs)?;
        let program = session.add_program(&self.build())?;
        self.write(&mut *session, program)?;
        session.run(program)?;
        let mut results = Vec::new();
        for output in 0..self.program.outputs.len() {
            results.push(session.read_output(program, output)?);
        }
        for state in 0..states.len() {
            results.push(session.read_state(StateId(state as u32))?);
        }
        Ok(results)
    }

    /// Writes the states and inputs.
    pub fn write(&self, session: &mut dyn Session, program: ProgramId) -> Result<(), DeviceError> {
        for (number, (_, buffer)) in self.states().iter().enumerate() {
            session.write_state(StateId(number as u32), &self.tensor(*buffer))?;
        }
        for (number, id) in self.program.inputs.iter().enumerate() {
            session.write_input(program, number, &self.tensor(id.index()))?;
        }
        Ok(())
    }

    /// What the outputs, then the states, must be.
    pub fn expected(&self) -> Vec<Vec<f64>> {
        let mut memory = self.values.clone();
        for (buffer, values) in self.program.buffers.iter().zip(&mut memory) {
            if buffer.spec.dtype == DType::F32 {
                values.iter_mut().for_each(|v| *v = f64::from(*v as f32));
            }
        }
        for kernel in &self.program.kernels {
            interpret(kernel, &self.program.buffers, &mut memory);
        }
        let states = self.states();
        self.program
            .outputs
            .iter()
            .map(|id| id.index())
            .chain(states.iter().map(|s| s.1))
            .map(|i| memory[i].clone())
            .collect()
    }

    /// Asserts that a device computes what the program means. `scale`: tolerance relative to 1 + |value|.
    pub fn check(&self, device: &dyn Device, tolerance: f64) {
        for (i, (got, want)) in self.run(device).iter().zip(self.expected()).enumerate() {
            for (j, (g, w)) in got.to_f64().iter().zip(&want).enumerate() {
                let w32 = f64::from(*w as f32);
                let same =
                    g == w || *g == w32 || (g.is_nan() && w.is_nan()) || (g - w).abs() <= tolerance * (1.0 + w.abs());
                assert!(same, "result {i}, element {j}: {g}, expected {w}\n{:#?}", self.program.kernels);
            }
        }
    }
}

/// Random numbers for tests.
pub struct Dice(Stream);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(Stream::new(seed, 0))
    }
    pub fn below(&mut self, n: usize) -> usize {
        self.0.below(n as u32) as usize
    }
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
    /// Values of a dtype, of moderate size.
    pub fn values(&mut self, count: usize, dtype: DType) -> Vec<f64> {
        (0..count)
            .map(|_| match dtype {
                DType::F32 => f64::from((self.0.next_f64() * 4.0 - 2.0) as f32),
                DType::I32 => self.below(21) as f64 - 10.0,
                DType::U8 => self.below(256) as f64,
                DType::Bool => self.below(2) as f64,
            })
            .collect()
    }
}

/// Row-major view of a whole domain.
pub fn dense(domain: &[usize]) -> View {
    View { offset: 0, strides: Shape::from(domain).strides() }
}

/// A body under construction.
#[derive(Default)]
pub struct BodyBuilder(pub Body);

impl BodyBuilder {
    pub fn push(&mut self, instr: Instr, dtype: DType) -> u32 {
        self.0.instrs.push(instr);
        self.0.dtypes.push(dtype);
        self.0.instrs.len() as u32 - 1
    }
    pub fn load(&mut self, buffer: BufferId, view: View, dtype: DType) -> u32 {
        self.push(Instr::Load { buffer, view }, dtype)
    }
    pub fn fill(&mut self, value: f64) -> u32 {
        self.push(Instr::Fill { value, dtype: DType::F32 }, DType::F32)
    }
    pub fn unary(&mut self, op: UnaryOp, a: u32) -> u32 {
        self.push(Instr::Unary(op, a), if op == UnaryOp::IsFinite { DType::Bool } else { self.0.dtypes[a as usize] })
    }
    pub fn binary(&mut self, op: BinaryOp, a: u32, b: u32) -> u32 {
        self.push(Instr::Binary(op, a, b), self.0.dtypes[a as usize])
    }
}
