//! The gradient of every op.

use crate::support::*;
use glorot_graph::reference::Value;
use glorot_graph::{BinaryOp, Real, ReduceKind, UnaryOp, Window};
use glorot_tensor::Shape;
use proptest::prelude::*;

/// Every differentiable function of one argument, with an interval in which it is smooth away from 0.
const UNARY: [(UnaryOp, f64, f64); 19] = [
    (UnaryOp::Neg, -2.0, 2.0),
    (UnaryOp::Abs, 0.1, 2.0),
    (UnaryOp::Abs, -2.0, -0.1),
    (UnaryOp::Exp, -2.0, 2.0),
    (UnaryOp::Expm1, -2.0, 2.0),
    (UnaryOp::Log, 0.2, 3.0),
    (UnaryOp::Log1p, -0.8, 2.0),
    (UnaryOp::Sqrt, 0.2, 3.0),
    (UnaryOp::Rsqrt, 0.2, 3.0),
    (UnaryOp::Reciprocal, 0.3, 3.0),
    (UnaryOp::Reciprocal, -3.0, -0.3),
    (UnaryOp::Square, -2.0, 2.0),
    (UnaryOp::Sin, -4.0, 4.0),
    (UnaryOp::Cos, -4.0, 4.0),
    (UnaryOp::Tanh, -3.0, 3.0),
    (UnaryOp::Sigmoid, -6.0, 6.0),
    (UnaryOp::Softplus, -6.0, 6.0),
    (UnaryOp::Erf, -3.0, 3.0),
    (UnaryOp::Relu, 0.1, 2.0),
];

