//! Joining tensors along an axis.

use crate::autograd::Edge;
use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::Op;
use crate::ops::checked_shape;
use crate::reference::{Value, indices};

impl Graph {
    /// Joins tensors of one dtype (any), equal in all other axes, along an axis.
    pub fn concat(&mut self, parts: &[NodeId], axis: usize) -> Result<NodeId> {
        let Some(&first) = parts.first() else {
            return Err(GraphError::new("concat", "expected at least one tensor"));
        };
        let (shape, dtype) = (self.shape(first).clone(), self.dtype(first));
        if axis >= shape.rank() {
            return Err(GraphError::new("concat", format!("shape {shape} has no axis {axis}")));
        }
        let mut length = Some(0usize);
        for &part in parts {
            let other = self.shape(part);
            let fits = other.rank() == shape.rank()
                && (0..shape.rank()).all(|other_axis| other_axis == axis || other[other_axis] == shape[other_axis]);
            if !fits || self.dtype(part) != dtype {
                let received = format!("{dtype} {shape} and {} {other}", self.dtype(part));
                let detail = format!("expected tensors that differ only in axis {axis}, received {received}");
                return Err(GraphError::new("concat", detail));
            }
            length = length.and_then(|length| length.checked_add(other[axis]));
        }
        let joined = checked_shape(
            "concat",
            (0..shape.rank()).map(|other| if other == axis { length } else { Some(shape[other]) }),
        )?;
        let filled: Vec<NodeId> = parts.iter().copied().filter(|&part| self.shape(part)[axis] > 0).collect();
        match filled[..] {
            [] => Ok(first),
            [only] => Ok(only),
            _ => Ok(self.push(Op::Concat { axis }, filled, joined, dtype)),
        }
    }
}

/// The part of the upstream gradient that belongs to the operand.
pub(crate) fn gradient(graph: &mut Graph, axis: usize, edge: &Edge) -> Result<NodeId> {
    let size = graph.shape(edge.input()).clone();
    let mut start = vec![0; size.rank()];
    start[axis] = edge.node.inputs[..edge.operand].iter().map(|&part| graph.shape(part)[axis]).sum();
    graph.slice(edge.upstream, &start, &size)
}

/// Plain meaning of the op.
pub(crate) fn reference(node: &Node, axis: usize, parts: &[&Value]) -> Value {
    let element = |index: Vec<usize>| {
        let (mut part, mut local) = (0, index);
        while local[axis] >= parts[part].shape[axis] {
            local[axis] -= parts[part].shape[axis];
            part += 1;
        }
        parts[part].at(&local)
    };
    Value::new(node.shape.clone(), node.dtype, indices(&node.shape).map(element).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{refusal, run};
    use glorot_tensor::DType;

    #[test]
    fn joins_any_dtype() {
        let parts =
            [Value::new([2, 1], DType::U8, vec![1.0, 2.0]), Value::new([2, 2], DType::U8, vec![3.0, 4.0, 5.0, 6.0])];
        let joined = run(&parts, |graph, parts| graph.concat(parts, 1));
        assert_eq!(joined, Value::new([2, 3], DType::U8, vec![1.0, 3.0, 4.0, 2.0, 5.0, 6.0]));
    }

    #[test]
    fn empty_parts_vanish() {
        let mut graph = Graph::new();
        let (x, nothing) = (graph.input([2, 3], DType::F32), graph.input([2, 0], DType::F32));
        assert_eq!(graph.concat(&[nothing, x, nothing], 1).unwrap(), x);
        assert_eq!(graph.concat(&[nothing, nothing], 1).unwrap(), nothing);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert_eq!(refusal(&[], |graph, parts| graph.concat(parts, 0)), "concat: expected at least one tensor");
        let parts = [Value::f32([2, 1], vec![0.0; 2]), Value::f32([3, 1], vec![0.0; 3])];
        let message = refusal(&parts, |graph, parts| graph.concat(parts, 1));
        let expected = "expected tensors that differ only in axis 1, received float32 [2, 1] and float32 [3, 1]";
        assert_eq!(message, format!("concat: {expected}"));
        assert_eq!(refusal(&parts, |graph, parts| graph.concat(parts, 2)), "concat: shape [2, 1] has no axis 2");
    }

    #[test]
    fn refuses_overflow() {
        let mut graph = Graph::new();
        let huge = graph.fill(0.0, [usize::MAX / 16], DType::U8);
        let message = graph.concat(&[huge; 20], 0).unwrap_err().to_string();
        assert_eq!(message, "concat: the result has more elements than memory can hold");
    }
}
