//! Reductions along axes.

use glorot_tensor::DType;

use crate::autograd::Edge;
use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::{BinaryOp, CompareOp, Op, ReduceKind};
use crate::ops::binary;
use crate::reference::{Value, indices};

impl Graph {
    /// Combines the elements along the given axes, which vanish (`keep_dims`: stay with length 1). No axes: `x`. Of
    /// nothing: 0 for sums, 1 for products, and for `Max` and `Min` the dtype's lowest and highest value (float32:
    /// infinities). float32 and int32; integers wrap.
    pub fn reduce(&mut self, kind: ReduceKind, x: NodeId, axes: &[usize], keep_dims: bool) -> Result<NodeId> {
        let (shape, dtype) = (self.shape(x).clone(), self.dtype(x));
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let op = Op::Reduce { kind, axes: sorted.clone() };
        if let Some(axis) = sorted.iter().find(|&&axis| axis >= shape.rank()) {
            return Err(GraphError::new(op.name(), format!("shape {shape} has no axis {axis}")));
        }
        if !matches!(dtype, DType::F32 | DType::I32) {
            return Err(GraphError::new(op.name(), format!("expected dtype float32 or int32, received {dtype}")));
        }
        let kept = shape.reduced(&sorted, true);
        let result = shape.reduced(&sorted, keep_dims);
        if kept == shape {
            // Every reduced axis has length 1: only the shape changes.
            return self.reshape(x, result);
        }
        let count: usize = sorted.iter().map(|&axis| shape[axis]).product();
        if count == 0 {
            return Ok(self.fill(start(kind, dtype), result, dtype));
        }
        if let (Some(value), true) = (self.fill_value(x), dtype.is_float()) {
            let folded = match kind {
                ReduceKind::Sum => value * count as f64,
                ReduceKind::Prod => value.powf(count as f64),
                ReduceKind::Max | ReduceKind::Min => value,
            };
            return Ok(self.fill(folded, result, dtype));
        }
        let reduced = self.push(op, vec![x], shape.reduced(&sorted, false), dtype);
        self.reshape(reduced, result)
    }

    /// Index (int32) of the first largest element along an axis, which vanishes. NaN counts as the largest.
    pub fn arg_max(&mut self, x: NodeId, axis: usize) -> Result<NodeId> {
        let shape = self.shape(x).clone();
        if axis >= shape.rank() || shape[axis] == 0 {
            return Err(GraphError::new("argMax", format!("shape {shape} has no elements along axis {axis}")));
        }
        if !matches!(self.dtype(x), DType::F32 | DType::I32) {
            let detail = format!("expected dtype float32 or int32, received {}", self.dtype(x));
            return Err(GraphError::new("argMax", detail));
        }
        let result = shape.reduced(&[axis], false);
        if shape[axis] == 1 || self.fill_value(x).is_some() {
            return Ok(self.fill(0.0, result, DType::I32));
        }
        Ok(self.push(Op::ArgMax { axis }, vec![x], result, DType::I32))
    }

    /// Stretches what was reduced along `axes` back to the shape of `x`.
    fn expand(&mut self, reduced: NodeId, axes: &[usize], x: NodeId) -> Result<NodeId> {
        let shape = self.shape(x).clone();
        let kept = self.reshape(reduced, shape.reduced(axes, true))?;
        self.broadcast_to(kept, shape)
    }
}

/// The value of a reduction over nothing.
fn start(kind: ReduceKind, dtype: DType) -> f64 {
    match (kind, dtype) {
        (ReduceKind::Sum, _) => 0.0,
        (ReduceKind::Prod, _) => 1.0,
        (ReduceKind::Max, DType::I32) => f64::from(i32::MIN),
        (ReduceKind::Min, DType::I32) => f64::from(i32::MAX),
        (ReduceKind::Max, _) => f64::NEG_INFINITY,
        (ReduceKind::Min, _) => f64::INFINITY,
    }
}

