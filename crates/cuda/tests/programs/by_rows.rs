//! Random programs of a batch, most of whose kernels treat each row by itself.

use glorot_graph::program::*;
use glorot_graph::{BinaryOp, RandomKind, Real, ReduceKind, UnaryOp};
use glorot_tensor::DType;

use crate::common::{BodyBuilder, Builder, Dice, dense};

/// A program under construction.
struct Chain {
    builder: Builder,
    dice: Dice,
    batch: usize,
    /// Tensors `[batch, width]`, inputs first.
    rows: Vec<(BufferId, usize)>,
    /// Tensors `[width]`.
    vectors: Vec<(BufferId, usize)>,
    /// States `[inputs, outputs]`.
    kernels: Vec<(BufferId, [usize; 2])>,
    /// What random numbers are drawn from.
    random: BufferId,
}

/// A program, and the samples of its inputs.
pub fn chain(seed: u64) -> (Builder, usize) {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(seed));
    let batch = dice.pick(&[8, 12, 23, 32, 100, 320]);
    let rows = [dice.pick(&[5, 16, 33]), dice.pick(&[12, 600])]
        .map(|width: usize| (builder.input([batch, width], DType::F32, vec![0.0; batch * width]), width));
    let random = builder.state([4], DType::I32, vec![58.0, -3.0, 1e9, 7.0]);
    let (vectors, kernels) = (Vec::new(), Vec::new());
    let mut chain = Chain { builder, dice, batch, rows: rows.to_vec(), vectors, kernels, random };
    if chain.dice.below(3) == 0 {
        // All rows are needed before anything else is done.
        chain.rows.truncate(1);
        chain.reduce_batch();
        chain.map();
        chain.rows = vec![chain.rows[1]];
    }
    chain.dense();
    for _ in 0..16 {
        match chain.dice.below(16) {
            0..5 => chain.dense(),
            5..10 => chain.map(),
            10..12 => chain.reduce_rows(),
            12 => chain.reduce_batch(),
            13 => chain.state(),
            _ => chain.gradient(),
        }
    }
    let last = chain.rows[chain.rows.len() - 1];
    chain.copy(last);
    (chain.builder, batch)
}

impl Chain {
    /// A tensor of rows, rather a late one.
    fn row(&mut self) -> (BufferId, usize) {
        let count = self.rows.len();
        let last = count.min(3);
        if self.dice.below(4) > 0 { self.rows[count - 1 - self.dice.below(last)] } else { self.dice.pick(&self.rows) }
    }

    /// A loop over rows, of `points` lines of this width each, that begins with a value, with what else fits, to a new tensor.
    /// `leading`: with a first axis of length 1.
    fn body(
        &mut self,
        mut body: BodyBuilder,
        mut value: u32,
        (points, width): (usize, usize),
        leading: bool,
    ) -> MapKernel {
        let batch = self.batch * points;
        let with = |strides: [usize; 2]| match leading {
            true => vec![0, strides[0], strides[1]],
            false => strides.to_vec(),
        };
        let domain = if leading { vec![1, batch, width] } else { vec![batch, width] };
        for _ in 0..self.dice.below(3) {
            let (other, op) = (self.row(), self.dice.pick(&[BinaryOp::Add, BinaryOp::Sub, BinaryOp::Max]));
            // The same element, one of another row, for all rows the first; or a column.
            let fits = other.1 == points * width;
            let strides = match self.dice.below(6) {
                0..=2 if fits => [width, 1],
                3 if fits => [1, batch],
                4 if fits => [0, 1],
                _ => [other.1 / points, 0],
            };
            let loaded = body.load(other.0, View { offset: 0, strides: with(strides) }, DType::F32);
            value = body.binary(op, value, loaded);
        }
        let vectors: Vec<BufferId> = self.vectors.iter().filter(|v| v.1 == width).map(|v| v.0).collect();
        if !vectors.is_empty() {
            let vector = self.dice.pick(&vectors);
            let loaded = body.load(vector, View { offset: 0, strides: with([0, 1]) }, DType::F32);
            value = body.binary(BinaryOp::Add, value, loaded);
        }
        if self.dice.below(3) == 0 {
            let (stream, state) = (self.dice.below(9) as u32, self.random);
            let element = View { offset: 8 * self.dice.below(2), strides: with([width, 1]) };
            let kind = RandomKind::Uniform;
            let drawn = body.push(Instr::Random { kind, stream, state, element }, DType::F32);
            value = body.binary(BinaryOp::Mul, value, drawn);
        }
        value = body.unary(self.dice.pick(&[UnaryOp::Tanh, UnaryOp::Elu { alpha: Real::new(1.0) }]), value);
        let buffer = self.builder.scratch([batch, width], DType::F32);
        self.rows.push((buffer, points * width));
        let stores = vec![Store { value, buffer, view: dense(&domain) }];
        MapKernel { domain: domain.into(), body: body.0, stores }
    }

