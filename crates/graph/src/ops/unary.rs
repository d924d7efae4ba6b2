//! Elementwise functions of one argument.

use glorot_tensor::DType;

use crate::autograd::Edge;
use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::{CompareOp, Op, UnaryOp};
use crate::reference::Value;

impl Graph {
    /// Applies a function of one argument to each element.
    pub fn unary(&mut self, op: UnaryOp, x: NodeId) -> Result<NodeId> {
        let dtype = self.dtype(x);
        let (fits, expected) = match op {
            UnaryOp::Not => (dtype == DType::Bool, "bool"),
            UnaryOp::Neg | UnaryOp::Abs => (matches!(dtype, DType::F32 | DType::I32), "float32 or int32"),
            _ => (dtype == DType::F32, "float32"),
        };
        if !fits {
            return Err(GraphError::new(op.name(), format!("expected dtype {expected}, received {dtype}")));
        }
        let result = if op == UnaryOp::IsFinite { DType::Bool } else { dtype };
        let shape = self.shape(x).clone();
        if let Some(value) = self.fill_value(x) {
            return Ok(self.fill(apply(op, dtype, value), shape, result));
        }
        Ok(self.push(Op::Unary(op), vec![x], shape, result))
    }
}

/// `f'(x) upstream`, from the result `y` where that is possible.
pub(crate) fn gradient(graph: &mut Graph, op: UnaryOp, edge: &Edge) -> Result<NodeId> {
    let (x, y, upstream) = (edge.input(), edge.output, edge.upstream);
    let factor = match op {
        UnaryOp::Neg => return graph.unary(UnaryOp::Neg, upstream),
        UnaryOp::Log => return graph.div(upstream, x),
        UnaryOp::Log1p => {
            let shifted = graph.add_scalar(x, 1.0)?;
            return graph.div(upstream, shifted);
        }
        UnaryOp::Sqrt => {
            let half = graph.mul_scalar(upstream, 0.5)?;
            return graph.div(half, y);
        }
        UnaryOp::Relu => {
            let zero = graph.fill_like(y, 0.0);
            let positive = graph.compare(CompareOp::Gt, y, zero)?;
            return graph.select(positive, upstream, zero);
        }
        UnaryOp::Elu { alpha } => {
            // With a negative alpha the sign of the result does not tell that of the argument.
            let signed = if alpha.get() >= 0.0 { y } else { x };
            let (zero, one) = (graph.fill_like(y, 0.0), graph.fill_like(y, 1.0));
            let positive = graph.compare(CompareOp::Gt, signed, zero)?;
            let slope = graph.add_scalar(y, alpha.get())?;
            graph.select(positive, one, slope)?
        }
        UnaryOp::Abs => graph.unary(UnaryOp::Sign, x)?,
        UnaryOp::Exp => y,
        UnaryOp::Expm1 => graph.add_scalar(y, 1.0)?,
        UnaryOp::Rsqrt => {
            let squared = graph.unary(UnaryOp::Square, y)?;
            let cubed = graph.mul(squared, y)?;
            graph.mul_scalar(cubed, -0.5)?
        }
        UnaryOp::Reciprocal => {
            let squared = graph.unary(UnaryOp::Square, y)?;
            graph.unary(UnaryOp::Neg, squared)?
        }
        UnaryOp::Square => graph.mul_scalar(x, 2.0)?,
        UnaryOp::Sin => graph.unary(UnaryOp::Cos, x)?,
        UnaryOp::Cos => {
            let sine = graph.unary(UnaryOp::Sin, x)?;
            graph.unary(UnaryOp::Neg, sine)?
        }
        UnaryOp::Tanh => {
            let squared = graph.unary(UnaryOp::Square, y)?;
            graph.scalar_sub(1.0, squared)?
        }
        UnaryOp::Sigmoid => {
            let rest = graph.scalar_sub(1.0, y)?;
            graph.mul(y, rest)?
        }
        UnaryOp::Softplus => {
            // sigmoid(x) = 1 - exp(-y), without cancellation.
            let negative = graph.unary(UnaryOp::Neg, y)?;
            let minus_slope = graph.unary(UnaryOp::Expm1, negative)?;
            graph.unary(UnaryOp::Neg, minus_slope)?
        }
        UnaryOp::Erf => {
            let squared = graph.unary(UnaryOp::Square, x)?;
            let exponent = graph.unary(UnaryOp::Neg, squared)?;
            let bell = graph.unary(UnaryOp::Exp, exponent)?;
            graph.mul_scalar(bell, std::f64::consts::FRAC_2_SQRT_PI)?
        }
        UnaryOp::Sign | UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round | UnaryOp::IsFinite | UnaryOp::Not => {
            return Err(GraphError::new(op.name(), "has no gradient"));
        }
    };
    graph.mul(upstream, factor)
}

