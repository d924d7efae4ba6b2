//! Times of single kernels: `cargo bench -p glorot-cpu`. A filter chooses some: `cargo bench -p glorot-cpu -- nadam`.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::device::Device;
use glorot_graph::program::*;
use glorot_graph::{BinaryOp, RandomKind, Real, ReduceKind, TensorSpec, UnaryOp};
use glorot_tensor::DType;

#[path = "../tests/common/mod.rs"]
mod common;

use common::{BodyBuilder, Builder, Dice, dense};

/// Runs a program on 1 and 2 threads; `elements` per run, for the time of one.
fn bench(criterion: &mut Criterion, name: &str, elements: usize, builder: &Builder) {
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(elements as u64));
    for threads in [1, 2] {
        let device = CpuDevice::new(CpuOptions { threads: Some(threads), ..CpuOptions::default() });
        let specs: Vec<TensorSpec> = builder.states().into_iter().map(|(spec, _)| spec).collect();
        let mut session = device.session(&specs).expect("a session");
        let program = session.add_program(&builder.build()).expect("a program");
        builder.write(&mut *session, program).expect("inputs and states");
        group.bench_function(BenchmarkId::from_parameter(threads), |bencher| {
            bencher.iter(|| session.run(program).expect("a run"));
        });
    }
    group.finish();
}

/// The update of Nadam over `n` parameters. Where gradients are 0, the momentum vanishes.
fn nadam(n: usize, gradients: f64) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(1));
    let mut state = |builder: &mut Builder, scale: f64, shift: f64| {
        let values = dice.values(n, DType::F32).into_iter().map(|v| v * scale + shift).collect();
        builder.state([n], DType::F32, values)
    };
    let w = state(&mut builder, 0.1, 0.0);
    let m = state(&mut builder, 0.01, 0.0);
    let v = state(&mut builder, 1e-5, 1e-4);
    let g = state(&mut builder, gradients, 0.0);
    let mut body = BodyBuilder::default();
    let [w0, m0, v0, g0] = [w, m, v, g].map(|buffer| body.load(buffer, dense(&[n]), DType::F32));
    let [rest1, rest2, of_momentum, of_gradient, epsilon] =
        [0.1, 0.001, 9.5e-4, 2e-4, 1e-7].map(|value| body.fill(value));
    let towards = |body: &mut BodyBuilder, average, value, rest| {
        let difference = body.binary(BinaryOp::Sub, value, average);
        let step = body.binary(BinaryOp::Mul, difference, rest);
        body.binary(BinaryOp::Add, average, step)
    };
    let m1 = towards(&mut body, m0, g0, rest1);
    let square = body.unary(UnaryOp::Square, g0);
    let v1 = towards(&mut body, v0, square, rest2);
    let (a, b) = (body.binary(BinaryOp::Mul, m1, of_momentum), body.binary(BinaryOp::Mul, g0, of_gradient));
    let direction = body.binary(BinaryOp::Add, a, b);
    let root = body.unary(UnaryOp::Sqrt, v1);
    let denominator = body.binary(BinaryOp::Add, root, epsilon);
    let change = body.binary(BinaryOp::Div, direction, denominator);
    let w1 = body.binary(BinaryOp::Sub, w0, change);
    let stores = [(m1, m), (v1, v), (w1, w)].map(|(value, buffer)| Store { value, buffer, view: dense(&[n]) });
    builder.kernel(Kernel::Map(MapKernel { domain: [n].into(), body: body.0, stores: stores.to_vec() }));
    builder
}

/// One unary function over `n` elements.
fn unary(n: usize, op: UnaryOp) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(1));
    let values = dice.values(n, DType::F32);
    let x = builder.input([n], DType::F32, values);
    let mut body = BodyBuilder::default();
    let a = body.load(x, dense(&[n]), DType::F32);
    let value = body.unary(op, a);
    let stores = vec![Store { value, buffer: builder.output([n], DType::F32), view: dense(&[n]) }];
    builder.kernel(Kernel::Map(MapKernel { domain: [n].into(), body: body.0, stores }));
    builder
}

/// `x + bias` along the columns, ELU.
fn bias_elu(rows: usize, columns: usize) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(1));
    let values = dice.values(rows * columns, DType::F32);
    let x = builder.input([rows, columns], DType::F32, values);
    let values = dice.values(columns, DType::F32);
    let bias = builder.input([columns], DType::F32, values);
    let mut body = BodyBuilder::default();
    let a = body.load(x, dense(&[rows, columns]), DType::F32);
    let b = body.load(bias, View { offset: 0, strides: vec![0, 1] }, DType::F32);
    let sum = body.binary(BinaryOp::Add, a, b);
    let value = body.unary(UnaryOp::Elu { alpha: Real::new(1.0) }, sum);
    let buffer = builder.output([rows, columns], DType::F32);
    let stores = vec![Store { value, buffer, view: dense(&[rows, columns]) }];
    builder.kernel(Kernel::Map(MapKernel { domain: [rows, columns].into(), body: body.0, stores }));
    builder
}

