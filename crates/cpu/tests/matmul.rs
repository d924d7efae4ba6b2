//! Matrix products, gathers, scatters and folded windows against their plain meaning.

mod common;

use common::{BodyBuilder, Builder, Dice, dense};
use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::device::Device;
use glorot_graph::program::*;
use glorot_graph::{BinaryOp, Real, UnaryOp};
use glorot_tensor::DType;
use proptest::prelude::*;

fn devices() -> &'static [CpuDevice] {
    static DEVICES: std::sync::OnceLock<Vec<CpuDevice>> = std::sync::OnceLock::new();
    DEVICES
        .get_or_init(|| CpuDevice::for_each_instruction_set(CpuOptions { threads: Some(2), ..CpuOptions::default() }))
}

fn threads() -> &'static [CpuDevice] {
    static DEVICES: std::sync::OnceLock<Vec<CpuDevice>> = std::sync::OnceLock::new();
    DEVICES.get_or_init(|| {
        (1..4).map(|n| CpuDevice::new(CpuOptions { threads: Some(n), ..CpuOptions::default() })).collect()
    })
}

/// Whether any number of threads gives the same bits.
fn threads_agree(builder: &Builder) -> bool {
    let results = threads().iter().map(|device| builder.run(device));
    let bytes: Vec<Vec<Vec<u8>>> = results.map(|r| r.iter().map(|t| t.bytes().to_vec()).collect()).collect();
    bytes.windows(2).all(|pair| pair[0] == pair[1])
}

/// How the result of a product is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Epilogue {
    Plain,
    /// Bias along the columns, ELU, and the product itself as a second result.
    BiasElu,
    /// Column-major.
    Turned,
    /// Added to what the result holds.
    Accumulate,
    /// Truth values, which also depend on a vector along the rows.
    Bytes,
}

fn matrix(buffer: BufferId, rows: usize, columns: usize, turned: bool) -> MatrixView {
    let (row, column) = if turned { (1, rows) } else { (columns, 1) };
    MatrixView { buffer, offset: 0, batch: rows * columns, rows: row, columns: column, loops: None }
}

/// Numbers that bfloat16 holds: rounding them changes nothing.
fn operand(dice: &mut Dice, count: usize) -> Vec<f64> {
    let rounded = |x: f64| f64::from(f32::from_bits((x as f32).to_bits() & 0xFFFF_0000));
    dice.values(count, DType::F32).into_iter().map(rounded).collect()
}

fn product([batch, m, n, k]: [usize; 4], turned: [bool; 2], epilogue: Epilogue, seed: u64) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(seed));
    let values = operand(&mut dice, batch * m * k);
    let a = builder.input([batch, m, k], DType::F32, values);
    let values = operand(&mut dice, batch * k * n);
    let b = builder.input([batch, k, n], DType::F32, values);
    let operands = [matrix(a, m, k, turned[0]), matrix(b, k, n, turned[1])];
    multiply(&mut builder, &mut dice, [batch, m, n, k], operands, epilogue);
    builder
}