    /// A product with a kernel, of either order, that may be new.
    fn dense(&mut self) {
        let (x, width) = self.row();
        let points = if width.is_multiple_of(2) { self.dice.pick(&[1, 1, 2]) } else { 1 };
        let k = width / points;
        let known: Vec<_> = self.kernels.iter().filter(|(_, shape)| shape.contains(&k)).copied().collect();
        let (kernel, shape) = if !known.is_empty() && self.dice.below(2) == 0 {
            self.dice.pick(&known)
        } else {
            let shape = [k, self.dice.pick(&[3, 16, 40, 150])];
            let values = self.dice.values(shape[0] * shape[1], DType::F32);
            let values = values.into_iter().map(|value| value * 0.3).collect();
            let kernel = self.builder.state(shape, DType::F32, values);
            self.kernels.push((kernel, shape));
            (kernel, shape)
        };
        let turned = shape[0] != k;
        let n = if turned { shape[0] } else { shape[1] };
        let [row, column] = if turned { [1, shape[1]] } else { [shape[1], 1] };
        let a = MatrixView { buffer: x, offset: 0, batch: 0, rows: k, columns: 1, loops: None };
        let b = MatrixView { buffer: kernel, offset: 0, batch: 0, rows: row, columns: column, loops: None };
        let mut body = BodyBuilder::default();
        let sum = body.push(Instr::Accumulator, DType::F32);
        let epilogue = self.body(body, sum, (points, n), true);
        let product = MatMulKernel { batch: 1, m: self.batch * points, n, k, a, b, epilogue };
        self.builder.kernel(Kernel::MatMul(product));
    }

    fn map(&mut self) {
        let (x, width) = self.row();
        let mut body = BodyBuilder::default();
        let value = body.load(x, dense(&[self.batch, width]), DType::F32);
        let kernel = self.body(body, value, (1, width), false);
        self.builder.kernel(Kernel::Map(kernel));
    }

    /// Two points of each row along the first axis, in an order that is not that of memory.
    fn copy(&mut self, (x, width): (BufferId, usize)) {
        let (rows, width) = if width.is_multiple_of(2) { (2 * self.batch, width / 2) } else { (self.batch, width) };
        let mut body = BodyBuilder::default();
        let value = body.load(x, View { offset: 0, strides: vec![1, width] }, DType::F32);
        let buffer = self.builder.output([rows, width], DType::F32);
        let stores = vec![Store { value, buffer, view: View { offset: 0, strides: vec![1, width] } }];
        self.builder.kernel(Kernel::Map(MapKernel { domain: [width, rows].into(), body: body.0, stores }));
    }

    /// Sums and places of the largest numbers of rows.
    fn reduce_rows(&mut self) {
        let (x, width) = self.row();
        let mut body = BodyBuilder::default();
        let value = body.load(x, dense(&[self.batch, width]), DType::F32);
        let sums = self.builder.scratch([self.batch, 1], DType::F32);
        let largest = self.builder.output([self.batch], DType::I32);
        let kind = Reducer::Fold(self.dice.pick(&[ReduceKind::Sum, ReduceKind::Max]));
        let reductions =
            vec![Reduction { kind, value, output: sums }, Reduction { kind: Reducer::ArgMax, value, output: largest }];
        self.rows.push((sums, 1));
        let domain = [self.batch, width].into();
        self.builder.kernel(Kernel::Reduce(ReduceKernel { domain, axes: vec![1], body: body.0, reductions }));
    }

    /// Sums over the batch.
    fn reduce_batch(&mut self) {
        let (x, width) = self.row();
        let mut body = BodyBuilder::default();
        let value = body.load(x, dense(&[self.batch, width]), DType::F32);
        let scale = body.fill(0.01);
        let value = body.binary(BinaryOp::Mul, value, scale);
        let output = self.builder.output([width], DType::F32);
        let reductions = vec![Reduction { kind: Reducer::Fold(ReduceKind::Sum), value, output }];
        self.vectors.push((output, width));
        let domain = [self.batch, width].into();
        self.builder.kernel(Kernel::Reduce(ReduceKernel { domain, axes: vec![0], body: body.0, reductions }));
    }

    /// A state of rows in place.
    fn state(&mut self) {
        let (x, width) = self.row();
        let values = self.dice.values(self.batch * width, DType::F32);
        let state = self.builder.state([self.batch, width], DType::F32, values);
        let view = dense(&[self.batch, width]);
        let mut body = BodyBuilder::default();
        let [old, new] = [state, x].map(|buffer| body.load(buffer, view.clone(), DType::F32));
        let sum = body.binary(BinaryOp::Add, old, new);
        let value = body.unary(UnaryOp::Tanh, sum);
        let stores = vec![Store { value, buffer: state, view }];
        let domain = [self.batch, width].into();
        self.builder.kernel(Kernel::Map(MapKernel { domain, body: body.0, stores }));
        self.rows.push((state, width));
    }

    /// Changes a kernel by a product of all rows.
    fn gradient(&mut self) {
        let (kernel, [m, n]) = self.dice.pick(&self.kernels);
        let of_width = |chain: &mut Chain, width| {
            let fits: Vec<BufferId> = chain.rows.iter().filter(|row| row.1 == width).map(|row| row.0).collect();
            (!fits.is_empty()).then(|| chain.dice.pick(&fits))
        };
        let (Some(x), Some(y)) = (of_width(self, m), of_width(self, n)) else { return };
        let a = MatrixView { buffer: x, offset: 0, batch: 0, rows: 1, columns: m, loops: None };
        let b = MatrixView { buffer: y, offset: 0, batch: 0, rows: n, columns: 1, loops: None };
        let domain = [1, m, n];
        let mut body = BodyBuilder::default();
        let sum = body.push(Instr::Accumulator, DType::F32);
        let rate = body.fill(0.003);
        let change = body.binary(BinaryOp::Mul, sum, rate);
        let old = body.load(kernel, dense(&domain), DType::F32);
        let value = body.binary(BinaryOp::Sub, old, change);
        let stores = vec![Store { value, buffer: kernel, view: dense(&domain) }];
        let epilogue = MapKernel { domain: domain.into(), body: body.0, stores };
        let product = MatMulKernel { batch: 1, m, n, k: self.batch, a, b, epilogue };
        self.builder.kernel(Kernel::MatMul(product));
    }
}
