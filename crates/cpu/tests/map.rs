//! Map kernels against their plain meaning.

mod common;

use common::bodies::random_body;
use common::{BodyBuilder, Builder, Dice, dense};
use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::program::*;
use glorot_graph::{BinaryOp, CompareOp, RandomKind, Real, UnaryOp};
use glorot_tensor::DType;
use proptest::prelude::*;

fn devices() -> Vec<CpuDevice> {
    CpuDevice::for_each_instruction_set(CpuOptions { threads: Some(2), ..CpuOptions::default() })
}

/// A random kernel whose values are stored densely, the last of them also transposed.
fn random_kernel(seed: u64, domain: &[usize]) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(seed));
    let steps = 1 + dice.below(12);
    let body = random_body(&mut builder, &mut dice, domain, steps);
    let count = body.0.instrs.len();
    let mut stores = Vec::new();
    for _ in 0..1 + dice.below(3) {
        let value = if dice.below(2) == 0 { count - 1 } else { dice.below(count) };
        let mut view = dense(domain);
        if dice.below(3) == 0 {
            // Column-major.
            let mut reach = 1;
            for (stride, dim) in view.strides.iter_mut().zip(domain) {
                *stride = reach;
                reach *= dim;
            }
        }
        let buffer = builder.output([domain.iter().product::<usize>()], body.0.dtypes[value]);
        stores.push(Store { value: value as u32, buffer, view });
    }
    builder.kernel(Kernel::Map(MapKernel { domain: domain.into(), body: body.0, stores }));
    builder
}