/// Adds a product of two operands.
fn multiply(
    builder: &mut Builder,
    dice: &mut Dice,
    [batch, m, n, k]: [usize; 4],
    [a, b]: [MatrixView; 2],
    epilogue: Epilogue,
) {
    let domain = [batch, m, n];
    let mut body = BodyBuilder::default();
    let sum = body.push(Instr::Accumulator, DType::F32);
    let mut stores = Vec::new();
    match epilogue {
        Epilogue::Plain => {
            let buffer = builder.output(domain, DType::F32);
            stores.push(Store { value: sum, buffer, view: dense(&domain) });
        }
        Epilogue::BiasElu => {
            let values = dice.values(n, DType::F32);
            let bias = builder.input([n], DType::F32, values);
            let bias = body.load(bias, View { offset: 0, strides: vec![0, 0, 1] }, DType::F32);
            let biased = body.binary(BinaryOp::Add, sum, bias);
            let value = body.unary(UnaryOp::Elu { alpha: Real::new(1.0) }, biased);
            for value in [value, sum] {
                let buffer = builder.output(domain, DType::F32);
                stores.push(Store { value, buffer, view: dense(&domain) });
            }
        }
        Epilogue::Turned => {
            let buffer = builder.output(domain, DType::F32);
            let view = View { offset: 0, strides: vec![m * n, 1, m] };
            stores.push(Store { value: sum, buffer, view });
        }
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
            let low = body.push(Instr::Compare(glorot_graph::CompareOp::Lt, scale, half), DType::Bool);
            let finite = body.unary(UnaryOp::IsFinite, sum);
            let value = body.binary(BinaryOp::And, low, finite);
            let buffer = builder.output(domain, DType::Bool);
            stores.push(Store { value, buffer, view: dense(&domain) });
        }
    }
    let epilogue = MapKernel { domain: domain.into(), body: body.0, stores };
    builder.kernel(Kernel::MatMul(MatMulKernel { batch, m, n, k, a, b, epilogue }));
}

/// How far sums of `k` terms of about 1 may be off. They grow as √k, and so do the roundings of them, of which there are
/// `k`: errors grow as `k`.
fn tolerance(k: usize) -> f64 {
    1e-7 * k.max(1000) as f64
}

fn count(loops: &[Loop]) -> usize {
    loops.iter().map(|turn| turn.length).product()
}

/// A product whose first operand lies as loops say, by a matrix of `n` columns.
fn gathered(loops: &MatrixLoops, n: usize, epilogue: Epilogue, seed: u64) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(seed));
    let (m, k) = (count(&loops.rows), count(&loops.columns));
    let all = loops.rows.iter().chain(&loops.columns);
    let numel = 4 + all.map(|turn| (turn.length - 1) * turn.stride).sum::<usize>();
    let values = operand(&mut dice, numel);
    let a = builder.input([numel], DType::F32, values);
    let values = operand(&mut dice, k * n);
    let b = builder.input([k, n], DType::F32, values);
    let a = MatrixView { buffer: a, offset: 3, batch: 0, rows: 0, columns: 0, loops: Some(loops.clone()) };
    multiply(&mut builder, &mut dice, [1, m, n, k], [a, matrix(b, k, n, false)], epilogue);
    builder
}

fn nests() -> impl Strategy<Value = MatrixLoops> {
    let turns =
        |length: std::ops::Range<usize>| (length, 0usize..20).prop_map(|(length, stride)| Loop { length, stride });
    let rows = prop::collection::vec(turns(1..8), 1..4);
    let columns = (prop::collection::vec(turns(1..6), 0..3), prop_oneof![turns(3..20), turns(128..150)]);
    // Lengths above 128 with no other divisor have no runs.
    let fits = |turn: &Loop| turn.length < 128 || [128, 130, 132, 135, 140, 144].contains(&turn.length);
    (rows, columns).prop_filter_map("no runs", move |(rows, (mut columns, last))| {
        columns.push(last);
        fits(&last).then_some(MatrixLoops { rows, columns })
    })
}

fn epilogues() -> impl Strategy<Value = Epilogue> {
    prop::sample::select(vec![
        Epilogue::Plain,
        Epilogue::BiasElu,
        Epilogue::Turned,
        Epilogue::Accumulate,
        Epilogue::Bytes,
    ])
}

