//! Padding with a value.

use crate::autograd::Edge;
use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::{Op, Real};
use crate::ops::cast::convert;
use crate::ops::checked_shape;
use crate::reference::{Value, indices};

impl Graph {
    /// Adds `low[axis]` elements before and `high[axis]` after each axis, all of one value (converted to the dtype as
    /// [`Graph::cast`] does).
    pub fn pad(&mut self, x: NodeId, low: &[usize], high: &[usize], value: f64) -> Result<NodeId> {
        let node = self.node(x).clone();
        let rank = node.shape.rank();
        if low.len() != rank || high.len() != rank {
            let detail = format!("expected {rank} widths for shape {}, received {low:?} and {high:?}", node.shape);
            return Err(GraphError::new("pad", detail));
        }
        if low.iter().chain(high).all(|&width| width == 0) {
            return Ok(x);
        }
        let length = |axis: usize| low[axis].checked_add(node.shape[axis])?.checked_add(high[axis]);
        let shape = checked_shape("pad", (0..rank).map(length))?;
        let value = Real::new(convert(value, node.dtype));
        if node.op == Op::Fill(value) || node.shape.numel() == 0 {
            return Ok(self.fill(value.get(), shape, node.dtype));
        }
        let op = Op::Pad { low: low.to_vec(), high: high.to_vec(), value };
        Ok(self.push(op, vec![x], shape, node.dtype))
    }
}

/// The part of the upstream gradient inside the padding.
pub(crate) fn gradient(graph: &mut Graph, low: &[usize], edge: &Edge) -> Result<NodeId> {
    let size = graph.shape(edge.input()).clone();
    graph.slice(edge.upstream, low, &size)
}

/// Plain meaning of the op.
pub(crate) fn reference(node: &Node, low: &[usize], value: f64, x: &Value) -> Value {
    let element = |index: Vec<usize>| {
        let inside = |axis: usize| (low[axis]..low[axis] + x.shape[axis]).contains(&index[axis]);
        if (0..index.len()).all(inside) {
            x.at(&index.iter().zip(low).map(|(i, low)| i - low).collect::<Vec<_>>())
        } else {
            value
        }
    };
    Value::new(node.shape.clone(), node.dtype, indices(&node.shape).map(element).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{refusal, run};
    use glorot_tensor::DType;

    #[test]
    fn pads_any_dtype() {
        let x = Value::new([1, 2], DType::U8, vec![1.0, 2.0]);
        let padded = run(&[x], |graph, x| graph.pad(x[0], &[1, 0], &[0, 1], 300.0));
        assert_eq!(padded, Value::new([2, 3], DType::U8, vec![255.0, 255.0, 255.0, 1.0, 2.0, 255.0]));
        let nothing = run(&[Value::f32([0], vec![])], |graph, x| graph.pad(x[0], &[1], &[1], 0.5));
        assert_eq!(nothing, Value::f32([2], vec![0.5, 0.5]));
    }

    #[test]
    fn constants_grow() {
        let mut graph = Graph::new();
        let ones = graph.fill(1.0, [2], DType::F32);
        let more = graph.pad(ones, &[1], &[1], 1.0).unwrap();
        assert_eq!((graph.fill_value(more), graph.shape(more).dims()), (Some(1.0), [4].as_slice()));
        let framed = graph.pad(ones, &[1], &[1], 0.0).unwrap();
        assert_eq!(graph.fill_value(framed), None);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let x = [Value::f32([2], vec![0.0; 2])];
        let message = refusal(&x, |graph, x| graph.pad(x[0], &[1, 1], &[0], 0.0));
        assert_eq!(message, "pad: expected 1 widths for shape [2], received [1, 1] and [0]");
        let message = refusal(&x, |graph, x| graph.pad(x[0], &[usize::MAX], &[1], 0.0));
        assert_eq!(message, "pad: the result has more elements than memory can hold");
    }
}