/// Plain meaning of the op.
pub(crate) fn reference(node: &Node, op: UnaryOp, x: &Value) -> Value {
    Value::new(node.shape.clone(), node.dtype, x.data.iter().map(|&value| apply(op, x.dtype, value)).collect())
}

/// The function's value for one element of the given dtype.
fn apply(op: UnaryOp, dtype: DType, x: f64) -> f64 {
    match op {
        // int32 wraps: the negative of the smallest number is itself.
        UnaryOp::Neg if dtype == DType::I32 => f64::from((x as i32).wrapping_neg()),
        UnaryOp::Abs if dtype == DType::I32 => f64::from((x as i32).wrapping_abs()),
        UnaryOp::Neg => -x,
        UnaryOp::Abs => x.abs(),
        UnaryOp::Sign if x > 0.0 => 1.0,
        UnaryOp::Sign if x < 0.0 => -1.0,
        UnaryOp::Sign => x,
        UnaryOp::Exp => x.exp(),
        UnaryOp::Expm1 => x.exp_m1(),
        UnaryOp::Log => x.ln(),
        UnaryOp::Log1p => x.ln_1p(),
        UnaryOp::Sqrt => x.sqrt(),
        UnaryOp::Rsqrt => 1.0 / x.sqrt(),
        UnaryOp::Reciprocal => 1.0 / x,
        UnaryOp::Square => x * x,
        UnaryOp::Sin => x.sin(),
        UnaryOp::Cos => x.cos(),
        UnaryOp::Tanh => x.tanh(),
        UnaryOp::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        UnaryOp::Softplus if x.is_nan() => x,
        UnaryOp::Softplus => x.max(0.0) + (-x.abs()).exp().ln_1p(),
        UnaryOp::Relu if x <= 0.0 => 0.0,
        UnaryOp::Relu => x,
        UnaryOp::Elu { .. } if x > 0.0 => x,
        UnaryOp::Elu { alpha } => alpha.get() * x.exp_m1(),
        UnaryOp::Erf => erf(x),
        UnaryOp::Floor => x.floor(),
        UnaryOp::Ceil => x.ceil(),
        UnaryOp::Round => x.round_ties_even(),
        UnaryOp::IsFinite => f64::from(x.is_finite()),
        UnaryOp::Not => 1.0 - x,
    }
}