fn shapes() -> impl Strategy<Value = [usize; 4]> {
    prop_oneof![
        [1usize..4, 0usize..30, 0usize..30, 1usize..30],
        [1usize..2, 1usize..70, 1usize..200, 1usize..100],
        [1usize..2, 1usize..3, 1usize..300, 1usize..600],
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn products_mean_what_they_say(shape in shapes(), turned: [bool; 2], epilogue in epilogues(), seed: u64) {
        let builder = product(shape, turned, epilogue, seed);
        for device in devices() {
            builder.check(device, 1e-4);
        }
    }
}

proptest! {
    #[test]
    fn operands_are_gathered(loops in nests(), n in 1usize..130, epilogue in epilogues(), seed: u64) {
        let builder = gathered(&loops, n, epilogue, seed);
        for device in devices() {
            builder.check(device, tolerance(count(&loops.columns)));
        }
    }
}

#[test]
fn long_and_wide_products_of_gathered_operands() {
    let turn = |length, stride| Loop { length, stride };
    // Positions and taps of windows of 3 by 3 over images of 20 by 20 with 8 channels, and the other way about.
    let (positions, taps) = ([turn(4, 3200), turn(18, 160), turn(18, 8)], [turn(3, 160), turn(24, 1)]);
    for [rows, columns] in [[&positions[..], &taps[..]], [&taps, &positions]] {
        let loops = MatrixLoops { rows: rows.to_vec(), columns: columns.to_vec() };
        for (n, epilogue) in [(20, Epilogue::Accumulate), (70, Epilogue::BiasElu), (515, Epilogue::BiasElu)] {
            let builder = gathered(&loops, n, epilogue, 8);
            devices().iter().for_each(|device| builder.check(device, 1e-4));
            assert!(threads_agree(&builder), "{loops:?} {n}");
        }
    }
}

/// Devices that multiply in bfloat16 where they can.
fn in_bfloat16() -> impl Iterator<Item = CpuDevice> {
    (1..3).map(|n| CpuDevice::new(CpuOptions { threads: Some(n), bfloat16: true, ..CpuOptions::default() }))
}

proptest! {
    #[test]
    fn products_in_bfloat16(
        (m, n, k) in (20usize..90, 30usize..120, 10usize..600),
        turned: [bool; 2],
        epilogue in epilogues(),
        seed: u64,
    ) {
        let builder = product([1, m, n, k], turned, epilogue, seed);
        in_bfloat16().for_each(|device| builder.check(&device, 1e-4));
    }

    #[test]
    fn gathered_products_in_bfloat16(loops in nests(), n in 24usize..130, epilogue in epilogues(), seed: u64) {
        let builder = gathered(&loops, n, epilogue, seed);
        in_bfloat16().for_each(|device| builder.check(&device, tolerance(count(&loops.columns))));
    }
}

/// Checks a product in bfloat16, with one thread and with two.
fn check_in_bfloat16(builder: &Builder) {
    let bytes = |device: CpuDevice| {
        builder.check(&device, 1e-4);
        builder.run(&device).iter().map(|tensor| tensor.bytes().to_vec()).collect::<Vec<_>>()
    };
    let results: Vec<_> = in_bfloat16().map(bytes).collect();
    assert_eq!(results[0], results[1]);
}

#[test]
fn large_products_in_bfloat16() {
    // The second is cut along its steps.
    for shape in [[2, 900, 130, 700], [1, 48, 100, 3072]] {
        for turned in [[false, false], [true, false], [false, true]] {
            check_in_bfloat16(&product(shape, turned, Epilogue::BiasElu, 6));
        }
    }
    // Few rows, many steps, gathered.
    let turn = |length, stride| Loop { length, stride };
    let loops = MatrixLoops { rows: vec![turn(6, 500), turn(8, 30)], columns: vec![turn(30, 50), turn(40, 1)] };
    check_in_bfloat16(&gathered(&loops, 100, Epilogue::BiasElu, 6));
}

#[test]
fn bfloat16_rounds_operands_and_nothing_else() {
    let device = CpuDevice::new(CpuOptions { bfloat16: true, ..CpuOptions::default() });
    if !device.description().contains("AVX512-BF16") {
        return;
    }
    // 1 + 2^-8 lies between two numbers, of which 1 is even; 257 such products are no number of bfloat16.
    let (m, n, k) = (64, 64, 257);
    let mut builder = Builder::default();
    let a = builder.input([m, k], DType::F32, vec![1.0 + 1.0 / 256.0; m * k]);
    let b = builder.input([k, n], DType::F32, vec![1.0; k * n]);
    let operands = [matrix(a, m, k, false), matrix(b, k, n, false)];
    multiply(&mut builder, &mut Dice::new(1), [1, m, n, k], operands, Epilogue::Plain);
    assert_eq!(builder.run(&device)[0].to_f64(), vec![257.0; m * n]);
}

#[test]
fn operands_that_cannot_be_gathered_are_refused() {
    let turn = |length, stride| Loop { length, stride };
    let refusal = |columns: Vec<Loop>| {
        let builder = gathered(&MatrixLoops { rows: vec![turn(4, 2)], columns }, 5, Epilogue::Plain, 9);
        builder.try_run(&devices()[0]).unwrap_err().0
    };
    let expected = "invalid program: a matrix product cannot read an operand that lies so";
    assert_eq!(refusal(vec![turn(9, 1), turn(2, 1)]), expected);
    assert_eq!(refusal(vec![turn(131, 1)]), expected);
}

#[test]
fn products_of_one_point_are_read_after_they_are_computed() {
    for epilogue in [Epilogue::Plain, Epilogue::BiasElu, Epilogue::Turned, Epilogue::Accumulate, Epilogue::Bytes] {
        for shape in [[1, 1, 1, 2], [1, 1, 1, 100], [3, 1, 1, 5]] {
            let builder = product(shape, [false, false], epilogue, 7);
            devices().iter().for_each(|device| builder.check(device, 1e-4));
        }
    }
}

#[test]
fn threads_do_not_show() {
    for shape in [
        [1, 32, 100, 3072],
        [1, 100, 100, 32],
        [1, 3072, 100, 32],
        [1, 300, 300, 300],
        [20, 33, 65, 17],
        [1, 1, 1000, 1000],
    ] {
        for turned in [[false, false], [true, false], [false, true]] {
            let builder = product(shape, turned, Epilogue::BiasElu, 5);
            assert!(threads_agree(&builder), "{shape:?} {turned:?}");
        }
    }
}

#[test]
fn large_products_are_accurate() {
    for turned in [[false, false], [true, true]] {
        let builder = product([1, 130, 520, 700], turned, Epilogue::BiasElu, 6);
        for device in devices() {
            builder.check(device, 1e-4);
        }
    }
}

/// States of more than a megabyte are fetched while they are computed.
#[test]
fn large_states_are_updated() {
    for shape in [[1, 3100, 100, 32], [1, 530, 515, 13], [1, 9000, 37, 5], [1, 700, 450, 600]] {
        let builder = product(shape, [true, false], Epilogue::Accumulate, 10);
        devices().iter().for_each(|device| builder.check(device, 1e-4));
        assert!(threads_agree(&builder), "{shape:?}");
    }
}

#[test]
fn rows_are_gathered_and_scattered() {
    let mut dice = Dice::new(4);
    for dtype in [DType::F32, DType::I32, DType::U8] {
        for (rows, row_len, table_rows) in [(50, 7, 9), (3000, 64, 100), (0, 3, 2), (4, 0, 3)] {
            let mut builder = Builder::default();
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
                let kernel = ScatterAddKernel { indices, source, output, rows, row_len, table_rows };
                builder.kernel(Kernel::ScatterAdd(kernel));
            }
            for device in devices() {
                builder.check(device, 1e-5);
            }
        }
    }
}

