//! What the constructors fold must mean the same as what they would have built.

use glorot_graph::reference::{Value, evaluate};
use glorot_graph::{BinaryOp, CompareOp, Graph, NodeId, Real, ReduceKind, Result, UnaryOp};
use glorot_tensor::{DType, Shape};
use proptest::prelude::*;

/// Values at which functions are special, and some others.
const VALUES: [f64; 10] = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.0, 7.0, f64::INFINITY, f64::NAN];

/// A constant operand: its shape and the one value of its elements.
type Constant = (Shape, f64);

/// Compares an expression of constants with the same expression of inputs that hold the same values.
fn check(constants: &[(Constant, DType)], build: impl Fn(&mut Graph, &[NodeId]) -> Result<NodeId>) {
    let evaluated = |folded: bool| {
        let mut graph = Graph::new();
        let mut inputs = Vec::new();
        let mut operands = Vec::new();
        for ((shape, value), dtype) in constants {
            let constant = graph.fill(*value, shape.clone(), *dtype);
            if folded {
                operands.push(constant);
            } else {
                inputs.push(Value::new(
                    shape.clone(),
                    *dtype,
                    vec![graph.fill_value(constant).unwrap(); shape.numel()],
                ));
                operands.push(graph.input(shape.clone(), *dtype));
            }
        }
        let result = build(&mut graph, &operands).unwrap();
        evaluate(&graph, &inputs, &|_| unreachable!("a graph without states")).value(result).clone()
    };
    let (folded, computed) = (evaluated(true), evaluated(false));
    assert_eq!((&folded.shape, folded.dtype), (&computed.shape, computed.dtype));
    for (folded, computed) in folded.data.iter().zip(&computed.data) {
        // Constants of different signs of zero are equal; powers by products and by `powf` differ in the last bits.
        let same = folded == computed || (folded.is_nan() && computed.is_nan());
        let close = (folded - computed).abs() <= 1e-12 * computed.abs();
        assert!(same || close, "folded to {folded}, computed {computed}");
    }
}

fn shapes() -> impl Strategy<Value = Shape> {
    proptest::collection::vec(0usize..=3, 0..=3).prop_map(Shape::from)
}

fn value() -> impl Strategy<Value = f64> {
    proptest::sample::select(&VALUES[..])
}

fn unary_op() -> impl Strategy<Value = UnaryOp> {
    use UnaryOp::*;
    let elu = Elu { alpha: Real::new(0.5) };
    proptest::sample::select(vec![
        Neg, Abs, Sign, Exp, Expm1, Log, Log1p, Sqrt, Rsqrt, Reciprocal, Square, Sin, Cos, Tanh, Sigmoid, Softplus,
        Relu, elu, Erf, Floor, Ceil, Round, IsFinite,
    ])
}

fn arithmetic() -> impl Strategy<Value = BinaryOp> {
    use BinaryOp::*;
    proptest::sample::select(vec![Add, Sub, Mul, Div, Max, Min, Mod, Pow])
}

fn comparison() -> impl Strategy<Value = CompareOp> {
    use CompareOp::*;
    proptest::sample::select(vec![Eq, Ne, Lt, Le, Gt, Ge])
}

fn dtype() -> impl Strategy<Value = DType> {
    proptest::sample::select(vec![DType::F32, DType::I32, DType::U8, DType::Bool])
}

proptest! {
    #[test]
    fn unary(op in unary_op(), x in (shapes(), value())) {
        check(&[(x, DType::F32)], |graph, x| graph.unary(op, x[0]));
    }

    #[test]
    fn binary(op in arithmetic(), shape in shapes(), a in value(), b in value(), integers: bool, scalar: bool) {
        let dtype = if integers && op != BinaryOp::Pow { DType::I32 } else { DType::F32 };
        let second = if scalar { Shape::scalar() } else { shape.clone() };
        check(&[((shape, a), dtype), ((second, b), dtype)], |graph, x| graph.binary(op, x[0], x[1]));
    }

    /// One operand is a constant, the other is not.
    #[test]
    fn neutral(op in arithmetic(), shape in shapes(), a in value(), b in value(), swapped: bool) {
        let build = |graph: &mut Graph, x: &[NodeId]| {
            let constant = graph.fill(b, shape.clone(), DType::F32);
            if swapped { graph.binary(op, constant, x[0]) } else { graph.binary(op, x[0], constant) }
        };
        check(&[((shape.clone(), a), DType::F32)], build);
    }

    #[test]
    fn compare_and_select(op in comparison(), shape in shapes(), a in value(), b in value(), dtype in dtype()) {
        let constants = [((shape, a), dtype), ((Shape::scalar(), b), dtype)];
        check(&constants, |graph, x| graph.compare(op, x[0], x[1]));
        check(&constants, |graph, x| {
            let condition = graph.compare(op, x[0], x[1])?;
            graph.select(condition, x[0], x[1])
        });
    }

    #[test]
    fn cast(x in (shapes(), value()), from in dtype(), to in dtype()) {
        check(&[(x, from)], |graph, x| graph.cast(x[0], to));
    }

    #[test]
    fn reduce(shape in shapes(), value in value(), mask in 0usize..8, keep_dims: bool, integers: bool) {
        let dtype = if integers { DType::I32 } else { DType::F32 };
        let axes: Vec<usize> = (0..shape.rank()).filter(|axis| mask >> axis & 1 == 1).collect();
        for kind in [ReduceKind::Sum, ReduceKind::Prod, ReduceKind::Max, ReduceKind::Min] {
            check(&[((shape.clone(), value), dtype)], |graph, x| graph.reduce(kind, x[0], &axes, keep_dims));
        }
        for axis in (0..shape.rank()).filter(|&axis| shape[axis] > 0) {
            check(&[((shape.clone(), value), dtype)], |graph, x| graph.arg_max(x[0], axis));
        }
    }

    #[test]
    fn movement(shape in shapes(), value in value(), padding in value(), dtype in dtype()) {
        let constants = [((shape.clone(), value), dtype)];
        let rank = shape.rank();
        let reversed: Vec<usize> = (0..rank).rev().collect();
        check(&constants, |graph, x| graph.transpose(x[0], &reversed));
        check(&constants, |graph, x| graph.reshape(x[0], [shape.numel()]));
        check(&constants, |graph, x| graph.broadcast_to(x[0], std::iter::once(2).chain(shape.iter().copied()).collect::<Vec<_>>()));
        check(&constants, |graph, x| graph.pad(x[0], &vec![1; rank], &vec![2; rank], padding));
        let half: Vec<usize> = shape.iter().map(|dim| dim / 2).collect();
        check(&constants, |graph, x| graph.slice(x[0], &half, &half));
        if rank > 0 {
            check(&constants, |graph, x| graph.concat(&[x[0], x[0]], rank - 1));
        }
    }
}
