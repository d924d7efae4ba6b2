//! Random programs of many kernels each, and those of special values.

mod by_rows;
mod convolutions;

use glorot_graph::program::*;
use glorot_graph::{BinaryOp, CompareOp, RandomKind, Real, UnaryOp};
use glorot_tensor::DType;

use crate::common::bodies::{KINDS, random_body, random_reductions};
use crate::common::{BodyBuilder, Builder, Dice, dense};

pub use by_rows::chain;
#[allow(unused_imports, reason = "not every test has a use for them")]
pub use convolutions::{CONVOLUTIONS, Convolution};

/// A domain of one of several forms.
fn domain(dice: &mut Dice) -> Vec<usize> {
    match dice.below(6) {
        0 => (0..dice.below(5)).map(|_| 1 + dice.below(6)).collect(),
        1 => (0..2 + dice.below(2)).map(|_| dice.below(40)).collect(),
        2 => vec![1 + dice.below(3), 1 + dice.below(1500)],
        3 => vec![1 + dice.below(1500), 1 + dice.below(3)],
        4 => vec![1 + dice.below(60), 90 + dice.below(210)],
        // Large and even: four points a thread.
        _ => vec![100 + dice.below(60), 4 * (80 + dice.below(30))],
    }
}

/// A random map, some of whose values are stored densely, perhaps transposed.
fn map(builder: &mut Builder, dice: &mut Dice) {
    let domain = domain(dice);
    let steps = 1 + dice.below(12);
    let body = random_body(builder, dice, &domain, steps);
    let count = body.0.instrs.len();
    let mut stores = Vec::new();
    for _ in 0..1 + dice.below(3) {
        let value = if dice.below(2) == 0 { count - 1 } else { dice.below(count) };
        let mut view = dense(&domain);
        if dice.below(4) == 0 {
            // Column-major.
            let mut reach = 1;
            for (stride, dim) in view.strides.iter_mut().zip(&domain) {
                *stride = reach;
                reach *= dim;
            }
        }
        let buffer = builder.output([domain.iter().product::<usize>()], body.0.dtypes[value]);
        stores.push(Store { value: value as u32, buffer, view });
    }
    builder.kernel(Kernel::Map(MapKernel { domain: domain.into(), body: body.0, stores }));
}

/// A random body, one or two of whose numbers are reduced along random axes.
fn reduce(builder: &mut Builder, dice: &mut Dice) {
    let mut domain = domain(dice);
    if domain.is_empty() {
        domain = vec![dice.below(4000)];
    }
    let steps = dice.below(6);
    let body = random_body(builder, dice, &domain, steps);
    let all = dice.below(4) == 0;
    random_reductions(builder, dice, &domain, body, all);
}

/// How the result of a product is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Epilogue {
    Plain,
    /// Bias along the columns.
    Bias,
    /// And ReLU.
    BiasRelu,
    /// ReLU alone.
    Relu,
    /// Bias along the columns, ELU, and the product itself as a second result.
    BiasElu,
    /// Column-major.
    Turned,
    /// Added to what the result holds.
    Accumulate,
    /// Truth values, which also depend on a vector along the rows.
    Bytes,
}

pub const EPILOGUES: [Epilogue; 8] = [
    Epilogue::Plain,
    Epilogue::Bias,
    Epilogue::BiasRelu,
    Epilogue::Relu,
    Epilogue::BiasElu,
    Epilogue::Turned,
    Epilogue::Accumulate,
    Epilogue::Bytes,
];

fn matrix(buffer: BufferId, rows: usize, columns: usize, turned: bool) -> MatrixView {
    let (row, column) = if turned { (1, rows) } else { (columns, 1) };
    MatrixView { buffer, offset: 0, batch: rows * columns, rows: row, columns: column, loops: None }
}

