//! The plain meaning of kernels, in f64 and one element at a time.

use glorot_graph::program::*;
use glorot_graph::{BinaryOp, CompareOp, RandomKind, ReduceKind, UnaryOp};
use glorot_tensor::random::{philox4x32, to_normal, to_unit};
use glorot_tensor::{DType, Shape};

use super::Memory;

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

/// An element of a product.
fn sum(kernel: &MatMulKernel, [batch, row, column]: [usize; 3], memory: &Memory) -> f64 {
    let product = |p| {
        let (a, b) = (element(&kernel.a, batch, row, p), element(&kernel.b, batch, p, column));
        memory[kernel.a.buffer.index()][a] * memory[kernel.b.buffer.index()][b]
    };
    (0..kernel.k).map(product).sum()
}

/// Where an element of a matrix operand lies.
fn element(view: &MatrixView, batch: usize, row: usize, column: usize) -> usize {
    let along = |loops: &[Loop], mut index: usize| {
        let mut place = 0;
        for turn in loops.iter().rev() {
            place += index % turn.length * turn.stride;
            index /= turn.length;
        }
        place
    };
    view.offset
        + batch * view.batch
        + match &view.loops {
            Some(loops) => along(&loops.rows, row) + along(&loops.columns, column),
            None => row * view.rows + column * view.columns,
        }
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
        Kernel::MatMul(kernel) => {
            map(&kernel.epilogue, memory, |point, memory| sum(kernel, [point[0], point[1], point[2]], memory))
        }
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
        Kernel::FoldWindows(kernel) => {
            if let Some(product) = &kernel.product {
                let numel = product.m * product.n;
                let windows = (0..numel).map(|i| sum(product, [0, i / product.n, i % product.n], memory)).collect();
                memory[kernel.source.index()] = windows;
            }
            fold_windows(kernel, memory);
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

fn fold_windows(kernel: &FoldWindowsKernel, memory: &mut Memory) {
    let outer_inner =
        |dims: Vec<usize>| -> Vec<usize> { std::iter::once(kernel.outer).chain(dims).chain([kernel.inner]).collect() };
    let axes = &kernel.axes;
    let sizes = axes.iter().map(|axis| axis.positions).chain(axes.iter().map(|axis| axis.size)).collect();
    let strides = Shape::from(outer_inner(axes.iter().map(|axis| axis.length).collect())).strides();
    let mut out = vec![0.0; memory[kernel.output.index()].len()];
    for (i, point) in points(&outer_inner(sizes)).enumerate() {
        let n = axes.len();
        let mut to = point[0] * strides[0] + point[2 * n + 1];
        for (a, axis) in axes.iter().enumerate() {
            to += (point[1 + a] * axis.stride + point[1 + n + a] * axis.dilation) * strides[1 + a];
        }
        out[to] += memory[kernel.source.index()][i];
    }
    memory[kernel.output.index()] = out;
}
