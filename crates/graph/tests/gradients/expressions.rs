//! Gradients of whole expressions, as layers and losses build them.

use crate::support::*;
use glorot_graph::{Padding, Result, Sym, Tracer};
use glorot_tensor::{DType, Shape};
use proptest::prelude::*;

/// `log(sum(exp(x)))` along the last axis, kept, without overflow.
fn log_sum_exp(x: &Sym) -> Result<Sym> {
    let axis = [x.rank() - 1];
    let largest = x.max(&axis, true)?.stop_gradient()?;
    x.sub(&largest)?.exp()?.sum(&axis, true)?.log()?.add(&largest)
}

/// Crossentropy of softmax(logits) with sparse labels.
fn crossentropy(labels: &Sym, logits: &Sym) -> Result<Sym> {
    let (rows, classes) = (logits.shape()[0], logits.shape()[1]);
    let class = logits.tracer().iota([rows, classes], 1, DType::I32)?;
    let hot = class.equal(&labels.reshape([rows, 1])?)?.cast(DType::F32)?;
    let log_probabilities = logits.sub(&log_sum_exp(logits)?)?;
    log_probabilities.mul(&hot)?.sum(&[1], false)?.neg()
}

/// `(x - mean) / sqrt(variance + epsilon) * gamma + beta`, with moments over `axes`.
fn normalize(x: &Sym, axes: &[usize], gamma: &Sym, beta: &Sym) -> Result<Sym> {
    let centered = x.sub(&x.mean(axes, true)?)?;
    let variance = centered.square()?.mean(axes, true)?;
    centered.mul(&variance.add_scalar(1e-3)?.rsqrt()?)?.mul(gamma)?.add(beta)
}

proptest! {
    #[test]
    fn softmax_crossentropy(rows in 1usize..=4, classes in 1usize..=4, seed: u64) {
        let labels = integers(&Shape::from([rows]), seed, 0, classes as i32);
        let logits = uniform(&Shape::from([rows, classes]), seed, -3.0, 3.0);
        check_gradient(|_, x| crossentropy(&x[0], &x[1]), &[labels, logits]);
    }

    #[test]
    fn batch_normalization(rows in 2usize..=4, columns in 1usize..=4, seed: u64) {
        let x = uniform(&Shape::from([rows, columns]), seed, -1.0, 1.0);
        let (gamma, beta) = (uniform(&Shape::from([columns]), seed ^ 1, 0.5, 1.5), uniform(&Shape::from([columns]), seed ^ 2, -1.0, 1.0));
        check_gradient(|_, x| normalize(&x[0], &[0], &x[1], &x[2]), &[x, gamma, beta]);
    }

    #[test]
    fn layer_normalization(rows in 1usize..=3, columns in 2usize..=5, seed: u64) {
        let x = uniform(&Shape::from([2, rows, columns]), seed, -1.0, 1.0);
        let (gamma, beta) = (uniform(&Shape::from([columns]), seed ^ 1, 0.5, 1.5), uniform(&Shape::from([columns]), seed ^ 2, -1.0, 1.0));
        check_gradient(|_, x| normalize(&x[0], &[2], &x[1], &x[2]), &[x, gamma, beta]);
    }

    #[test]
    fn attention(queries in 1usize..=3, keys in 1usize..=3, width in 1usize..=3, seed: u64) {
        let tensor = |rows: usize, stream: u64| uniform(&Shape::from([2, rows, width]), seed ^ stream, -1.0, 1.0);
        let build = |_: &Tracer, x: &[Sym]| {
            let scores = x[0].mat_mul_with(&x[1], false, true)?.mul_scalar((width as f64).powf(-0.5))?;
            let weights = scores.sub(&log_sum_exp(&scores)?)?.exp()?;
            weights.mat_mul(&x[2])
        };
        check_gradient(build, &[tensor(queries, 0), tensor(keys, 1), tensor(keys, 2)]);
    }

    #[test]
    fn two_dense_layers(rows in 1usize..=3, units in 1usize..=4, seed: u64) {
        let tensor = |dims: &[usize], stream: u64| uniform(&Shape::from(dims), seed ^ stream, -1.0, 1.0);
        let values = [
            integers(&Shape::from([rows]), seed, 0, 3),
            tensor(&[rows, 2], 0),
            tensor(&[2, units], 1),
            tensor(&[units], 2),
            tensor(&[units, 3], 3),
        ];
        let build = |_: &Tracer, x: &[Sym]| {
            let hidden = x[1].mat_mul(&x[2])?.add(&x[3])?.elu(1.0)?;
            crossentropy(&x[0], &hidden.mat_mul(&x[4])?)?.mean_all()
        };
        check_gradient(build, &values);
    }

    #[test]
    fn max_pooling(length in 2usize..=6, size in 1usize..=3, stride in 1usize..=3, seed: u64) {
        let values = distinct(&[&Shape::from([1, length, 4, 2])], seed);
        check_gradient(|_, x| x[0].max_pool(&[size, 2], &[stride, 2], Padding::Same), &values);
    }

    /// The gradient is a graph like any other: it can be differentiated once more.
    #[test]
    fn gradients_of_gradients(rows in 1usize..=3, columns in 1usize..=3, seed: u64) {
        let values = [
            uniform(&Shape::from([rows, columns]), seed, -1.0, 1.0),
            uniform(&Shape::from([columns, 2]), seed ^ 1, -1.0, 1.0),
        ];
        let penalty = |tracer: &Tracer, x: &[Sym]| {
            let loss = x[0].mat_mul(&x[1])?.tanh()?.square()?.mean_all()?;
            let gradient = tracer.gradients(&loss, &x[..1])?.remove(0);
            gradient.square()?.sum_all()?.add_scalar(1e-2)?.sqrt()
        };
        check_gradient(penalty, &values);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn convolution_and_pooling(
        (length, size, stride, dilation) in (3usize..=5, 1usize..=3, 1usize..=2, 1usize..=2),
        (groups, multiplier, tiled, same) in (1usize..=2, 1usize..=2, any::<bool>(), any::<bool>()),
        seed: u64,
    ) {
        let padding = if same { Padding::Same } else { Padding::Causal };
        let kernel = Shape::from([size, 2, 2, 2 * groups]);
        let values = [
            uniform(&Shape::from([2, length, 4, 2 * groups]), seed, -1.0, 1.0),
            uniform(&kernel, seed ^ 1, -1.0, 1.0),
            uniform(&Shape::from([size, 1, 2 * groups, multiplier]), seed ^ 2, -1.0, 1.0),
        ];
        let steps = [stride, 1];
        let network = |_: &Tracer, x: &[Sym]| {
            let hidden = x[0].conv(&x[1], &steps, padding, &[dilation, 1], groups)?.tanh()?;
            let pooled = hidden.average_pool(&[2, 2], if tiled { &[2, 2] } else { &steps }, Padding::Same)?;
            pooled.depthwise_conv(&x[2], &steps, padding, &[dilation, 1])?.square()
        };
        check_gradient(network, &values);
    }
}