/// Adds a product.
pub fn product(builder: &mut Builder, dice: &mut Dice, shape: [usize; 4], turned: [bool; 2], epilogue: Epilogue) {
    let [batch, m, n, k] = shape;
    let values = dice.values(batch * m * k, DType::F32);
    let a = builder.input([batch, m, k], DType::F32, values);
    let values = dice.values(batch * k * n, DType::F32);
    let b = builder.input([batch, k, n], DType::F32, values);
    let domain = [batch, m, n];
    let mut body = BodyBuilder::default();
    let sum = body.push(Instr::Accumulator, DType::F32);
    let mut stores = Vec::new();
    let mut store = |builder: &mut Builder, value, view| {
        let buffer = builder.output(domain, DType::F32);
        stores.push(Store { value, buffer, view });
    };
    match epilogue {
        Epilogue::Plain => store(builder, sum, dense(&domain)),
        Epilogue::Relu => {
            let value = body.unary(UnaryOp::Relu, sum);
            store(builder, value, dense(&domain));
        }
        Epilogue::Bias | Epilogue::BiasRelu | Epilogue::BiasElu => {
            let values = dice.values(n, DType::F32);
            let bias = builder.input([n], DType::F32, values);
            let bias = body.load(bias, View { offset: 0, strides: vec![0, 0, 1] }, DType::F32);
            let biased = body.binary(BinaryOp::Add, sum, bias);
            let value = match epilogue {
                Epilogue::Bias => biased,
                Epilogue::BiasRelu => body.unary(UnaryOp::Relu, biased),
                _ => body.unary(UnaryOp::Elu { alpha: Real::new(1.0) }, biased),
            };
            store(builder, value, dense(&domain));
            if epilogue == Epilogue::BiasElu {
                store(builder, sum, dense(&domain));
            }
        }
        Epilogue::Turned => store(builder, sum, View { offset: 0, strides: vec![m * n, 1, m] }),
        Epilogue::Accumulate => {
            let values = dice.values(batch * m * n, DType::F32);
            let buffer = builder.state(domain, DType::F32, values);
            let old = body.load(buffer, dense(&domain), DType::F32);
            let value = body.binary(BinaryOp::Add, old, sum);
            stores.push(Store { value, buffer, view: dense(&domain) });
        }
        Epilogue::Bytes => {
            let values = dice.values(m, DType::F32);
            let scale = builder.input([m], DType::F32, values);
            let scale = body.load(scale, View { offset: 0, strides: vec![0, 1, 0] }, DType::F32);
            let half = body.fill(0.5);
            let low = body.push(Instr::Compare(CompareOp::Lt, scale, half), DType::Bool);
            let finite = body.unary(UnaryOp::IsFinite, sum);
            let value = body.binary(BinaryOp::And, low, finite);
            let buffer = builder.output(domain, DType::Bool);
            stores.push(Store { value, buffer, view: dense(&domain) });
        }
    }
    let epilogue = MapKernel { domain: domain.into(), body: body.0, stores };
    let (a, b) = (matrix(a, m, k, turned[0]), matrix(b, k, n, turned[1]));
    builder.kernel(Kernel::MatMul(MatMulKernel { batch, m, n, k, a, b, epilogue }));
}

fn any_product(builder: &mut Builder, dice: &mut Dice) {
    let shape = match dice.below(5) {
        0 => [1 + dice.below(3), dice.below(30), dice.below(30), 1 + dice.below(30)],
        1 => [1, 1 + dice.below(70), 1 + dice.below(200), 1 + dice.below(100)],
        2 => [1, 1 + dice.below(3), 1 + dice.below(300), 1 + dice.below(600)],
        // In parts along the summed axis.
        3 => [1, 1 + dice.below(20), 1 + dice.below(40), 500 + dice.below(800)],
        _ => [1 + dice.below(2), 4 * (20 + dice.below(30)), 4 * (20 + dice.below(40)), 1 + dice.below(50)],
    };
    let turned = [dice.below(2) == 0, dice.below(2) == 0];
    let epilogue = dice.pick(&EPILOGUES);
    product(builder, dice, shape, turned, epilogue);
}

fn rows(builder: &mut Builder, dice: &mut Dice) {
    let dtype = dice.pick(&[DType::F32, DType::F32, DType::I32, DType::U8]);
    let (rows, row_len, table_rows) =
        dice.pick(&[(50, 7, 9), (1000, 64, 100), (0, 3, 2), (4, 0, 3), (300, 300, 5), (9, 4, 1)]);
    let values = dice.values(table_rows * row_len, dtype);
    let table = builder.input([table_rows, row_len], dtype, values);
    let numbers = (0..rows).map(|_| dice.below(table_rows + 4) as f64 - 2.0).collect();
    let indices = builder.input([rows], DType::I32, numbers);
    let output = builder.output([rows, row_len], dtype);
    builder.kernel(Kernel::Gather(GatherKernel { table, indices, output, rows, row_len, table_rows }));
    if dtype == DType::F32 {
        let values = dice.values(rows * row_len, dtype);
        let source = builder.input([rows, row_len], dtype, values);
        let output = builder.output([table_rows, row_len], dtype);
        builder.kernel(Kernel::ScatterAdd(ScatterAddKernel { indices, source, output, rows, row_len, table_rows }));
    }
}

