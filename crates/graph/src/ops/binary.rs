//! Elementwise functions of two arguments.

use glorot_tensor::{DType, Shape};

use crate::autograd::Edge;
use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::{BinaryOp, CompareOp, Op, UnaryOp};
use crate::reference::Value;

impl Graph {
    /// Combines two tensors element by element, after broadcasting them to their common shape.
    pub fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> Result<NodeId> {
        let (a, b) = self.broadcast_together(op.name(), a, b)?;
        let dtype = self.dtype(a);
        let (fits, expected) = match op {
            BinaryOp::And | BinaryOp::Or => (dtype == DType::Bool, "bool"),
            BinaryOp::Pow => (dtype == DType::F32, "float32"),
            _ => (matches!(dtype, DType::F32 | DType::I32), "float32 or int32"),
        };
        if !fits {
            return Err(GraphError::new(op.name(), format!("expected dtype {expected}, received {dtype}")));
        }
        if let Some(folded) = self.fold_binary(op, a, b)? {
            return Ok(folded);
        }
        let shape = self.shape(a).clone();
        Ok(self.push(Op::Binary(op), vec![a, b], shape, dtype))
    }

    /// `x + 0`, `x - 0`, `x * 1`, `x / 1`, `x ^ 1` are `x`; `x ^ 2` is a square; a function of constants is one.
    fn fold_binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> Result<Option<NodeId>> {
        let folded = match (op, self.fill_value(a), self.fill_value(b)) {
            (_, Some(left), Some(right)) => self.fill_like(a, apply(op, self.dtype(a), left, right)),
            (BinaryOp::Add, Some(0.0), _) => b,
            (BinaryOp::Add | BinaryOp::Sub, _, Some(0.0)) => a,
            (BinaryOp::Mul, Some(1.0), _) => b,
            (BinaryOp::Mul | BinaryOp::Div | BinaryOp::Pow, _, Some(1.0)) => a,
            (BinaryOp::Pow, _, Some(2.0)) => self.unary(UnaryOp::Square, a)?,
            _ => return Ok(None),
        };
        Ok(Some(folded))
    }

    /// Broadcasts two operands of one dtype to their common shape.
    pub(crate) fn broadcast_together(&mut self, op: &'static str, a: NodeId, b: NodeId) -> Result<(NodeId, NodeId)> {
        let (dtype_a, dtype_b) = (self.dtype(a), self.dtype(b));
        if dtype_a != dtype_b {
            let detail = format!("expected operands of one dtype, received {dtype_a} and {dtype_b}; cast one of them");
            return Err(GraphError::new(op, detail));
        }
        let (shape_a, shape_b) = (self.shape(a).clone(), self.shape(b).clone());
        let Some(shape): Option<Shape> = shape_a.broadcast(&shape_b) else {
            return Err(GraphError::new(op, format!("shapes {shape_a} and {shape_b} do not broadcast together")));
        };
        Ok((self.broadcast_to(a, shape.clone())?, self.broadcast_to(b, shape)?))
    }

    pub(crate) fn mul(&mut self, a: NodeId, b: NodeId) -> Result<NodeId> {
        self.binary(BinaryOp::Mul, a, b)
    }

    pub(crate) fn div(&mut self, a: NodeId, b: NodeId) -> Result<NodeId> {
        self.binary(BinaryOp::Div, a, b)
    }

    /// `x + value`.
    pub(crate) fn add_scalar(&mut self, x: NodeId, value: f64) -> Result<NodeId> {
        let value = self.fill_like(x, value);
        self.binary(BinaryOp::Add, x, value)
    }

    /// `x * value`.
    pub(crate) fn mul_scalar(&mut self, x: NodeId, value: f64) -> Result<NodeId> {
        let value = self.fill_like(x, value);
        self.mul(x, value)
    }

    /// `value - x`.
    pub(crate) fn scalar_sub(&mut self, value: f64, x: NodeId) -> Result<NodeId> {
        let value = self.fill_like(x, value);
        self.binary(BinaryOp::Sub, value, x)
    }
}