/// Inverted dropout: `uniform >= rate ? 2 x : 0`.
fn dropout(n: usize) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(1));
    let values = dice.values(n, DType::F32);
    let x = builder.input([n], DType::F32, values);
    let state = builder.state([4], DType::I32, vec![1.0, 2.0, 3.0, 4.0]);
    let mut body = BodyBuilder::default();
    let a = body.load(x, dense(&[n]), DType::F32);
    let instr = Instr::Random { kind: RandomKind::Uniform, stream: 1, state, element: dense(&[n]) };
    let uniform = body.push(instr, DType::F32);
    let (rate, zero, two) = (body.fill(0.5), body.fill(0.0), body.fill(2.0));
    let condition = body.push(Instr::Compare(glorot_graph::CompareOp::Ge, uniform, rate), DType::Bool);
    let scaled = body.binary(BinaryOp::Mul, a, two);
    let value = body.push(Instr::Select { condition, on_true: scaled, on_false: zero }, DType::F32);
    let stores = vec![Store { value, buffer: builder.output([n], DType::F32), view: dense(&[n]) }];
    builder.kernel(Kernel::Map(MapKernel { domain: [n].into(), body: body.0, stores }));
    builder
}

/// Softmax of rows: their largest, the sum of exponentials, the quotient.
fn softmax(rows: usize, columns: usize) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(1));
    let domain = [rows, columns];
    let values = dice.values(rows * columns, DType::F32);
    let x = builder.input(domain, DType::F32, values);
    let (largest, sum) = (builder.scratch([rows], DType::F32), builder.scratch([rows], DType::F32));
    let by_row = View { offset: 0, strides: vec![1, 0] };
    let reduce = |body: BodyBuilder, value, kind, output| {
        let reductions = vec![Reduction { kind: Reducer::Fold(kind), value, output }];
        Kernel::Reduce(ReduceKernel { domain: domain.into(), axes: vec![1], body: body.0, reductions })
    };
    let mut body = BodyBuilder::default();
    let value = body.load(x, dense(&domain), DType::F32);
    builder.kernel(reduce(body, value, ReduceKind::Max, largest));
    let exponential = |body: &mut BodyBuilder| {
        let a = body.load(x, dense(&domain), DType::F32);
        let max = body.load(largest, by_row.clone(), DType::F32);
        let difference = body.binary(BinaryOp::Sub, a, max);
        body.unary(UnaryOp::Exp, difference)
    };
    let mut body = BodyBuilder::default();
    let value = exponential(&mut body);
    builder.kernel(reduce(body, value, ReduceKind::Sum, sum));
    let mut body = BodyBuilder::default();
    let e = exponential(&mut body);
    let total = body.load(sum, by_row.clone(), DType::F32);
    let value = body.binary(BinaryOp::Div, e, total);
    let stores = vec![Store { value, buffer: builder.output(domain, DType::F32), view: dense(&domain) }];
    builder.kernel(Kernel::Map(MapKernel { domain: domain.into(), body: body.0, stores }));
    builder
}

/// Sums along some axes.
fn sums(domain: &[usize], axes: &[usize]) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(1));
    let values = dice.values(domain.iter().product(), DType::F32);
    let x = builder.input(domain, DType::F32, values);
    let mut body = BodyBuilder::default();
    let value = body.load(x, dense(domain), DType::F32);
    let kept: Vec<usize> = (0..domain.len()).filter(|axis| !axes.contains(axis)).map(|axis| domain[axis]).collect();
    let output = builder.output(kept, DType::F32);
    let reductions = vec![Reduction { kind: Reducer::Fold(ReduceKind::Sum), value, output }];
    let kernel = ReduceKernel { domain: domain.into(), axes: axes.to_vec(), body: body.0, reductions };
    builder.kernel(Kernel::Reduce(kernel));
    builder
}

