//! Reduce kernels against their plain meaning.

mod common;

use common::bodies::{KINDS, random_body, random_reductions};
use common::{BodyBuilder, Builder, Dice, dense};
use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::UnaryOp;
use glorot_graph::program::*;
use glorot_tensor::DType;
use proptest::prelude::*;

fn devices() -> &'static [CpuDevice] {
    static DEVICES: std::sync::OnceLock<Vec<CpuDevice>> = std::sync::OnceLock::new();
    DEVICES
        .get_or_init(|| CpuDevice::for_each_instruction_set(CpuOptions { threads: Some(2), ..CpuOptions::default() }))
}

/// Devices of 1, 2 and 3 threads.
fn threads() -> &'static [CpuDevice] {
    static DEVICES: std::sync::OnceLock<Vec<CpuDevice>> = std::sync::OnceLock::new();
    DEVICES.get_or_init(|| {
        (1..4).map(|n| CpuDevice::new(CpuOptions { threads: Some(n), ..CpuOptions::default() })).collect()
    })
}

/// A random body, one or two of whose numbers are reduced along random axes.
fn random_kernel(seed: u64, domain: &[usize], all: bool) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(seed));
    let steps = dice.below(6);
    let body = random_body(&mut builder, &mut dice, domain, steps);
    random_reductions(&mut builder, &mut dice, domain, body, all);
    builder
}

fn domains() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        prop::collection::vec(1usize..8, 1..5),
        prop::collection::vec(0usize..40, 2..4),
        (1usize..5, 1usize..1500).prop_map(|(a, b)| vec![a, b]),
        (1usize..1500, 1usize..5).prop_map(|(a, b)| vec![a, b]),
        (1usize..5, 1usize..700, 1usize..5).prop_map(|(a, b, c)| vec![a, b, c]),
        (1usize..60, 90usize..300).prop_map(|(a, b)| vec![a, b]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn random_kernels_mean_what_they_say(seed in any::<u64>(), domain in domains()) {
        let builder = random_kernel(seed, &domain, false);
        for device in devices() {
            builder.check(device, 1e-3);
        }
    }

    #[test]
    fn threads_do_not_show(seed in any::<u64>(), rows in 1usize..400, columns in 1usize..900, all: bool) {
        let builder = random_kernel(seed, &[rows, columns], all);
        let results = threads().iter().map(|device| builder.run(device));
        let bytes: Vec<Vec<Vec<u8>>> = results.map(|r| r.iter().map(|t| t.bytes().to_vec()).collect()).collect();
        prop_assert!(bytes.windows(2).all(|pair| pair[0] == pair[1]));
    }
}

/// One reduction of an input as it is.
fn plain(domain: &[usize], axes: &[usize], kind: Reducer, values: Vec<f64>) -> Builder {
    let mut builder = Builder::default();
    let x = builder.input(domain, DType::F32, values);
    let mut body = BodyBuilder::default();
    let value = body.load(x, dense(domain), DType::F32);
    let kept: Vec<usize> = (0..domain.len()).filter(|axis| !axes.contains(axis)).map(|axis| domain[axis]).collect();
    let output = builder.output(kept, if kind == Reducer::ArgMax { DType::I32 } else { DType::F32 });
    let reductions = vec![Reduction { kind, value, output }];
    builder.kernel(Kernel::Reduce(ReduceKernel {
        domain: domain.into(),
        axes: axes.to_vec(),
        body: body.0,
        reductions,
    }));
    builder
}

#[test]
fn sums_of_many_elements_are_accurate() {
    // The mean of 0.1 + noise: naive float32 sums lose four digits here.
    for (domain, axes) in [(vec![1_000_000], vec![0]), (vec![200_000, 5], vec![0]), (vec![2, 300_000], vec![1])] {
        let mut dice = Dice::new(3);
        let count: usize = domain.iter().product();
        let values = dice.values(count, DType::F32).into_iter().map(|v| 0.1 + 0.01 * v).collect();
        let builder = plain(&domain, &axes, KINDS[0], values);
        for device in devices() {
            builder.check(device, 5e-7);
        }
    }
}

#[test]
fn the_first_largest_and_nan_win() {
    for n in [5, 40, 700] {
        for special in [f64::NAN, f64::INFINITY, 9.0] {
            let mut values = vec![1.0; 3 * n];
            values[n + n / 2] = special;
            values[n + n / 2 + 1] = special;
            for kind in [KINDS[2], KINDS[3], KINDS[4]] {
                for (domain, axis) in [(vec![3, n], 1), (vec![n, 3], 0), (vec![3 * n], 0)] {
                    let builder = plain(&domain, &[axis], kind, values.clone());
                    for device in devices() {
                        builder.check(device, 0.0);
                    }
                }
            }
        }
    }
}

#[test]
fn nothing_is_reduced_to_the_identity() {
    for kind in &KINDS[..4] {
        for (domain, axes) in [(vec![3, 0], vec![1]), (vec![0], vec![0]), (vec![0, 4], vec![0])] {
            let builder = plain(&domain, &axes, *kind, vec![]);
            for device in devices() {
                builder.check(device, 0.0);
            }
        }
    }
}

/// What softmax needs of its rows: the sum of exponentials.
#[test]
fn bodies_are_computed_before_they_are_folded() {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(9));
    let values = dice.values(320, DType::F32);
    let x = builder.input([32, 10], DType::F32, values);
    let mut body = BodyBuilder::default();
    let a = body.load(x, dense(&[32, 10]), DType::F32);
    let e = body.unary(UnaryOp::Exp, a);
    let sum = Reduction { kind: KINDS[0], value: e, output: builder.output([32], DType::F32) };
    let max = Reduction { kind: KINDS[2], value: a, output: builder.output([32], DType::F32) };
    let kernel = ReduceKernel { domain: [32, 10].into(), axes: vec![1], body: body.0, reductions: vec![sum, max] };
    builder.kernel(Kernel::Reduce(kernel));
    for device in devices() {
        builder.check(device, 1e-6);
    }
}