#[test]
fn windows_are_folded() {
    let axis = |length, positions, size, stride, dilation| FoldAxis { length, positions, size, stride, dilation };
    let cases = [
        (2, vec![axis(7, 5, 3, 1, 1)], 4),
        (3, vec![axis(20, 6, 3, 3, 2)], 1),
        (2, vec![axis(6, 3, 2, 2, 1), axis(9, 4, 3, 2, 1)], 5),
        (32, vec![axis(28, 26, 3, 1, 1), axis(28, 26, 3, 1, 1)], 8),
    ];
    for (outer, axes, inner) in cases {
        let (mut builder, mut dice) = (Builder::default(), Dice::new(8));
        let count = |of: fn(&FoldAxis) -> usize| axes.iter().map(of).product::<usize>();
        let len = outer * count(|axis| axis.positions * axis.size) * inner;
        let values = dice.values(len, DType::F32);
        let source = builder.input([len], DType::F32, values);
        let output = builder.output([outer * count(|axis| axis.length) * inner], DType::F32);
        builder.kernel(Kernel::FoldWindows(FoldWindowsKernel { source, product: None, output, outer, axes, inner }));
        for device in devices() {
            builder.check(device, 1e-6);
        }
    }
}

#[test]
fn windows_of_products_are_folded() {
    let axis = |length, positions, size, stride, dilation| FoldAxis { length, positions, size, stride, dilation };
    let cases = [
        (2, vec![axis(7, 5, 3, 1, 1)], 4, 9),
        (3, vec![axis(20, 6, 3, 3, 2)], 1, 4),
        (2, vec![axis(6, 3, 2, 2, 1), axis(9, 4, 3, 2, 1)], 5, 40),
        (9, vec![axis(4, 3, 2, 1, 1), axis(5, 2, 2, 2, 2), axis(7, 5, 3, 1, 1)], 2, 3),
        // Several bands; of short rows, so that there is room for many.
        (3, vec![axis(28, 26, 3, 1, 1), axis(28, 26, 3, 1, 1)], 32, 20),
        (3, vec![axis(38, 36, 3, 1, 1), axis(38, 36, 3, 1, 1)], 4, 300),
    ];
    for (outer, axes, inner, k) in cases {
        for turned in [[false, false], [true, false], [false, true]] {
            let builder = folded_product(outer, &axes, inner, k, turned, 8);
            devices().iter().for_each(|device| builder.check(device, 1e-4));
            in_bfloat16().for_each(|device| builder.check(&device, 1e-4));
            assert!(threads_agree(&builder));
        }
    }
}

