//! A training step of two layers, with all that programs of models have: an input of bytes, a dropout, an activation and
//! its derivative, sums over samples and over features, updates of weights in the epilogue of their gradient.

use glorot_graph::program::*;
use glorot_graph::{BinaryOp, CompareOp, RandomKind, ReduceKind, UnaryOp};
use glorot_tensor::DType;

use super::{BodyBuilder, Builder, Dice, dense};

/// Sizes of a network.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub samples: usize,
    pub features: usize,
    pub hidden: usize,
    pub outputs: usize,
    pub bytes: bool,
}

/// A matrix, the transpose of a stored one if `turned`; `columns` are those that are stored.
fn matrix(buffer: BufferId, columns: usize, turned: bool) -> MatrixView {
    let (rows, columns) = if turned { (1, columns) } else { (columns, 1) };
    MatrixView { buffer, offset: 0, batch: 0, rows, columns, loops: None }
}

/// A product `[m, k] · [k, n]` whose epilogue gets the sum and gives what is stored, densely.
fn product(
    builder: &mut Builder,
    [m, n, k]: [usize; 3],
    [a, b]: [MatrixView; 2],
    epilogue: impl FnOnce(&mut BodyBuilder, u32) -> Vec<(u32, BufferId)>,
) {
    let domain = [1, m, n];
    let mut body = BodyBuilder::default();
    let sum = body.push(Instr::Accumulator, DType::F32);
    let stored = epilogue(&mut body, sum).into_iter();
    let stores = stored.map(|(value, buffer)| Store { value, buffer, view: dense(&domain) }).collect();
    let epilogue = MapKernel { domain: domain.into(), body: body.0, stores };
    builder.kernel(Kernel::MatMul(MatMulKernel { batch: 1, m, n, k, a, b, epilogue }));
}

fn map(builder: &mut Builder, domain: &[usize], to: BufferId, value: impl FnOnce(&mut BodyBuilder) -> u32) {
    let mut body = BodyBuilder::default();
    let value = value(&mut body);
    let stores = vec![Store { value, buffer: to, view: dense(domain) }];
    builder.kernel(Kernel::Map(MapKernel { domain: domain.into(), body: body.0, stores }));
}

fn sum(
    builder: &mut Builder,
    domain: &[usize],
    axes: &[usize],
    to: BufferId,
    value: impl FnOnce(&mut BodyBuilder) -> u32,
) {
    let mut body = BodyBuilder::default();
    let value = value(&mut body);
    let reductions = vec![Reduction { kind: Reducer::Fold(ReduceKind::Sum), value, output: to }];
    let reduce = ReduceKernel { domain: domain.into(), axes: axes.to_vec(), body: body.0, reductions };
    builder.kernel(Kernel::Reduce(reduce));
}

/// `state - 0.05 value`, where the state lies as the domain does.
fn descend(body: &mut BodyBuilder, state: BufferId, domain: &[usize], value: u32) -> u32 {
    let old = body.load(state, dense(domain), DType::F32);
    let rate = body.fill(0.05);
    let step = body.binary(BinaryOp::Mul, rate, value);
    body.binary(BinaryOp::Sub, old, step)
}