fn domains() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        prop::collection::vec(1usize..7, 0..5),
        prop::collection::vec(0usize..40, 2..4),
        (1usize..4, 1usize..1500).prop_map(|(a, b)| vec![a, b]),
        (1usize..1500, 1usize..4).prop_map(|(a, b)| vec![a, b]),
        (1usize..60, 90usize..300).prop_map(|(a, b)| vec![a, b]),
        // Rows of whole vectors.
        (1usize..4, 2usize..40, 1usize..5).prop_map(|(a, b, c)| vec![a, b, 16 * c]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn random_kernels_mean_what_they_say(seed in any::<u64>(), domain in domains()) {
        let builder = random_kernel(seed, &domain);
        for device in devices_once() {
            builder.check(device, 2e-4);
        }
    }

    #[test]
    fn threads_do_not_show(seed in any::<u64>(), rows in 1usize..300, columns in 1usize..700) {
        let builder = random_kernel(seed, &[rows, columns]);
        let results = threads_once().iter().map(|device| builder.run(device));
        let bytes: Vec<Vec<Vec<u8>>> = results.map(|r| r.iter().map(|t| t.bytes().to_vec()).collect()).collect();
        prop_assert!(bytes.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

fn devices_once() -> &'static [CpuDevice] {
    static DEVICES: std::sync::OnceLock<Vec<CpuDevice>> = std::sync::OnceLock::new();
    DEVICES.get_or_init(devices)
}

/// Devices of 1, 2 and 3 threads.
fn threads_once() -> &'static [CpuDevice] {
    static DEVICES: std::sync::OnceLock<Vec<CpuDevice>> = std::sync::OnceLock::new();
    DEVICES.get_or_init(|| {
        (1..4).map(|n| CpuDevice::new(CpuOptions { threads: Some(n), ..CpuOptions::default() })).collect()
    })
}

const SPECIAL: [f64; 12] =
    [0.0, -0.0, 1.0, -1.5, 2.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e30, -1e30, 1e-30, 300.7];

#[test]
fn every_unary_function_of_special_values() {
    use UnaryOp::*;
    let elu = Elu { alpha: Real::new(0.5) };
    let ops = [
        Neg, Abs, Sign, Exp, Expm1, Log, Log1p, Sqrt, Rsqrt, Reciprocal, Square, Sin, Cos, Tanh, Sigmoid, Relu, elu,
        Erf, Floor, Ceil, Round, IsFinite,
    ];
    for op in ops {
        let mut builder = Builder::default();
        let n = SPECIAL.len();
        let x = builder.input([n], DType::F32, SPECIAL.to_vec());
        let mut body = BodyBuilder::default();
        let a = body.load(x, dense(&[n]), DType::F32);
        let value = body.unary(op, a);
        let out = builder.output([n], body.0.dtypes[value as usize]);
        let stores = vec![Store { value, buffer: out, view: dense(&[n]) }];
        builder.kernel(Kernel::Map(MapKernel { domain: [n].into(), body: body.0, stores }));
        for device in devices_once() {
            builder.check(device, 1e-6);
        }
    }
}

#[test]
fn every_binary_function_and_comparison_of_special_values() {
    use BinaryOp::*;
    let n = SPECIAL.len();
    let rows = View { offset: 0, strides: vec![1, 0] };
    let columns = View { offset: 0, strides: vec![0, 1] };
    for dtype in [DType::F32, DType::I32] {
        let mut builder = Builder::default();
        let mut values = SPECIAL.to_vec();
        if dtype == DType::I32 {
            values =
                vec![0.0, 1.0, -1.0, 7.0, -7.0, 3.0, -3.0, f64::from(i32::MIN), f64::from(i32::MAX), 100.0, 2.0, -2.0];
        }
        let x = builder.input([n], dtype, values);
        let mut body = BodyBuilder::default();
        let (a, b) = (body.load(x, rows.clone(), dtype), body.load(x, columns.clone(), dtype));
        let mut ops = vec![Add, Sub, Mul, Div, Max, Min, Mod];
        if dtype == DType::F32 {
            ops.push(Pow);
        }
        let mut stores = Vec::new();
        for op in ops {
            let value = body.binary(op, a, b);
            stores.push(Store { value, buffer: builder.output([n, n], dtype), view: dense(&[n, n]) });
        }
        for op in [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge] {
            let value = body.push(Instr::Compare(op, a, b), DType::Bool);
            stores.push(Store { value, buffer: builder.output([n, n], DType::Bool), view: dense(&[n, n]) });
        }
        for to in [DType::F32, DType::I32, DType::U8, DType::Bool] {
            let value = body.push(Instr::Cast { value: a, to }, to);
            stores.push(Store { value, buffer: builder.output([n, n], to), view: dense(&[n, n]) });
        }
        builder.kernel(Kernel::Map(MapKernel { domain: [n, n].into(), body: body.0, stores }));
        for device in devices_once() {
            builder.check(device, 1e-6);
        }
    }
}

#[test]
fn elu_of_sums_and_its_gradient() {
    let special = [0.0, -0.0, 1e-7, -1e-7, -0.5, 2.0, -30.0, 100.0, -1e30, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    for (alpha, domain) in [(1.0, [100, 32]), (0.5, [7, 45]), (1.3, [1, 300]), (-0.5, [30, 16])] {
        let (mut builder, mut dice) = (Builder::default(), Dice::new(3));
        let count = domain.iter().product();
        let mut values = dice.values(count, DType::F32);
        values[..special.len()].copy_from_slice(&special);
        let x = builder.input(domain, DType::F32, values);
        let mut biases = dice.values(domain[0], DType::F32);
        biases[0] = 0.0;
        let bias = builder.input([domain[0]], DType::F32, biases);
        let values = dice.values(count, DType::F32);
        let upstream = builder.input(domain, DType::F32, values);
        let mut body = BodyBuilder::default();
        let x = body.load(x, dense(&domain), DType::F32);
        let bias = body.load(bias, View { offset: 0, strides: vec![1, 0] }, DType::F32);
        let upstream = body.load(upstream, dense(&domain), DType::F32);
        let sum = body.binary(BinaryOp::Add, x, bias);
        let y = body.unary(UnaryOp::Elu { alpha: Real::new(alpha) }, sum);
        // With a negative alpha the sign of the argument is asked for.
        let signed = if alpha < 0.0 { sum } else { y };
        let (zero, one, alpha) = (body.fill(0.0), body.fill(1.0), body.fill(alpha));
        let condition = body.push(Instr::Compare(CompareOp::Gt, signed, zero), DType::Bool);
        let on_false = body.binary(BinaryOp::Add, y, alpha);
        let slope = body.push(Instr::Select { condition, on_true: one, on_false }, DType::F32);
        let gradient = body.binary(BinaryOp::Mul, slope, upstream);
        let mut store = |value| Store { value, buffer: builder.output(domain, DType::F32), view: dense(&domain) };
        let stores = vec![store(y), store(gradient)];
        builder.kernel(Kernel::Map(MapKernel { domain: domain.into(), body: body.0, stores }));
        devices_once().iter().for_each(|device| builder.check(device, 1e-6));
    }
}

#[test]
fn random_numbers_are_those_of_the_definition() {
    let layouts = [(3, [100, 1]), (0, [100, 1]), (0, [1, 37]), (0, [1, 40]), (6, [1, 40]), (5, [700, 3]), (1, [0, 2])];
    for (kind, tolerance) in [(RandomKind::Uniform, 0.0), (RandomKind::Normal, 1e-6)] {
        let mut builder = Builder::default();
        let state = builder.state([4], DType::I32, vec![58.0, -3.0, 1e9, 7.0]);
        let domain = [38, 100];
        let (mut body, mut stores) = (BodyBuilder::default(), Vec::new());
        for (offset, strides) in layouts {
            let element = View { offset, strides: strides.to_vec() };
            let value = body.push(Instr::Random { kind, stream: 5, state, element }, DType::F32);
            stores.push(Store { value, buffer: builder.output(domain, DType::F32), view: dense(&domain) });
        }
        builder.kernel(Kernel::Map(MapKernel { domain: domain.into(), body: body.0, stores }));
        for device in devices_once() {
            builder.check(device, tolerance);
        }
    }
}

/// States that are read and written through one view, and a value that is used after its buffer was stored to.
#[test]
fn states_are_updated_in_place() {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(1));
    let n = 2000;
    let [m, p] = [(); 2].map(|()| {
        let values = dice.values(n, DType::F32);
        builder.state([n], DType::F32, values)
    });
    let gradient = dice.values(n, DType::F32);
    let g = builder.input([n], DType::F32, gradient);
    let out = builder.output([n], DType::F32);
    let mut body = BodyBuilder::default();
    let [m0, p0, g0] = [m, p, g].map(|buffer| body.load(buffer, dense(&[n]), DType::F32));
    let beta = body.fill(0.9);
    let scaled = body.binary(BinaryOp::Mul, m0, beta);
    let m1 = body.binary(BinaryOp::Add, scaled, g0);
    let p1 = body.binary(BinaryOp::Sub, p0, m1);
    // The old momentum and parameter once more.
    let old = body.binary(BinaryOp::Mul, m0, p0);
    let view = dense(&[n]);
    let store = |value, buffer| Store { value, buffer, view: view.clone() };
    let stores = vec![store(m1, m), store(p1, p), store(old, out)];
    builder.kernel(Kernel::Map(MapKernel { domain: [n].into(), body: body.0, stores }));
    for device in devices_once() {
        builder.check(device, 1e-6);
    }
}

/// Two states that change places.
#[test]
fn values_are_swapped() {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(1));
    let n = 1000;
    let [a, b] = [(); 2].map(|()| {
        let values = dice.values(n, DType::F32);
        builder.state([n], DType::F32, values)
    });
    let mut body = BodyBuilder::default();
    let [x, y] = [a, b].map(|buffer| body.load(buffer, dense(&[n]), DType::F32));
    let stores = [(x, b), (y, a)].map(|(value, buffer)| Store { value, buffer, view: dense(&[n]) });
    builder.kernel(Kernel::Map(MapKernel { domain: [n].into(), body: body.0, stores: stores.to_vec() }));
    for device in devices_once() {
        builder.check(device, 0.0);
    }
}