/// A product, with bias and ELU if asked.
fn product([m, n, k]: [usize; 3], [turn_a, turn_b]: [bool; 2], epilogue: bool) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(1));
    let values = dice.values(m * k, DType::F32);
    let a = builder.input([m, k], DType::F32, values);
    let values = dice.values(k * n, DType::F32);
    let b = builder.input([k, n], DType::F32, values);
    let matrix = |buffer, rows, columns, turned: bool| {
        let (row, column) = if turned { (1, rows) } else { (columns, 1) };
        MatrixView { buffer, offset: 0, batch: 0, rows: row, columns: column, loops: None }
    };
    let (a, b) = (matrix(a, m, k, turn_a), matrix(b, k, n, turn_b));
    let domain = [1, m, n];
    let mut body = BodyBuilder::default();
    let mut value = body.push(Instr::Accumulator, DType::F32);
    if epilogue {
        let values = dice.values(n, DType::F32);
        let bias = builder.input([n], DType::F32, values);
        let bias = body.load(bias, View { offset: 0, strides: vec![0, 0, 1] }, DType::F32);
        let sum = body.binary(BinaryOp::Add, value, bias);
        value = body.unary(UnaryOp::Elu { alpha: Real::new(1.0) }, sum);
    }
    let stores = vec![Store { value, buffer: builder.output([m, n], DType::F32), view: dense(&domain) }];
    let epilogue = MapKernel { domain: domain.into(), body: body.0, stores };
    builder.kernel(Kernel::MatMul(MatMulKernel { batch: 1, m, n, k, a, b, epilogue }));
    builder
}

fn maps(criterion: &mut Criterion) {
    bench(criterion, "map/nadam 500k", 500_000, &nadam(500_000, 0.01));
    bench(criterion, "map/nadam 500k, gradients of 0", 500_000, &nadam(500_000, 0.0));
    bench(criterion, "map/bias elu 32x100", 3200, &bias_elu(32, 100));
    bench(criterion, "map/bias elu 512x1000", 512_000, &bias_elu(512, 1000));
    bench(criterion, "map/dropout 32x300", 9600, &dropout(9600));
    let ops =
        [UnaryOp::Exp, UnaryOp::Log, UnaryOp::Tanh, UnaryOp::Sigmoid, UnaryOp::Softplus, UnaryOp::Erf, UnaryOp::Sin];
    for op in ops {
        bench(criterion, &format!("map/{} 16k", op.name()), 16_384, &unary(16_384, op));
    }
}

fn reductions(criterion: &mut Criterion) {
    bench(criterion, "reduce/softmax 32x10", 320, &softmax(32, 10));
    bench(criterion, "reduce/softmax 512x1000", 512_000, &softmax(512, 1000));
    bench(criterion, "reduce/columns 32x100", 3200, &sums(&[32, 100], &[0]));
    bench(criterion, "reduce/columns 10000x100", 1_000_000, &sums(&[10_000, 100], &[0]));
    bench(criterion, "reduce/all 1M", 1_000_000, &sums(&[1_000_000], &[0]));
}

fn products(criterion: &mut Criterion) {
    let plain = [false, false];
    let mut run = |name: &str, shape: [usize; 3], turned, epilogue| {
        bench(criterion, name, shape.iter().product(), &product(shape, turned, epilogue));
    };
    run("matmul/1,100,100", [1, 100, 100], plain, false);
    run("matmul/32,100,100", [32, 100, 100], plain, false);
    run("matmul/32,100,100 elu", [32, 100, 100], plain, true);
    run("matmul/32,100,100 B turned", [32, 100, 100], [false, true], false);
    run("matmul/100,100,32 A turned", [100, 100, 32], [true, false], false);
    run("matmul/32,100,3072", [32, 100, 3072], plain, false);
    run("matmul/3072,100,32 A turned", [3072, 100, 32], [true, false], false);
    run("matmul/100,32,100 A turned", [100, 32, 100], [true, false], false);
    run("matmul/100,32,100", [100, 32, 100], plain, false);
    run("matmul/100,16,100", [100, 16, 100], plain, false);
    run("matmul/100,100,32 B turned", [100, 100, 32], [false, true], false);
    run("matmul/100,32,3072 A turned", [100, 32, 3072], [true, false], false);
    run("matmul/3072,100,32 B turned", [3072, 100, 32], [false, true], false);
    run("matmul/32,10,100", [32, 10, 100], plain, false);
    run("matmul/32,300,784", [32, 300, 784], plain, false);
    run("matmul/512,4096,4096", [512, 4096, 4096], plain, false);
}

fn config() -> Criterion {
    let second = std::time::Duration::from_millis(1000);
    Criterion::default().sample_size(20).warm_up_time(second / 4).measurement_time(second)
}

criterion_group!(name = benches; config = config(); targets = maps, reductions, products);
criterion_main!(benches);