/// Gradients as TensorFlow's: where the operands of `maximum` or `minimum` are equal, the first one gets it; that of an
/// exponent is 0 where the base is not positive.
pub(crate) fn gradient(graph: &mut Graph, op: BinaryOp, edge: &Edge) -> Result<NodeId> {
    let (a, b, y, upstream) = (edge.node.inputs[0], edge.node.inputs[1], edge.output, edge.upstream);
    let first = edge.operand == 0;
    match op {
        BinaryOp::Add => Ok(upstream),
        BinaryOp::Sub if first => Ok(upstream),
        BinaryOp::Sub => graph.unary(UnaryOp::Neg, upstream),
        BinaryOp::Mul => graph.mul(upstream, if first { b } else { a }),
        BinaryOp::Div => {
            let scaled = graph.div(upstream, b)?;
            if first {
                return Ok(scaled);
            }
            let product = graph.mul(scaled, y)?;
            graph.unary(UnaryOp::Neg, product)
        }
        BinaryOp::Max | BinaryOp::Min => {
            let comparison = if op == BinaryOp::Max { CompareOp::Ge } else { CompareOp::Le };
            let taken = graph.compare(comparison, a, b)?;
            let zero = graph.fill_like(upstream, 0.0);
            if first { graph.select(taken, upstream, zero) } else { graph.select(taken, zero, upstream) }
        }
        BinaryOp::Pow if first => {
            // b a^(b - 1); where b is 0 any finite power will do, so that 0 * 0^-1 does not make it NaN.
            let (zero, one) = (graph.fill_like(b, 0.0), graph.fill_like(b, 1.0));
            let constant = graph.compare(CompareOp::Eq, b, zero)?;
            let lowered = graph.binary(BinaryOp::Sub, b, one)?;
            let exponent = graph.select(constant, one, lowered)?;
            let power = graph.binary(BinaryOp::Pow, a, exponent)?;
            let slope = graph.mul(b, power)?;
            graph.mul(upstream, slope)
        }
        BinaryOp::Pow => {
            let (zero, one) = (graph.fill_like(a, 0.0), graph.fill_like(a, 1.0));
            let positive = graph.compare(CompareOp::Gt, a, zero)?;
            let safe = graph.select(positive, a, one)?;
            let log = graph.unary(UnaryOp::Log, safe)?;
            let slope = graph.mul(y, log)?;
            graph.mul(upstream, slope)
        }
        BinaryOp::Mod if first => Ok(upstream),
        BinaryOp::Mod => {
            let quotient = graph.div(a, b)?;
            let whole = graph.unary(UnaryOp::Floor, quotient)?;
            let product = graph.mul(upstream, whole)?;
            graph.unary(UnaryOp::Neg, product)
        }
        BinaryOp::And | BinaryOp::Or => Err(GraphError::new(op.name(), "has no gradient")),
    }
}

/// Plain meaning of the op.
pub(crate) fn reference(node: &Node, op: BinaryOp, a: &Value, b: &Value) -> Value {
    let pairs = a.data.iter().zip(&b.data);
    Value::new(node.shape.clone(), node.dtype, pairs.map(|(&a, &b)| apply(op, node.dtype, a, b)).collect())
}

/// The function's value for one pair of elements of the given dtype.
pub(crate) fn apply(op: BinaryOp, dtype: DType, a: f64, b: f64) -> f64 {
    if dtype == DType::I32 {
        return f64::from(apply_int(op, a as i32, b as i32));
    }
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a * b,
        BinaryOp::Div => a / b,
        // Unlike f64::max, NaN wins.
        BinaryOp::Max | BinaryOp::Min if a.is_nan() || b.is_nan() => f64::NAN,
        BinaryOp::Max => a.max(b),
        BinaryOp::Min => a.min(b),
        BinaryOp::Pow => a.powf(b),
        BinaryOp::Mod => {
            let remainder = a % b;
            if remainder != 0.0 && (remainder < 0.0) != (b < 0.0) { remainder + b } else { remainder }
        }
        BinaryOp::And => f64::from(a != 0.0 && b != 0.0),
        BinaryOp::Or => f64::from(a != 0.0 || b != 0.0),
    }
}