/// The step. Its outputs are the loss, errors of samples, a part of the hidden layer.
pub fn network(sizes: Sizes, seed: u64) -> Builder {
    let Sizes { samples, features, hidden, outputs, bytes } = sizes;
    let (mut builder, mut dice) = (Builder::default(), Dice::new(seed));
    let b = &mut builder;
    let mut values = |count: usize, scale: f64| -> Vec<f64> {
        dice.values(count, DType::F32).into_iter().map(|value| value * scale).collect()
    };
    let pixels = if bytes { DType::U8 } else { DType::F32 };
    let x_values =
        if bytes { Dice::new(seed + 1).values(samples * features, pixels) } else { values(samples * features, 0.5) };
    let x = b.input([samples, features], pixels, x_values);
    let target = b.input([samples, outputs], DType::F32, values(samples * outputs, 1.0));
    let small = |fan_in: usize| 0.5 / (fan_in as f64).sqrt();
    let w1 = b.state([features, hidden], DType::F32, values(features * hidden, small(features)));
    let b1 = b.state([hidden], DType::F32, values(hidden, 0.1));
    let w2 = b.state([hidden, outputs], DType::F32, values(hidden * outputs, small(hidden)));
    let b2 = b.state([outputs], DType::F32, values(outputs, 0.1));
    let random = b.state([4], DType::I32, vec![1.0, 2.0, 3.0, 4.0]);

    let by_column = |strides: &[usize]| View { offset: 0, strides: strides.to_vec() };
    let of_samples = [samples, features];
    let scaled = if bytes {
        let scaled = b.scratch(of_samples, DType::F32);
        map(b, &of_samples, scaled, |body| {
            let pixel = body.load(x, dense(&of_samples), DType::U8);
            let value = body.push(Instr::Cast { value: pixel, to: DType::F32 }, DType::F32);
            let scale = body.fill(1.0 / 255.0);
            body.binary(BinaryOp::Mul, value, scale)
        });
        scaled
    } else {
        x
    };
    let (h, dropped) = (b.scratch([samples, hidden], DType::F32), b.scratch([samples, hidden], DType::F32));
    product(
        b,
        [samples, hidden, features],
        [matrix(scaled, features, false), matrix(w1, hidden, false)],
        |body, sum| {
            let bias = body.load(b1, by_column(&[0, 0, 1]), DType::F32);
            let biased = body.binary(BinaryOp::Add, sum, bias);
            let active = body.unary(UnaryOp::Tanh, biased);
            let element = dense(&[1, samples, hidden]);
            let drawn =
                body.push(Instr::Random { kind: RandomKind::Uniform, stream: 3, state: random, element }, DType::F32);
            let (rate, zero) = (body.fill(0.3), body.fill(0.0));
            let condition = body.push(Instr::Compare(CompareOp::Ge, drawn, rate), DType::Bool);
            let kept = body.push(Instr::Select { condition, on_true: active, on_false: zero }, DType::F32);
            vec![(active, h), (kept, dropped)]
        },
    );
    let wrong = b.scratch([samples, outputs], DType::F32);
    product(
        b,
        [samples, outputs, hidden],
        [matrix(dropped, hidden, false), matrix(w2, outputs, false)],
        |body, sum| {
            let bias = body.load(b2, by_column(&[0, 0, 1]), DType::F32);
            let y = body.binary(BinaryOp::Add, sum, bias);
            let wanted = body.load(target, dense(&[1, samples, outputs]), DType::F32);
            vec![(body.binary(BinaryOp::Sub, y, wanted), wrong)]
        },
    );
    let of_outputs = [samples, outputs];
    let square = |body: &mut BodyBuilder| {
        let value = body.load(wrong, dense(&of_outputs), DType::F32);
        body.unary(UnaryOp::Square, value)
    };
    let (loss, by_sample) = (b.output([], DType::F32), b.output([samples], DType::F32));
    sum(b, &of_outputs, &[0, 1], loss, square);
    sum(b, &of_outputs, &[1], by_sample, square);
    let (db2, db1) = (b.scratch([outputs], DType::F32), b.scratch([hidden], DType::F32));
    sum(b, &of_outputs, &[0], db2, |body| body.load(wrong, dense(&of_outputs), DType::F32));
    let dh = b.scratch([samples, hidden], DType::F32);
    product(b, [samples, hidden, outputs], [matrix(wrong, outputs, false), matrix(w2, outputs, true)], |body, sum| {
        let active = body.load(h, dense(&[1, samples, hidden]), DType::F32);
        let (square, one) = (body.unary(UnaryOp::Square, active), body.fill(1.0));
        let slope = body.binary(BinaryOp::Sub, one, square);
        vec![(body.binary(BinaryOp::Mul, sum, slope), dh)]
    });
    product(
        b,
        [hidden, outputs, samples],
        [matrix(dropped, hidden, true), matrix(wrong, outputs, false)],
        |body, sum| vec![(descend(body, w2, &[1, hidden, outputs], sum), w2)],
    );
    let of_hidden = [samples, hidden];
    sum(b, &of_hidden, &[0], db1, |body| body.load(dh, dense(&of_hidden), DType::F32));
    product(
        b,
        [features, hidden, samples],
        [matrix(scaled, features, true), matrix(dh, hidden, false)],
        |body, sum| vec![(descend(body, w1, &[1, features, hidden], sum), w1)],
    );
    for (bias, gradient, length) in [(b1, db1, hidden), (b2, db2, outputs)] {
        map(b, &[length], bias, |body| {
            let gradient = body.load(gradient, dense(&[length]), DType::F32);
            descend(body, bias, &[length], gradient)
        });
    }
    // The second half of the hidden layer, features first, and the place of each.
    let half = [hidden - hidden / 2, samples];
    let part = b.output(half, DType::F32);
    map(b, &half, part, |body| {
        let value = body.load(h, View { offset: hidden / 2, strides: vec![1, hidden] }, DType::F32);
        let place = body.push(Instr::Iota { axis: 0, start: 1, dtype: DType::F32 }, DType::F32);
        body.binary(BinaryOp::Mul, value, place)
    });
    builder
}