fn windows(builder: &mut Builder, dice: &mut Dice) {
    let axes: Vec<FoldAxis> = (0..1 + dice.below(2))
        .map(|_| {
            let (positions, size) = (1 + dice.below(7), 1 + dice.below(4));
            let (stride, dilation) = (1 + dice.below(3), 1 + dice.below(3));
            let span = (size - 1) * dilation + 1;
            FoldAxis { length: (positions - 1) * stride + span + dice.below(2), positions, size, stride, dilation }
        })
        .collect();
    let (outer, inner) = (1 + dice.below(4), 1 + dice.below(6));
    let count = |of: fn(&FoldAxis) -> usize| axes.iter().map(of).product::<usize>();
    let values = dice.values(outer * count(|axis| axis.positions * axis.size) * inner, DType::F32);
    let source = builder.input([values.len()], DType::F32, values);
    let output = builder.output([outer * count(|axis| axis.length) * inner], DType::F32);
    builder.kernel(Kernel::FoldWindows(FoldWindowsKernel { source, product: None, output, outer, axes, inner }));
}

/// A part of a program that appends one kernel or two.
type Part = fn(&mut Builder, &mut Dice);

/// What random programs consist of.
pub const PARTS: [(&str, Part, f64); 5] = [
    ("maps", map, 2e-4),
    ("reductions", reduce, 1e-3),
    ("products", any_product, 1e-4),
    ("rows", rows, 1e-5),
    ("windows", windows, 1e-5),
];

/// A program of `count` random kernels of a part.
pub fn random(part: Part, seed: u64, count: usize) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(seed));
    (0..count).for_each(|_| part(&mut builder, &mut dice));
    builder
}

const SPECIAL: [f64; 12] =
    [0.0, -0.0, 1.0, -1.5, 2.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e30, -1e30, 1e-30, 300.7];

/// Every function, comparison and conversion of special values.
pub fn special() -> Builder {
    use UnaryOp::*;
    let mut builder = Builder::default();
    let n = SPECIAL.len();
    let elu = Elu { alpha: Real::new(0.5) };
    let ops = [
        Neg, Abs, Sign, Exp, Expm1, Log, Log1p, Sqrt, Rsqrt, Reciprocal, Square, Sin, Cos, Tanh, Sigmoid, Relu, elu,
        Erf, Floor, Ceil, Round, IsFinite,
    ];
    let x = builder.input([n], DType::F32, SPECIAL.to_vec());
    let mut body = BodyBuilder::default();
    let a = body.load(x, dense(&[n]), DType::F32);
    let mut stores = Vec::new();
    for op in ops {
        let value = body.unary(op, a);
        let buffer = builder.output([n], body.0.dtypes[value as usize]);
        stores.push(Store { value, buffer, view: dense(&[n]) });
    }
    builder.kernel(Kernel::Map(MapKernel { domain: [n].into(), body: body.0, stores }));
    let integers =
        vec![0.0, 1.0, -1.0, 7.0, -7.0, 3.0, -3.0, f64::from(i32::MIN), f64::from(i32::MAX), 100.0, 2.0, -2.0];
    for (dtype, values) in [(DType::F32, SPECIAL.to_vec()), (DType::I32, integers)] {
        pairs(&mut builder, dtype, values);
    }
    builder
}

fn pairs(builder: &mut Builder, dtype: DType, values: Vec<f64>) {
    use BinaryOp::*;
    let n = values.len();
    let x = builder.input([n], dtype, values);
    let mut body = BodyBuilder::default();
    let along = |strides| View { offset: 0, strides };
    let (a, b) = (body.load(x, along(vec![1, 0]), dtype), body.load(x, along(vec![0, 1]), dtype));
    let mut ops = vec![Add, Sub, Mul, Div, Max, Min, Mod];
    if dtype == DType::F32 {
        ops.push(Pow);
    }
    let mut stores = Vec::new();
    let mut store = |builder: &mut Builder, value, dtype| {
        stores.push(Store { value, buffer: builder.output([n, n], dtype), view: dense(&[n, n]) });
    };
    for op in ops {
        let value = body.binary(op, a, b);
        store(builder, value, dtype);
    }
    for op in [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge] {
        let value = body.push(Instr::Compare(op, a, b), DType::Bool);
        store(builder, value, DType::Bool);
    }
    for to in [DType::F32, DType::I32, DType::U8, DType::Bool] {
        let value = body.push(Instr::Cast { value: a, to }, to);
        store(builder, value, to);
    }
    builder.kernel(Kernel::Map(MapKernel { domain: [n, n].into(), body: body.0, stores }));
}