fn apply_int(op: BinaryOp, a: i32, b: i32) -> i32 {
    match op {
        BinaryOp::Add => a.wrapping_add(b),
        BinaryOp::Sub => a.wrapping_sub(b),
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::Div | BinaryOp::Mod if b == 0 => 0,
        BinaryOp::Div => a.wrapping_div(b),
        BinaryOp::Max => a.max(b),
        BinaryOp::Min => a.min(b),
        BinaryOp::Mod => {
            let remainder = a.wrapping_rem(b);
            if remainder != 0 && (remainder < 0) != (b < 0) { remainder + b } else { remainder }
        }
        BinaryOp::Pow | BinaryOp::And | BinaryOp::Or => unreachable!("{} takes no int32", op.name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, gradients, refusal, run};

    #[test]
    fn broadcasts() {
        let (a, b) = (Value::f32([2, 1], vec![1.0, 2.0]), Value::f32([3], vec![10.0, 20.0, 30.0]));
        let sum = run(&[a, b], |graph, x| graph.binary(BinaryOp::Add, x[0], x[1]));
        assert_eq!(sum, Value::f32([2, 3], vec![11.0, 21.0, 31.0, 12.0, 22.0, 32.0]));
        let (empty, one) = (Value::f32([0, 3], vec![]), Value::f32([1, 1], vec![1.0]));
        let product = run(&[empty.clone(), one], |graph, x| graph.mul(x[0], x[1]));
        assert_eq!(product, empty);
    }

    #[test]
    fn integers() {
        let cases = [
            (BinaryOp::Add, i32::MAX, 1, i32::MIN),
            (BinaryOp::Mul, 1 << 30, 6, i32::MIN),
            (BinaryOp::Div, -7, 2, -3),
            (BinaryOp::Div, 7, 0, 0),
            (BinaryOp::Div, i32::MIN, -1, i32::MIN),
            (BinaryOp::Mod, -7, 3, 2),
            (BinaryOp::Mod, 7, -3, -2),
            (BinaryOp::Mod, -6, 3, 0),
            (BinaryOp::Mod, 7, 0, 0),
            (BinaryOp::Mod, i32::MIN, -1, 0),
            (BinaryOp::Max, -2, 3, 3),
            (BinaryOp::Min, -2, 3, -2),
        ];
        for (op, a, b, want) in cases {
            let got = run(&[Value::i32([], vec![a]), Value::i32([], vec![b])], |graph, x| graph.binary(op, x[0], x[1]));
            assert_eq!(got, Value::i32([], vec![want]), "{a} {} {b}", op.name());
        }
    }

    #[test]
    fn floats() {
        let cases = [
            (BinaryOp::Mod, -0.5, 2.0, 1.5),
            (BinaryOp::Mod, 0.5, -2.0, -1.5),
            (BinaryOp::Mod, 1.0, 0.0, f64::NAN),
            (BinaryOp::Max, f64::NAN, 1.0, f64::NAN),
            (BinaryOp::Min, 1.0, f64::NAN, f64::NAN),
            (BinaryOp::Pow, -2.0, 3.0, -8.0),
            (BinaryOp::Pow, -2.0, 0.5, f64::NAN),
            (BinaryOp::Div, 1.0, 0.0, f64::INFINITY),
        ];
        for (op, a, b, want) in cases {
            let got = run(&[Value::f32([], vec![a]), Value::f32([], vec![b])], |graph, x| graph.binary(op, x[0], x[1]));
            assert_close(&got.data, &[want]);
        }
    }

    #[test]
    fn ties_belong_to_the_first_operand() {
        let equal = [Value::f32([], vec![1.0]), Value::f32([], vec![1.0])];
        for op in [BinaryOp::Max, BinaryOp::Min] {
            assert_eq!(gradients(&equal, |graph, x| graph.binary(op, x[0], x[1])), [[1.0], [0.0]]);
        }
    }

    #[test]
    fn powers_of_zero_have_finite_gradients() {
        let values = [Value::f32([2], vec![0.0, 0.0]), Value::f32([2], vec![2.0, 0.0])];
        let got = gradients(&values, |graph, x| graph.binary(BinaryOp::Pow, x[0], x[1]));
        assert_eq!(got, [[0.0, 0.0], [0.0, 0.0]]);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let shapes = [Value::f32([2, 3], vec![0.0; 6]), Value::f32([2], vec![0.0; 2])];
        let message = refusal(&shapes, |graph, x| graph.binary(BinaryOp::Add, x[0], x[1]));
        assert_eq!(message, "add: shapes [2, 3] and [2] do not broadcast together");
        let dtypes = [Value::f32([], vec![0.0]), Value::i32([], vec![0])];
        let message = refusal(&dtypes, |graph, x| graph.binary(BinaryOp::Max, x[0], x[1]));
        assert_eq!(message, "maximum: expected operands of one dtype, received float32 and int32; cast one of them");
        let bytes = [Value::new([], DType::U8, vec![0.0])];
        let message = refusal(&bytes, |graph, x| graph.mul(x[0], x[0]));
        assert_eq!(message, "mul: expected dtype float32 or int32, received uint8");
        let integers = [Value::i32([], vec![2])];
        let message = refusal(&integers, |graph, x| graph.binary(BinaryOp::Pow, x[0], x[0]));
        assert_eq!(message, "pow: expected dtype float32, received int32");
    }

    #[test]
    fn neutral_operands_vanish() {
        let mut graph = Graph::new();
        let x = graph.input([2, 3], DType::F32);
        let mut scalar = |value: f64| graph.fill(value, [], DType::F32);
        let (zero, minus_zero, one) = (scalar(0.0), scalar(-0.0), scalar(1.0));
        for (op, a, b) in [
            (BinaryOp::Add, x, zero),
            (BinaryOp::Add, zero, x),
            (BinaryOp::Add, x, minus_zero),
            (BinaryOp::Sub, x, zero),
            (BinaryOp::Mul, one, x),
            (BinaryOp::Mul, x, one),
            (BinaryOp::Div, x, one),
            (BinaryOp::Pow, x, one),
        ] {
            assert_eq!(graph.binary(op, a, b).unwrap(), x, "{}", op.name());
        }
        // A neutral operand that stretches the other one does not vanish without a trace.
        let row = graph.input([3], DType::F32);
        let zeros = graph.fill(0.0, [2, 3], DType::F32);
        let sum = graph.binary(BinaryOp::Add, row, zeros).unwrap();
        assert_eq!(graph.shape(sum).dims(), [2, 3]);
        // Not neutral: 0 - x, and 0 x, which may be NaN.
        assert_ne!(graph.binary(BinaryOp::Sub, zero, x).unwrap(), x);
        let product = graph.binary(BinaryOp::Mul, zero, x).unwrap();
        assert_eq!(graph.fill_value(product), None);
    }

    #[test]
    fn zeros_of_both_signs_stay_apart() {
        let mut graph = Graph::new();
        let (plus, minus) = (graph.fill(0.0, [], DType::F32), graph.fill(-0.0, [], DType::F32));
        assert_ne!(plus, minus);
        let (above, below) =
            (graph.unary(UnaryOp::Reciprocal, plus).unwrap(), graph.unary(UnaryOp::Reciprocal, minus).unwrap());
        assert_eq!((graph.fill_value(above), graph.fill_value(below)), (Some(f64::INFINITY), Some(f64::NEG_INFINITY)));
    }

    #[test]
    fn constants_are_computed_at_once() {
        let mut graph = Graph::new();
        let (seven, two) = (graph.fill(7.0, [2], DType::I32), graph.fill(2.0, [], DType::I32));
        let quotient = graph.div(seven, two).unwrap();
        assert_eq!((graph.fill_value(quotient), graph.shape(quotient).dims()), (Some(3.0), [2].as_slice()));
    }
}