proptest! {
    #[test]
    fn smooth_unary(shape in shapes(0..=4), which in 0..UNARY.len(), seed: u64) {
        let (op, low, high) = UNARY[which];
        check_gradient(|_, x| x[0].unary(op), &[uniform(&shape, seed, low, high)]);
    }

    #[test]
    fn unary_with_kinks(shape in shapes(0..=4), seed: u64) {
        let values = distinct(&[&shape], seed);
        check_gradient(|_, x| x[0].abs(), &values);
        check_gradient(|_, x| x[0].relu(), &values);
        for alpha in [1.0, 0.3, 0.0, -0.5] {
            check_gradient(|_, x| x[0].unary(UnaryOp::Elu { alpha: Real::new(alpha) }), &values);
        }
    }

    #[test]
    fn arithmetic((a, b) in broadcastable(), seed: u64) {
        let values = [uniform(&a, seed, -2.0, 2.0), uniform(&b, seed ^ 1, 0.5, 2.0)];
        for op in [BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul, BinaryOp::Div] {
            check_gradient(|_, x| x[0].binary(op, &x[1]), &values);
        }
        check_gradient(|_, x| x[0].mul(&x[0])?.add(&x[0]), &values[..1]);
    }

    #[test]
    fn maximum_and_minimum((a, b) in broadcastable(), seed: u64) {
        let values = distinct(&[&a, &b], seed);
        check_gradient(|_, x| x[0].maximum(&x[1]), &values);
        check_gradient(|_, x| x[0].minimum(&x[1]), &values);
        check_gradient(|_, x| x[0].less(&x[1])?.select(&x[0].square()?, &x[1]), &values);
    }

    #[test]
    fn powers((a, b) in broadcastable(), seed: u64, exponent in -3i32..=3) {
        let values = [uniform(&a, seed, 0.3, 2.0), uniform(&b, seed ^ 1, -2.0, 2.0)];
        check_gradient(|_, x| x[0].pow(&x[1]), &values);
        // Integral exponents allow negative bases.
        let negative = uniform(&a, seed, -2.0, -0.3);
        check_gradient(|_, x| x[0].pow(&x[0].scalar_like(f64::from(exponent))), &[negative]);
    }

    #[test]
    fn modulo(shape in shapes(0..=4), seed: u64, sign in prop::bool::ANY) {
        // a = (n + f) b with f in 0.2..0.8: away from the jumps.
        let b = uniform(&shape, seed, 0.5, 2.0);
        let fraction = uniform(&shape, seed ^ 1, 0.2, 0.8);
        let whole = integers(&shape, seed, -3, 4);
        let sign = if sign { 1.0 } else { -1.0 };
        let b = Value::f32(shape.clone(), b.data.iter().map(|b| b * sign).collect());
        let a = (0..shape.numel()).map(|i| (whole.data[i] + fraction.data[i]) * b.data[i]).collect();
        check_gradient(|_, x| x[0].modulo(&x[1]), &[Value::f32(shape, a), b]);
    }

    #[test]
    fn select((a, b) in broadcastable(), mask in 0usize..16, seed: u64) {
        let common = a.broadcast(&b).unwrap();
        let condition = truths(&shrunk(&common, mask % 3, mask), seed);
        let values = [condition, uniform(&a, seed, -1.0, 1.0), uniform(&b, seed ^ 1, -1.0, 1.0)];
        check_gradient(|_, x| x[0].select(&x[1], &x[2]), &values);
    }

    #[test]
    fn sums_and_means((shape, axes) in shape_and_axes(), keep_dims: bool, seed: u64) {
        let values = [uniform(&shape, seed, -1.0, 1.0)];
        check_gradient(|_, x| x[0].sum(&axes, keep_dims), &values);
        check_gradient(|_, x| x[0].square()?.mean(&axes, keep_dims), &values);
    }

    #[test]
    fn extremes((shape, axes) in shape_and_axes(), keep_dims: bool, seed: u64) {
        let values = distinct(&[&shape], seed);
        check_gradient(|_, x| x[0].max(&axes, keep_dims), &values);
        check_gradient(|_, x| x[0].min(&axes, keep_dims), &values);
    }

    #[test]
    fn products((shape, axes) in shape_and_axes(), keep_dims: bool, seed: u64, zeros in 0usize..=2) {
        let mut values = [uniform(&shape, seed, 0.5, 1.5)];
        let count = values[0].data.len();
        for zero in 0..zeros {
            values[0].data[(seed as usize % count + zero) % count] = 0.0;
        }
        check_gradient(|_, x| x[0].reduce(ReduceKind::Prod, &axes, keep_dims), &values);
    }

    #[test]
    fn broadcast_and_reshape((from, to) in (shapes(0..=4), 0usize..=4, 0usize..16)
        .prop_map(|(shape, dropped, mask)| (shrunk(&shape, dropped, mask), shape)), seed: u64) {
        let values = [uniform(&from, seed, -1.0, 1.0)];
        check_gradient(|_, x| x[0].broadcast_to(to.clone())?.square(), &values);
        check_gradient(|_, x| x[0].square()?.reshape([from.numel()]), &values);
    }

    #[test]
    fn transpose((shape, permutation) in shapes(0..=4).prop_flat_map(|shape| {
        let axes: Vec<usize> = (0..shape.rank()).collect();
        (Just(shape), Just(axes).prop_shuffle())
    }), seed: u64) {
        check_gradient(|_, x| x[0].transpose(&permutation), &[uniform(&shape, seed, -1.0, 1.0)]);
    }

    #[test]
    fn slice_and_pad(axes in proptest::collection::vec((0usize..=2, 1usize..=3, 0usize..=2), 0..=4), seed: u64) {
        let before: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
        let size: Vec<usize> = axes.iter().map(|axis| axis.1).collect();
        let after: Vec<usize> = axes.iter().map(|axis| axis.2).collect();
        let whole: Shape = axes.iter().map(|axis| axis.0 + axis.1 + axis.2).collect();
        check_gradient(|_, x| x[0].slice(&before, &size), &[uniform(&whole, seed, -1.0, 1.0)]);
        let inner = Shape::from(size.clone());
        check_gradient(|_, x| x[0].pad(&before, &after, 0.7)?.square(), &[uniform(&inner, seed, -1.0, 1.0)]);
    }

    #[test]
    fn windows(
        outer in shapes(0..=1),
        axes in proptest::collection::vec((1usize..=3, 1usize..=3, 1usize..=2, 1usize..=3, 0usize..=2), 0..=2),
        inner in shapes(0..=1),
        seed: u64,
    ) {
        let windows: Vec<Window> =
            axes.iter().map(|&(size, stride, dilation, ..)| Window { size, stride, dilation }).collect();
        // The last elements are in no window where they are fewer than a stride.
        let length = |(window, &(.., positions, rest)): (&Window, &(usize, usize, usize, usize, usize))| {
            (positions - 1) * window.stride + window.span() + rest.min(window.stride - 1)
        };
        let lengths: Vec<usize> = windows.iter().zip(&axes).map(length).collect();
        let axis = outer.rank();
        let whole: Shape = outer.iter().chain(&lengths).chain(inner.iter()).copied().collect();
        check_gradient(|_, x| x[0].windows(axis, &windows)?.square(), &[uniform(&whole, seed, -1.0, 1.0)]);
        let positions = axes.iter().map(|axis| &axis.3);
        let parts = positions.chain(axes.iter().map(|axis| &axis.0));
        let apart: Shape = outer.iter().chain(parts).chain(inner.iter()).copied().collect();
        let build = |_: &glorot_graph::Tracer, x: &[glorot_graph::Sym]| x[0].fold_windows(axis, &windows, &lengths)?.square();
        check_gradient(build, &[uniform(&apart, seed, -1.0, 1.0)]);
    }

    #[test]
    fn concat((shape, axis) in shape_and_axis(), lengths in proptest::collection::vec(0usize..=3, 1..=4), seed: u64) {
        let part = |&length: &usize| {
            let dims: Shape = (0..shape.rank()).map(|i| if i == axis { length } else { shape[i] }).collect();
            uniform(&dims, seed ^ length as u64, -1.0, 1.0)
        };
        let values: Vec<Value> = lengths.iter().map(part).collect();
        check_gradient(|tracer, x| tracer.concat(x, axis)?.square(), &values);
        check_gradient(|tracer, x| tracer.concat(&[x[0].clone(), x[0].clone()], axis)?.square(), &values[..1]);
    }

    #[test]
    fn mat_mul(batch in shapes(0..=2), (m, k, n) in (1usize..=3, 1usize..=3, 1usize..=3), seed: u64) {
        let matrix = |rows: usize, columns: usize, turned: bool| {
            let dims = if turned { [columns, rows] } else { [rows, columns] };
            batch.iter().copied().chain(dims).collect::<Shape>()
        };
        for (turn_a, turn_b) in [(false, false), (false, true), (true, false), (true, true)] {
            let a = uniform(&matrix(m, k, turn_a), seed, -1.0, 1.0);
            let b = uniform(&matrix(k, n, turn_b), seed ^ 1, -1.0, 1.0);
            check_gradient(|_, x| x[0].mat_mul_with(&x[1], turn_a, turn_b), &[a, b]);
        }
        let square = uniform(&matrix(m, m, false), seed, -1.0, 1.0);
        check_gradient(|_, x| x[0].mat_mul_with(&x[0], false, true), &[square]);
    }

    #[test]
    fn gather_and_scatter(indices in shapes(0..=2), row in shapes(0..=2), rows in 1usize..=3, seed: u64) {
        // Fewer rows than indices: some repeat.
        let table: Shape = std::iter::once(rows).chain(row.iter().copied()).collect();
        let places = integers(&indices, seed, 0, rows as i32);
        check_gradient(|_, x| x[1].gather(&x[0])?.square(), &[places, uniform(&table, seed, -1.0, 1.0)]);

        let source: Shape = indices.iter().chain(row.iter()).copied().collect();
        let places = integers(&indices, seed, -1, rows as i32 + 1);
        check_gradient(|_, x| x[0].scatter_add(&x[1], rows)?.square(), &[places, uniform(&source, seed, -1.0, 1.0)]);
    }
}