/// The updates of Adam and Nadam, which are one loop each, over lengths with and without whole vectors.
#[test]
fn updates_of_optimizers_mean_what_they_say() {
    for (n, nadam, decay) in [(37, true, false), (5000, true, false), (37, false, false), (4099, false, true)] {
        let (mut builder, mut dice) = (Builder::default(), Dice::new(n as u64));
        let mut state = |scale: f64, shift: f64| {
            let values = dice.values(n, DType::F32).into_iter().map(|value| shift + scale * value).collect();
            builder.state([n], DType::F32, values)
        };
        let (w, m, v, g) = (state(1.0, 0.0), state(0.1, 0.0), state(0.01, 0.03), state(0.2, 0.0));
        let rate = builder.state([], DType::F32, vec![0.05]);
        let mut body = BodyBuilder::default();
        let [mut w0, m0, v0, g0] = [w, m, v, g].map(|buffer| body.load(buffer, dense(&[n]), DType::F32));
        let rate = body.load(rate, View { offset: 0, strides: vec![0] }, DType::F32);
        if decay {
            let factor = body.fill(0.01);
            let step = body.binary(BinaryOp::Mul, w0, factor);
            w0 = body.binary(BinaryOp::Sub, w0, step);
        }
        let towards = |body: &mut BodyBuilder, average, value, rest| {
            let rest = body.fill(rest);
            let difference = body.binary(BinaryOp::Sub, value, average);
            let step = body.binary(BinaryOp::Mul, difference, rest);
            body.binary(BinaryOp::Add, average, step)
        };
        let m1 = towards(&mut body, m0, g0, 0.1);
        let square = body.unary(UnaryOp::Square, g0);
        let v1 = towards(&mut body, v0, square, 0.001);
        let mut numerator = body.binary(BinaryOp::Mul, m1, rate);
        if nadam {
            let weight = body.fill(0.02);
            let of_gradient = body.binary(BinaryOp::Mul, g0, weight);
            numerator = body.binary(BinaryOp::Add, numerator, of_gradient);
        }
        let root = body.unary(UnaryOp::Sqrt, v1);
        let epsilon = body.fill(1e-7);
        let denominator = body.binary(BinaryOp::Add, root, epsilon);
        let change = body.binary(BinaryOp::Div, numerator, denominator);
        let w1 = body.binary(BinaryOp::Sub, w0, change);
        let stores = [(w1, w), (m1, m), (v1, v)].map(|(value, buffer)| Store { value, buffer, view: dense(&[n]) });
        builder.kernel(Kernel::Map(MapKernel { domain: [n].into(), body: body.0, stores: stores.to_vec() }));
        for device in devices_once() {
            builder.check(device, 1e-5);
        }
    }
}