/// Where several elements are the largest (or smallest) they share the gradient equally, as in TensorFlow.
pub(crate) fn gradient(graph: &mut Graph, kind: ReduceKind, axes: &[usize], edge: &Edge) -> Result<NodeId> {
    let (x, y, upstream) = (edge.input(), edge.output, edge.upstream);
    let zero = graph.fill_like(x, 0.0);
    match kind {
        ReduceKind::Sum => graph.expand(upstream, axes, x),
        ReduceKind::Max | ReduceKind::Min => {
            let extreme = graph.expand(y, axes, x)?;
            let chosen = graph.compare(CompareOp::Eq, x, extreme)?;
            let counted = graph.cast(chosen, DType::F32)?;
            let count = graph.reduce(ReduceKind::Sum, counted, axes, false)?;
            let share = graph.div(upstream, count)?;
            let share = graph.expand(share, axes, x)?;
            graph.select(chosen, share, zero)
        }
        ReduceKind::Prod => {
            // The product of the others: that of all non-zero elements divided by the element itself (by 1 where it is
            // zero), but 0 where another element is zero.
            let is_zero = graph.compare(CompareOp::Eq, x, zero)?;
            let one = graph.fill_like(x, 1.0);
            let non_zero = graph.select(is_zero, one, x)?;
            let product = graph.reduce(ReduceKind::Prod, non_zero, axes, false)?;
            let scaled = graph.mul(upstream, product)?;
            let scaled = graph.expand(scaled, axes, x)?;
            let others = graph.div(scaled, non_zero)?;
            let counted = graph.cast(is_zero, DType::F32)?;
            let zeros = graph.reduce(ReduceKind::Sum, counted, axes, false)?;
            let zeros = graph.expand(zeros, axes, x)?;
            let none_else = graph.compare(CompareOp::Eq, zeros, counted)?;
            graph.select(none_else, others, zero)
        }
    }
}

/// Plain meaning of the op.
pub(crate) fn reference(node: &Node, kind: ReduceKind, axes: &[usize], x: &Value) -> Value {
    let combine = match kind {
        ReduceKind::Sum => BinaryOp::Add,
        ReduceKind::Prod => BinaryOp::Mul,
        ReduceKind::Max => BinaryOp::Max,
        ReduceKind::Min => BinaryOp::Min,
    };
    let mut result = Value::new(node.shape.clone(), node.dtype, vec![start(kind, node.dtype); node.shape.numel()]);
    for index in indices(&x.shape) {
        let kept: Vec<usize> = (0..index.len()).filter(|axis| !axes.contains(axis)).map(|axis| index[axis]).collect();
        let sum = result.at_mut(&kept);
        *sum = binary::apply(combine, node.dtype, *sum, x.at(&index));
    }
    result
}

