//! The plain meaning of a program, in f64 and one element at a time, and programs to compare it with.

// Each test uses a part of it.
#![allow(dead_code)]

use glorot_graph::device::{Device, Session};
use glorot_graph::program::*;
use glorot_graph::{BinaryOp, CompareOp, RandomKind, ReduceKind, StateId, TensorSpec, UnaryOp};
use glorot_tensor::random::{Stream, philox4x32, to_normal, to_unit};
use glorot_tensor::{DType, Shape, Tensor};

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

    pub fn try_run(&self, device: &dyn Device) -> Result<Vec<Tensor>, glorot_graph::device::DeviceError> {
        let states = self.states();
        let specs: Vec<TensorSpec> = states.iter().map(|(spec, _)| spec.clone()).collect();
        let mut session: Box<dyn Session> = device.session(&specs)?;
        for (number, (_, buffer)) in states.iter().enumerate() {
            session.write_state(StateId(number as u32), &self.tensor(*buffer))?;
        }
        let program = session.add_program(&self.build())?;
        for (number, id) in self.program.inputs.iter().enumerate() {
            session.write_input(program, number, &self.tensor(id.index()))?;
        }
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

fn points(domain: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    let strides = Shape::from(domain).strides();
    (0..domain.iter().product()).map(move |i| domain.iter().zip(&strides).map(|(d, s)| i / s % d).collect())
}

fn at(view: &View, point: &[usize]) -> usize {
    view.offset + view.strides.iter().zip(point).map(|(s, i)| s * i).sum::<usize>()
}

/// The values of a body at a point.
fn evaluate(body: &Body, point: &[usize], memory: &Memory, accumulator: f64) -> Vec<f64> {
    let mut v: Vec<f64> = Vec::new();
    for (i, instr) in body.instrs.iter().enumerate() {
        let value = match instr {
            Instr::Load { buffer, view } => memory[buffer.index()][at(view, point)],
            Instr::Fill { value, dtype } if *dtype == DType::F32 => f64::from(*value as f32),
            Instr::Fill { value, .. } => *value,
            Instr::Iota { axis, start, .. } => (point[*axis] + start) as f64,
            Instr::Random { kind, stream, state, element } => {
                random(*kind, *stream, &memory[state.index()], at(element, point))
            }
            Instr::Accumulator => accumulator,
            Instr::Unary(op, a) => unary(*op, v[*a as usize]),
            Instr::Binary(op, a, b) => binary(*op, v[*a as usize], v[*b as usize], body.dtypes[i]),
            Instr::Compare(op, a, b) => f64::from(compare(*op, v[*a as usize], v[*b as usize])),
            Instr::Select { condition, on_true, on_false } => {
                if v[*condition as usize] != 0.0 {
                    v[*on_true as usize]
                } else {
                    v[*on_false as usize]
                }
            }
            Instr::Cast { value, to } => cast(v[*value as usize], *to),
        };
        v.push(value);
    }
    v
}

fn random(kind: RandomKind, stream: u32, state: &[f64], element: usize) -> f64 {
    let word = |i: usize| state[i] as i32 as u32;
    let block = |n: usize| philox4x32([word(0), word(1)], [n as u32, stream, word(2), word(3)]);
    match kind {
        RandomKind::Uniform => f64::from(to_unit(block(element / 4)[element % 4])),
        RandomKind::Normal => {
            let words = block(element / 2);
            let (cosine, sine) = to_normal(words[0], words[1]);
            f64::from(if element.is_multiple_of(2) { cosine } else { sine })
        }
    }
}

pub fn unary(op: UnaryOp, x: f64) -> f64 {
    match op {
        UnaryOp::Neg => -x,
        UnaryOp::Abs => x.abs(),
        UnaryOp::Sign => {
            if x > 0.0 {
                1.0
            } else if x < 0.0 {
                -1.0
            } else {
                x
            }
        }
        UnaryOp::Exp => x.exp(),
        UnaryOp::Expm1 => x.exp_m1(),
        UnaryOp::Log => x.ln(),
        UnaryOp::Log1p => x.ln_1p(),
        UnaryOp::Sqrt => x.sqrt(),
        UnaryOp::Rsqrt => 1.0 / x.sqrt(),
        UnaryOp::Reciprocal => 1.0 / x,
        UnaryOp::Square => x * x,
        UnaryOp::Sin => x.sin(),
        UnaryOp::Cos => x.cos(),
        UnaryOp::Tanh => x.tanh(),
        UnaryOp::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        UnaryOp::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        UnaryOp::Relu => {
            if x <= 0.0 {
                0.0
            } else {
                x
            }
        }
        UnaryOp::Elu { alpha } => {
            if x > 0.0 {
                x
            } else {
                alpha.get() * x.exp_m1()
            }
        }
        UnaryOp::Erf => {
            let (mut term, mut sum, mut odd) = (x, x, 1.0);
            while term.abs() > 1e-17 * f64::abs(sum) && x.abs() < 6.0 {
                odd += 2.0;
                term *= 2.0 * x * x / odd;
                sum += term;
            }
            if x.abs() < 6.0 { std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum } else { x.signum() }
        }
        UnaryOp::Floor => x.floor(),
        UnaryOp::Ceil => x.ceil(),
        UnaryOp::Round => x.round_ties_even(),
        UnaryOp::IsFinite => f64::from(x.is_finite()),
        UnaryOp::Not => 1.0 - x,
    }
}

pub fn binary(op: BinaryOp, a: f64, b: f64, dtype: DType) -> f64 {
    let wrap = |x: f64| if dtype == DType::I32 { f64::from(x as i64 as i32) } else { x };
    match op {
        BinaryOp::Add => wrap(a + b),
        BinaryOp::Sub => wrap(a - b),
        BinaryOp::Mul if dtype == DType::I32 => f64::from((a as i32).wrapping_mul(b as i32)),
        BinaryOp::Mul => a * b,
        BinaryOp::Div | BinaryOp::Mod if dtype == DType::I32 && b == 0.0 => 0.0,
        BinaryOp::Div if dtype == DType::I32 => wrap((a / b).trunc()),
        BinaryOp::Div => a / b,
        BinaryOp::Max | BinaryOp::Min if a.is_nan() || b.is_nan() => f64::NAN,
        BinaryOp::Max => a.max(b),
        BinaryOp::Min => a.min(b),
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Mod => {
            let r = a % b;
            if r != 0.0 && (r < 0.0) != (b < 0.0) { r + b } else { r }
        }
        BinaryOp::And => f64::from(a != 0.0 && b != 0.0),
        BinaryOp::Or => f64::from(a != 0.0 || b != 0.0),
    }
}

pub fn compare(op: CompareOp, a: f64, b: f64) -> bool {
    match op {
        CompareOp::Eq => a == b,
        CompareOp::Ne => a != b,
        CompareOp::Lt => a < b,
        CompareOp::Le => a <= b,
        CompareOp::Gt => a > b,
        CompareOp::Ge => a >= b,
    }
}

fn cast(x: f64, to: DType) -> f64 {
    match to {
        DType::F32 => f64::from(x as f32),
        DType::I32 => f64::from(x as i32),
        DType::U8 => f64::from(x as u8),
        DType::Bool => f64::from(x != 0.0),
    }
}

fn map(kernel: &MapKernel, memory: &mut Memory, accumulator: impl Fn(&[usize], &Memory) -> f64) {
    let mut writes = Vec::new();
    for point in points(&kernel.domain) {
        let values = evaluate(&kernel.body, &point, memory, accumulator(&point, memory));
        for store in &kernel.stores {
            writes.push((store.buffer.index(), at(&store.view, &point), values[store.value as usize]));
        }
    }
    writes.into_iter().for_each(|(buffer, index, value)| memory[buffer][index] = value);
}

/// Runs one kernel.
pub fn interpret(kernel: &Kernel, buffers: &[Buffer], memory: &mut Memory) {
    match kernel {
        Kernel::Map(kernel) => map(kernel, memory, |_, _| f64::NAN),
        Kernel::MatMul(kernel) => map(&kernel.epilogue, memory, |point, memory| {
            let (batch, row, column) = (point[0], point[1], point[2]);
            (0..kernel.k)
                .map(|p| {
                    let a = kernel.a.offset + batch * kernel.a.batch + row * kernel.a.rows + p * kernel.a.columns;
                    let b = kernel.b.offset + batch * kernel.b.batch + p * kernel.b.rows + column * kernel.b.columns;
                    memory[kernel.a.buffer.index()][a] * memory[kernel.b.buffer.index()][b]
                })
                .sum()
        }),
        Kernel::Reduce(kernel) => reduce(kernel, memory),
        Kernel::Gather(kernel) => {
            let float = buffers[kernel.table.index()].spec.dtype == DType::F32;
            for row in 0..kernel.rows {
                let index = memory[kernel.indices.index()][row];
                for column in 0..kernel.row_len {
                    let value = if index >= 0.0 && index < kernel.table_rows as f64 {
                        memory[kernel.table.index()][index as usize * kernel.row_len + column]
                    } else if float {
                        f64::NAN
                    } else {
                        0.0
                    };
                    memory[kernel.output.index()][row * kernel.row_len + column] = value;
                }
            }
        }
        Kernel::ScatterAdd(kernel) => {
            memory[kernel.output.index()].fill(0.0);
            for row in 0..kernel.rows {
                let index = memory[kernel.indices.index()][row];
                if index >= 0.0 && index < kernel.table_rows as f64 {
                    for column in 0..kernel.row_len {
                        let value = memory[kernel.source.index()][row * kernel.row_len + column];
                        memory[kernel.output.index()][index as usize * kernel.row_len + column] += value;
                    }
                }
            }
        }
    }
}

fn reduce(kernel: &ReduceKernel, memory: &mut Memory) {
    let kept: Vec<usize> = (0..kernel.domain.rank()).filter(|axis| !kernel.axes.contains(axis)).collect();
    let shape: Shape = kept.iter().map(|&axis| kernel.domain[axis]).collect();
    let strides = shape.strides();
    for reduction in &kernel.reductions {
        let int = kernel.body.dtypes[reduction.value as usize] == DType::I32;
        let start = match reduction.kind {
            Reducer::Fold(ReduceKind::Sum) => 0.0,
            Reducer::Fold(ReduceKind::Prod) => 1.0,
            Reducer::Fold(ReduceKind::Max) if int => f64::from(i32::MIN),
            Reducer::Fold(ReduceKind::Min) if int => f64::from(i32::MAX),
            Reducer::Fold(ReduceKind::Max) => f64::NEG_INFINITY,
            Reducer::Fold(ReduceKind::Min) => f64::INFINITY,
            Reducer::ArgMax => 0.0,
        };
        let mut out = vec![start; shape.numel()];
        let mut best: Vec<Option<f64>> = vec![None; shape.numel()];
        for point in points(&kernel.domain) {
            let value = evaluate(&kernel.body, &point, memory, f64::NAN)[reduction.value as usize];
            let i: usize = kept.iter().zip(&strides).map(|(&axis, s)| point[axis] * s).sum();
            match reduction.kind {
                Reducer::Fold(ReduceKind::Sum) => out[i] = binary(BinaryOp::Add, out[i], value, DType::F32),
                Reducer::Fold(ReduceKind::Prod) => out[i] *= value,
                Reducer::Fold(ReduceKind::Max) => out[i] = binary(BinaryOp::Max, out[i], value, DType::F32),
                Reducer::Fold(ReduceKind::Min) => out[i] = binary(BinaryOp::Min, out[i], value, DType::F32),
                Reducer::ArgMax => {
                    let larger = best[i].is_none_or(|b| value > b || (value.is_nan() && !b.is_nan()));
                    if larger {
                        best[i] = Some(value);
                        out[i] = point[kernel.axes[0]] as f64;
                    }
                }
            }
        }
        memory[reduction.output.index()] = out;
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

/// A random body over a domain whose loads come from inputs made for it. Returns the values to choose results from.
pub fn random_body(builder: &mut Builder, dice: &mut Dice, domain: &[usize], steps: usize) -> BodyBuilder {
    let mut body = BodyBuilder::default();
    let loads = 1 + dice.below(3);
    for _ in 0..loads {
        let dtype = dice.pick(&[DType::F32, DType::F32, DType::F32, DType::I32, DType::U8, DType::Bool]);
        let (view, numel) = random_view(dice, domain);
        let values = dice.values(numel, dtype);
        let buffer = builder.input([numel], dtype, values);
        body.load(buffer, view, dtype);
    }
    for _ in 0..steps {
        step(&mut body, dice, domain);
    }
    body
}

/// A view of a random buffer: some axes broadcast, any order of the others, gaps, an offset. And its buffer's length.
fn random_view(dice: &mut Dice, domain: &[usize]) -> (View, usize) {
    let mut axes: Vec<usize> = (0..domain.len()).collect();
    if dice.below(3) == 0 {
        for i in (1..axes.len()).rev() {
            axes.swap(i, dice.below(i + 1));
        }
    }
    let (mut strides, mut reach) = (vec![0; domain.len()], 1);
    for &axis in axes.iter().rev() {
        if dice.below(4) == 0 {
            continue;
        }
        strides[axis] = reach + if dice.below(5) == 0 { dice.below(3) } else { 0 };
        reach = strides[axis] * domain[axis].max(1);
    }
    let offset = if dice.below(3) == 0 { dice.below(5) } else { 0 };
    let last: usize = domain.iter().zip(&strides).map(|(d, s)| s * d.saturating_sub(1)).sum();
    (View { offset, strides }, offset + last + 1 + dice.below(3))
}

fn step(body: &mut BodyBuilder, dice: &mut Dice, domain: &[usize]) {
    let count = body.0.instrs.len();
    let of = |body: &BodyBuilder, dtype: DType| -> Vec<u32> {
        (0..count as u32).filter(|&i| body.0.dtypes[i as usize] == dtype).collect()
    };
    let (floats, ints, bools) = (of(body, DType::F32), of(body, DType::I32), of(body, DType::Bool));
    // Conversions and comparisons jump, so they take only numbers that both sides have exactly.
    let exact: Vec<u32> = (0..count as u32)
        .filter(|&i| {
            let leaf =
                matches!(body.0.instrs[i as usize], Instr::Load { .. } | Instr::Fill { .. } | Instr::Iota { .. });
            leaf || body.0.dtypes[i as usize] != DType::F32
        })
        .collect();
    match dice.below(12) {
        0 => {
            let value = dice.values(1, DType::F32)[0];
            body.fill(value);
        }
        1 if !domain.is_empty() => {
            let dtype = dice.pick(&[DType::F32, DType::I32]);
            body.push(Instr::Iota { axis: dice.below(domain.len()), start: dice.below(4), dtype }, dtype);
        }
        2 => {
            let value = dice.pick(&exact);
            let to = dice.pick(&[DType::F32, DType::I32, DType::U8, DType::Bool]);
            body.push(Instr::Cast { value, to }, to);
        }
        3 => {
            let a = dice.pick(&exact);
            let same: Vec<u32> =
                exact.iter().copied().filter(|&b| body.0.dtypes[b as usize] == body.0.dtypes[a as usize]).collect();
            let op =
                dice.pick(&[CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge]);
            body.push(Instr::Compare(op, a, dice.pick(&same)), DType::Bool);
        }
        4 if !bools.is_empty() => {
            let a = dice.below(count) as u32;
            let dtype = body.0.dtypes[a as usize];
            let on_false = dice.pick(&of(body, dtype));
            body.push(Instr::Select { condition: dice.pick(&bools), on_true: a, on_false }, dtype);
        }
        5 if !ints.is_empty() => {
            let op =
                dice.pick(&[BinaryOp::Add, BinaryOp::Sub, BinaryOp::Div, BinaryOp::Mod, BinaryOp::Max, BinaryOp::Min]);
            body.binary(op, dice.pick(&ints), dice.pick(&ints));
        }
        6 if !bools.is_empty() => {
            match dice.below(3) {
                0 => body.unary(UnaryOp::Not, dice.pick(&bools)),
                1 => body.binary(BinaryOp::And, dice.pick(&bools), dice.pick(&bools)),
                _ => body.binary(BinaryOp::Or, dice.pick(&bools), dice.pick(&bools)),
            };
        }
        7 if !floats.is_empty() => {
            // Bounded functions, so that values stay comparable.
            let elu = UnaryOp::Elu { alpha: glorot_graph::Real::new(0.75) };
            let op = dice.pick(&[
                UnaryOp::Tanh,
                UnaryOp::Sigmoid,
                UnaryOp::Neg,
                UnaryOp::Abs,
                UnaryOp::Relu,
                UnaryOp::Sin,
                elu,
            ]);
            body.unary(op, dice.pick(&floats));
        }
        _ if !floats.is_empty() => {
            let op = dice.pick(&[BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul, BinaryOp::Max, BinaryOp::Min]);
            body.binary(op, dice.pick(&floats), dice.pick(&floats));
        }
        _ => {
            body.fill(0.5);
        }
    }
}