/// Random sizes.
pub fn random_sizes(dice: &mut Dice) -> Sizes {
    Sizes {
        samples: dice.pick(&[2, 3, 16, 32, 33, 48]),
        features: dice.pick(&[2, 5, 17, 64, 100, 800]),
        hidden: dice.pick(&[2, 7, 30, 64, 100]),
        outputs: dice.pick(&[2, 3, 10, 33]),
        bytes: dice.below(2) == 0,
    }
}

/// Rows of a table by index, their windows added up, and what goes back to the table: the kernels of other kinds.
pub fn tables(seed: u64) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(seed));
    let (table_rows, rows, row_len) = (12, 30, 9);
    let values = dice.values(table_rows * row_len, DType::F32);
    let table = builder.state([table_rows, row_len], DType::F32, values);
    let numbers = (0..rows).map(|_| dice.below(table_rows + 1) as f64 - 1.0).collect();
    let indices = builder.input([rows], DType::I32, numbers);
    let found = builder.scratch([rows, row_len], DType::F32);
    builder.kernel(Kernel::Gather(GatherKernel { table, indices, output: found, rows, row_len, table_rows }));
    let domain = [rows, row_len];
    let known = builder.output(domain, DType::F32);
    map(&mut builder, &domain, known, |body| {
        let value = body.load(found, dense(&domain), DType::F32);
        let (finite, zero) = (body.unary(UnaryOp::IsFinite, value), body.fill(0.0));
        body.push(Instr::Select { condition: finite, on_true: value, on_false: zero }, DType::F32)
    });
    // 5 windows of 6 rows over 14, in each of 9 columns.
    let axes = vec![FoldAxis { length: 14, positions: 5, size: 6, stride: 2, dilation: 1 }];
    let folded = builder.output([14, row_len], DType::F32);
    let fold = FoldWindowsKernel { source: known, product: None, output: folded, outer: 1, axes, inner: row_len };
    builder.kernel(Kernel::FoldWindows(fold));
    let sums = builder.scratch([table_rows, row_len], DType::F32);
    let scatter = ScatterAddKernel { indices, source: known, output: sums, rows, row_len, table_rows };
    builder.kernel(Kernel::ScatterAdd(scatter));
    let of_table = [table_rows, row_len];
    map(&mut builder, &of_table, table, |body| {
        let sum = body.load(sums, dense(&of_table), DType::F32);
        descend(body, table, &of_table, sum)
    });
    builder
}