/// Plain meaning of `arg_max`.
pub(crate) fn reference_arg_max(node: &Node, axis: usize, x: &Value) -> Value {
    let position = |kept: Vec<usize>| {
        let at = |i: usize| x.at(&[&kept[..axis], &[i], &kept[axis..]].concat());
        let larger = |a: f64, b: f64| a > b || (a.is_nan() && !b.is_nan());
        let first_largest = (1..x.shape[axis]).fold(0, |best, i| if larger(at(i), at(best)) { i } else { best });
        first_largest as f64
    };
    Value::new(node.shape.clone(), node.dtype, indices(&node.shape).map(position).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, gradients, refusal, run};

    #[test]
    fn combines_along_axes() {
        let x = Value::f32([2, 3], vec![1.0, 5.0, 3.0, 4.0, 2.0, 6.0]);
        let reduce =
            |kind, axes: &[usize]| run(std::slice::from_ref(&x), |graph, x| graph.reduce(kind, x[0], axes, false));
        assert_eq!(reduce(ReduceKind::Sum, &[0]), Value::f32([3], vec![5.0, 7.0, 9.0]));
        assert_eq!(reduce(ReduceKind::Max, &[1]), Value::f32([2], vec![5.0, 6.0]));
        assert_eq!(reduce(ReduceKind::Min, &[1, 0, 1]), Value::f32([], vec![1.0]));
        assert_eq!(reduce(ReduceKind::Prod, &[0, 1]), Value::f32([], vec![720.0]));
        let kept = run(std::slice::from_ref(&x), |graph, x| graph.reduce(ReduceKind::Sum, x[0], &[1], true));
        assert_eq!(kept, Value::f32([2, 1], vec![9.0, 12.0]));
    }

    #[test]
    fn integers_wrap_and_nan_wins() {
        let sum =
            run(&[Value::i32([2], vec![i32::MAX, 1])], |graph, x| graph.reduce(ReduceKind::Sum, x[0], &[0], false));
        assert_eq!(sum, Value::i32([], vec![i32::MIN]));
        let values = [Value::f32([3], vec![1.0, f64::NAN, 2.0])];
        for kind in [ReduceKind::Max, ReduceKind::Min] {
            assert_close(&run(&values, |graph, x| graph.reduce(kind, x[0], &[0], false)).data, &[f64::NAN]);
        }
    }

    #[test]
    fn of_nothing() {
        let mut graph = Graph::new();
        let (floats, integers) = (graph.input([2, 0], DType::F32), graph.input([0], DType::I32));
        let mut value = |kind, x, axis| {
            let id = graph.reduce(kind, x, &[axis], false).unwrap();
            graph.fill_value(id)
        };
        assert_eq!(value(ReduceKind::Sum, floats, 1), Some(0.0));
        assert_eq!(value(ReduceKind::Prod, floats, 1), Some(1.0));
        assert_eq!(value(ReduceKind::Max, floats, 1), Some(f64::NEG_INFINITY));
        assert_eq!(value(ReduceKind::Min, integers, 0), Some(f64::from(i32::MAX)));
        assert_eq!(value(ReduceKind::Max, integers, 0), Some(f64::from(i32::MIN)));
        // The reduced axis has elements, the result has none.
        assert_eq!(value(ReduceKind::Max, floats, 0), None);
        assert_eq!(graph.reduce(ReduceKind::Sum, floats, &[], false).unwrap(), floats);
    }

    #[test]
    fn of_constants() {
        let mut graph = Graph::new();
        let twos = graph.fill(2.0, [3, 2], DType::F32);
        let mut value = |kind| {
            let id = graph.reduce(kind, twos, &[0], false).unwrap();
            (graph.fill_value(id), graph.shape(id).dims().to_vec())
        };
        assert_eq!(value(ReduceKind::Sum), (Some(6.0), vec![2]));
        assert_eq!(value(ReduceKind::Prod), (Some(8.0), vec![2]));
        assert_eq!(value(ReduceKind::Min), (Some(2.0), vec![2]));
    }

    #[test]
    fn equal_elements_share_the_gradient() {
        let values = [Value::f32([3], vec![2.0, 1.0, 2.0])];
        let got = gradients(&values, |graph, x| graph.reduce(ReduceKind::Max, x[0], &[0], false));
        assert_eq!(got, [[0.5, 0.0, 0.5]]);
    }

    #[test]
    fn products_with_zeros() {
        let gradient = |data| {
            gradients(&[Value::f32([3], data)], |graph, x| graph.reduce(ReduceKind::Prod, x[0], &[0], false)).remove(0)
        };
        assert_eq!(gradient(vec![2.0, 3.0, 4.0]), [12.0, 8.0, 6.0]);
        assert_eq!(gradient(vec![2.0, 0.0, 4.0]), [0.0, 8.0, 0.0]);
        assert_eq!(gradient(vec![0.0, 0.0, 4.0]), [0.0, 0.0, 0.0]);
    }

    #[test]
    fn index_of_the_first_largest() {
        let x = Value::f32([2, 3], vec![1.0, 5.0, 5.0, 9.0, f64::NAN, f64::NAN]);
        let largest = run(std::slice::from_ref(&x), |graph, x| graph.arg_max(x[0], 1));
        assert_eq!(largest, Value::i32([2], vec![1, 1]));
        let columns = run(&[Value::i32([2, 2], vec![1, 4, 3, 2])], |graph, x| graph.arg_max(x[0], 0));
        assert_eq!(columns, Value::i32([2], vec![1, 0]));
        let message = refusal(&[Value::f32([2, 0], vec![])], |graph, x| graph.arg_max(x[0], 1));
        assert_eq!(message, "argMax: shape [2, 0] has no elements along axis 1");
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let message =
            refusal(&[Value::f32([2], vec![0.0; 2])], |graph, x| graph.reduce(ReduceKind::Max, x[0], &[1], true));
        assert_eq!(message, "max: shape [2] has no axis 1");
        let bytes = [Value::new([2], DType::U8, vec![0.0; 2])];
        let message = refusal(&bytes, |graph, x| graph.reduce(ReduceKind::Sum, x[0], &[0], false));
        assert_eq!(message, "sum: expected dtype float32 or int32, received uint8");
        let message = refusal(&bytes, |graph, x| graph.arg_max(x[0], 0));
        assert_eq!(message, "argMax: expected dtype float32 or int32, received uint8");
    }
}