/// Error function by the series `2 / sqrt(pi) exp(-x^2) sum(2^n x^(2n+1) / (2n+1)!!)`, whose terms all have one sign.
fn erf(x: f64) -> f64 {
    if x.is_nan() || x.abs() > 6.0 {
        return if x.is_nan() { x } else { x.signum() };
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > sum.abs() * f64::EPSILON / 4.0 {
        odd += 2.0;
        term *= 2.0 * x * x / odd;
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::Real;
    use crate::ops::testing::{assert_close, gradients, refusal, run};

    fn value(op: UnaryOp, x: f64) -> f64 {
        run(&[Value::f32([], vec![x])], |graph, x| graph.unary(op, x[0])).data[0]
    }

    #[test]
    fn values() {
        let elu = UnaryOp::Elu { alpha: Real::new(0.5) };
        let cases = [
            (UnaryOp::Sign, -3.0, -1.0),
            (UnaryOp::Sign, 0.0, 0.0),
            (UnaryOp::Expm1, 1e-20, 1e-20),
            (UnaryOp::Log1p, 1e-20, 1e-20),
            (UnaryOp::Rsqrt, 4.0, 0.5),
            (UnaryOp::Sigmoid, -800.0, 0.0),
            (UnaryOp::Softplus, 800.0, 800.0),
            (UnaryOp::Softplus, 0.0, 2f64.ln()),
            (UnaryOp::Softplus, -800.0, 0.0),
            (UnaryOp::Relu, -1.0, 0.0),
            (UnaryOp::Relu, f64::NAN, f64::NAN),
            (UnaryOp::Softplus, f64::NAN, f64::NAN),
            (elu, 2.0, 2.0),
            (elu, -2f64.ln(), -0.25),
            (UnaryOp::Round, 2.5, 2.0),
            (UnaryOp::Round, -1.5, -2.0),
            (UnaryOp::IsFinite, f64::INFINITY, 0.0),
            (UnaryOp::IsFinite, f64::NAN, 0.0),
            (UnaryOp::IsFinite, 1.0, 1.0),
            // Values of C's erf.
            (UnaryOp::Erf, 0.5, 0.520_499_877_813_046_5),
            (UnaryOp::Erf, -1.0, -0.842_700_792_949_714_9),
            (UnaryOp::Erf, 2.0, 0.995_322_265_018_952_7),
            (UnaryOp::Erf, 5.9, 1.0),
            (UnaryOp::Erf, f64::NEG_INFINITY, -1.0),
            (UnaryOp::Erf, 0.0, 0.0),
        ];
        for (op, x, want) in cases {
            assert_close(&[value(op, x)], &[want]);
        }
    }

    #[test]
    fn integers_wrap() {
        let x = Value::i32([3], vec![-5, 7, i32::MIN]);
        let negated = run(std::slice::from_ref(&x), |graph, x| graph.unary(UnaryOp::Neg, x[0]));
        assert_eq!(negated, Value::i32([3], vec![5, -7, i32::MIN]));
        let absolute = run(&[x], |graph, x| graph.unary(UnaryOp::Abs, x[0]));
        assert_eq!(absolute, Value::i32([3], vec![5, 7, i32::MIN]));
    }

    #[test]
    fn refuses_other_dtypes() {
        let exp = refusal(&[Value::i32([2], vec![1, 2])], |graph, x| graph.unary(UnaryOp::Exp, x[0]));
        assert_eq!(exp, "exp: expected dtype float32, received int32");
        let neg = refusal(&[Value::new([1], DType::U8, vec![1.0])], |graph, x| graph.unary(UnaryOp::Neg, x[0]));
        assert_eq!(neg, "neg: expected dtype float32 or int32, received uint8");
        let not = refusal(&[Value::f32([], vec![1.0])], |graph, x| graph.unary(UnaryOp::Not, x[0]));
        assert_eq!(not, "not: expected dtype bool, received float32");
    }

    #[test]
    fn derivatives_at_kinks() {
        let at_zero = |op| gradients(&[Value::f32([], vec![0.0])], |graph, x| graph.unary(op, x[0])).remove(0);
        assert_eq!(at_zero(UnaryOp::Relu), [0.0]);
        assert_eq!(at_zero(UnaryOp::Abs), [0.0]);
        assert_eq!(at_zero(UnaryOp::Elu { alpha: Real::new(0.3) }), [0.3]);
    }

    #[test]
    fn steps_have_no_slope() {
        for op in [UnaryOp::Sign, UnaryOp::Floor, UnaryOp::Ceil, UnaryOp::Round] {
            let build = |graph: &mut Graph, x: &[NodeId]| {
                let steps = graph.unary(op, x[0])?;
                graph.mul(steps, x[0])
            };
            // Only the second factor counts.
            assert_eq!(gradients(&[Value::f32([], vec![2.0])], build), [[value(op, 2.0)]]);
        }
    }

    #[test]
    fn functions_of_constants_are_constants() {
        let mut graph = Graph::new();
        let four = graph.fill(4.0, [2, 3], DType::F32);
        let root = graph.unary(UnaryOp::Sqrt, four).unwrap();
        assert_eq!(graph.fill_value(root), Some(2.0));
        let finite = graph.unary(UnaryOp::IsFinite, four).unwrap();
        assert_eq!((graph.fill_value(finite), graph.dtype(finite)), (Some(1.0), DType::Bool));
    }
}