/// Reductions of special values: the first largest and NaN win, sums of many are accurate, of nothing the identity.
pub fn special_reductions() -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(3));
    for n in [5, 40, 700] {
        for special in [f64::NAN, f64::INFINITY, 9.0] {
            let mut values = vec![1.0; 3 * n];
            values[n + n / 2] = special;
            values[n + n / 2 + 1] = special;
            for kind in [KINDS[2], KINDS[3], KINDS[4]] {
                for (domain, axis) in [(vec![3, n], 1), (vec![n, 3], 0), (vec![3 * n], 0)] {
                    plain(&mut builder, &domain, &[axis], kind, values.clone());
                }
            }
        }
    }
    for (domain, axes) in [(vec![300_000], vec![0]), (vec![60_000, 5], vec![0]), (vec![2, 100_000], vec![1])] {
        let count: usize = domain.iter().product();
        let values = dice.values(count, DType::F32).into_iter().map(|v| 0.1 + 0.01 * v).collect();
        plain(&mut builder, &domain, &axes, KINDS[0], values);
    }
    for kind in &KINDS[..4] {
        for (domain, axes) in [(vec![3, 0], vec![1]), (vec![0], vec![0]), (vec![0, 4], vec![0])] {
            plain(&mut builder, &domain, &axes, *kind, vec![]);
        }
    }
    builder
}

/// One reduction of an input as it is.
fn plain(builder: &mut Builder, domain: &[usize], axes: &[usize], kind: Reducer, values: Vec<f64>) {
    let x = builder.input(domain, DType::F32, values);
    let mut body = BodyBuilder::default();
    let value = body.load(x, dense(domain), DType::F32);
    let kept: Vec<usize> = (0..domain.len()).filter(|axis| !axes.contains(axis)).map(|axis| domain[axis]).collect();
    let output = builder.output(kept, if kind == Reducer::ArgMax { DType::I32 } else { DType::F32 });
    let reductions = vec![Reduction { kind, value, output }];
    let axes = axes.to_vec();
    builder.kernel(Kernel::Reduce(ReduceKernel { domain: domain.into(), axes, body: body.0, reductions }));
}

/// Large products, for a library, with every epilogue and both orders of each operand.
pub fn large_products() -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(5));
    for (i, epilogue) in EPILOGUES.into_iter().enumerate() {
        let turned = [i % 2 == 0, i % 3 == 0];
        product(&mut builder, &mut dice, [1, 260, 257, 258], turned, epilogue);
    }
    product(&mut builder, &mut dice, [3, 200, 190, 180], [false, true], EPILOGUES[0]);
    builder
}

/// Uniform random numbers in several orders, few and many.
pub fn uniform() -> Builder {
    numbers(RandomKind::Uniform)
}

/// The same of normal ones.
pub fn normal() -> Builder {
    numbers(RandomKind::Normal)
}

fn numbers(kind: RandomKind) -> Builder {
    let mut builder = Builder::default();
    let state = builder.state([4], DType::I32, vec![58.0, -3.0, 1e9, 7.0]);
    for (rows, columns, offset) in [(37, 100, 3), (400, 100, 0), (400, 100, 8)] {
        let domain = [rows, columns];
        let mut body = BodyBuilder::default();
        let mut stores = Vec::new();
        for (stream, strides) in [(5, vec![columns, 1]), (6, vec![1, rows])] {
            let element = View { offset, strides };
            let value = body.push(Instr::Random { kind, stream, state, element }, DType::F32);
            stores.push(Store { value, buffer: builder.output(domain, DType::F32), view: dense(&domain) });
        }
        builder.kernel(Kernel::Map(MapKernel { domain: domain.into(), body: body.0, stores }));
    }
    builder
}

/// A momentum step in place, with a value that is used after its buffer was stored to, and two states that change places.
pub fn updates() -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(1));
    let n = 40_000;
    let [m, p, a, b] = [(); 4].map(|()| {
        let values = dice.values(n, DType::F32);
        builder.state([n], DType::F32, values)
    });
    let gradient = dice.values(n, DType::F32);
    let g = builder.input([n], DType::F32, gradient);
    let out = builder.output([n], DType::F32);
    let store = |value, buffer| Store { value, buffer, view: dense(&[n]) };
    let mut body = BodyBuilder::default();
    let [m0, p0, g0] = [m, p, g].map(|buffer| body.load(buffer, dense(&[n]), DType::F32));
    let beta = body.fill(0.9);
    let scaled = body.binary(BinaryOp::Mul, m0, beta);
    let m1 = body.binary(BinaryOp::Add, scaled, g0);
    let p1 = body.binary(BinaryOp::Sub, p0, m1);
    let old = body.binary(BinaryOp::Mul, m0, p0);
    let stores = vec![store(m1, m), store(p1, p), store(old, out)];
    builder.kernel(Kernel::Map(MapKernel { domain: [n].into(), body: body.0, stores }));
    let mut body = BodyBuilder::default();
    let [x, y] = [a, b].map(|buffer| body.load(buffer, dense(&[n]), DType::F32));
    builder.kernel(Kernel::Map(MapKernel { domain: [n].into(), body: body.0, stores: vec![store(x, b), store(y, a)] }));
    builder
}