/// Windows that are the rows of a product, added up.
fn folded_product(outer: usize, axes: &[FoldAxis], inner: usize, k: usize, turned: [bool; 2], seed: u64) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(seed));
    let count = |of: fn(&FoldAxis) -> usize| axes.iter().map(of).product::<usize>();
    let (m, n) = (outer * count(|axis| axis.positions), count(|axis| axis.size) * inner);
    let values = operand(&mut dice, m * k);
    let a = builder.input([m, k], DType::F32, values);
    let values = operand(&mut dice, k * n);
    let b = builder.input([k, n], DType::F32, values);
    let source = builder.scratch([m, n], DType::F32);
    let output = builder.output([outer * count(|axis| axis.length) * inner], DType::F32);
    let (a, b) = (matrix(a, m, k, turned[0]), matrix(b, k, n, turned[1]));
    let epilogue = MapKernel { domain: [1, m, n].into(), body: Body::default(), stores: vec![] };
    let product = Some(Box::new(MatMulKernel { batch: 1, m, n, k, a, b, epilogue }));
    let axes = axes.to_vec();
    builder.kernel(Kernel::FoldWindows(FoldWindowsKernel { source, product, output, outer, axes, inner }));
    builder
}

/// An axis of up to 40 windows.
fn any_axis() -> impl Strategy<Value = FoldAxis> {
    (1usize..40, 1usize..4, 1usize..3, 1usize..3, 0usize..2).prop_map(|(positions, size, stride, dilation, rest)| {
        let length = (positions - 1) * stride + (size - 1) * dilation + 1 + rest;
        FoldAxis { length, positions, size, stride, dilation }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_windows_of_products_are_folded(
        outer in 1usize..6,
        axes in prop::collection::vec(any_axis(), 1..3),
        inner in 1usize..30,
        k in 1usize..160,
        turned: [bool; 2],
        seed: u64,
    ) {
        let builder = folded_product(outer, &axes, inner, k, turned, seed);
        devices().iter().for_each(|device| builder.check(device, 1e-4));
        in_bfloat16().for_each(|device| builder.check(&device, 1e-4));
    }
}
