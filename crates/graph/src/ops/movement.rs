//! Ops that move elements without computing: reshape, broadcast, transpose, slice.

use glorot_tensor::Shape;

use crate::autograd::Edge;
use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::{Op, ReduceKind};
use crate::ops::checked_shape;
use crate::reference::{Value, indices};

impl Graph {
    /// The same elements, in row-major order, under another shape.
    pub fn reshape(&mut self, x: NodeId, shape: impl Into<Shape>) -> Result<NodeId> {
        let shape = checked_shape("reshape", shape.into().iter().copied().map(Some))?;
        let node = self.node(x).clone();
        if node.shape == shape {
            return Ok(x);
        }
        if node.shape.numel() != shape.numel() {
            let detail = format!("cannot arrange the {} elements of {} as {shape}", node.shape.numel(), node.shape);
            return Err(GraphError::new("reshape", detail));
        }
        match node.op {
            Op::Reshape => self.reshape(node.inputs[0], shape),
            Op::Fill(_) => Ok(self.push(node.op, vec![], shape, node.dtype)),
            _ => Ok(self.push(Op::Reshape, vec![x], shape, node.dtype)),
        }
    }

    /// Repeats a tensor by NumPy's rule: missing axes are added in front, axes of length 1 are stretched.
    pub fn broadcast_to(&mut self, x: NodeId, shape: impl Into<Shape>) -> Result<NodeId> {
        let shape = checked_shape("broadcast", shape.into().iter().copied().map(Some))?;
        let node = self.node(x).clone();
        if node.shape == shape {
            return Ok(x);
        }
        if node.shape.broadcast(&shape).as_ref() != Some(&shape) {
            return Err(GraphError::new("broadcast", format!("shape {} does not broadcast to {shape}", node.shape)));
        }
        if let Op::Fill(_) = node.op {
            return Ok(self.push(node.op, vec![], shape, node.dtype));
        }
        let missing = shape.rank() - node.shape.rank();
        let same_rank: Shape = std::iter::repeat_n(1, missing).chain(node.shape.iter().copied()).collect();
        let x = self.reshape(x, same_rank.clone())?;
        if same_rank == shape {
            return Ok(x);
        }
        let node = self.node(x);
        if node.op == Op::Broadcast {
            let source = node.inputs[0];
            return Ok(self.push(Op::Broadcast, vec![source], shape, node.dtype));
        }
        let dtype = node.dtype;
        Ok(self.push(Op::Broadcast, vec![x], shape, dtype))
    }

    /// Reorders the axes: axis `i` of the result is axis `permutation[i]` of `x`.
    pub fn transpose(&mut self, x: NodeId, permutation: &[usize]) -> Result<NodeId> {
        let node = self.node(x).clone();
        let mut sorted = permutation.to_vec();
        sorted.sort_unstable();
        if sorted != (0..node.shape.rank()).collect::<Vec<_>>() {
            let detail =
                format!("{permutation:?} is no permutation of the {} axes of {}", node.shape.rank(), node.shape);
            return Err(GraphError::new("transpose", detail));
        }
        let shape: Shape = permutation.iter().map(|&axis| node.shape[axis]).collect();
        if permutation.iter().filter(|&&axis| node.shape[axis] != 1).is_sorted() {
            // Only axes of length 1 move: the elements stay in order.
            return self.reshape(x, shape);
        }
        if let Op::Transpose { permutation: inner } = &node.op {
            let composed: Vec<usize> = permutation.iter().map(|&axis| inner[axis]).collect();
            return self.transpose(node.inputs[0], &composed);
        }
        if let Op::Fill(_) = node.op {
            return Ok(self.push(node.op, vec![], shape, node.dtype));
        }
        Ok(self.push(Op::Transpose { permutation: permutation.to_vec() }, vec![x], shape, node.dtype))
    }

    /// The block of `size` elements an axis that begins at `start`.
    pub fn slice(&mut self, x: NodeId, start: &[usize], size: &[usize]) -> Result<NodeId> {
        let node = self.node(x).clone();
        let rank = node.shape.rank();
        if start.len() != rank || size.len() != rank {
            let detail =
                format!("expected {rank} starts and sizes for shape {}, received {start:?}, {size:?}", node.shape);
            return Err(GraphError::new("slice", detail));
        }
        for axis in 0..rank {
            if start[axis].checked_add(size[axis]).is_none_or(|end| end > node.shape[axis]) {
                let block = format!("{} elements from {}", size[axis], start[axis]);
                let detail = format!("{block} on reach beyond axis {axis} of shape {}", node.shape);
                return Err(GraphError::new("slice", detail));
            }
        }
        if size == node.shape.dims() {
            return Ok(x);
        }
        if let Op::Fill(_) = node.op {
            return Ok(self.push(node.op, vec![], Shape::from(size), node.dtype));
        }
        Ok(self.push(Op::Slice { start: start.to_vec() }, vec![x], Shape::from(size), node.dtype))
    }
}

/// The upstream gradient, moved back.
pub(crate) fn gradient(graph: &mut Graph, edge: &Edge) -> Result<NodeId> {
    let (shape, result, upstream) = (graph.shape(edge.input()).clone(), &edge.node.shape, edge.upstream);
    match &edge.node.op {
        Op::Broadcast => {
            let stretched: Vec<usize> = (0..shape.rank()).filter(|&axis| shape[axis] != result[axis]).collect();
            graph.reduce(ReduceKind::Sum, upstream, &stretched, true)
        }
        Op::Transpose { permutation } => {
            let mut inverse = vec![0; permutation.len()];
            for (axis, &source) in permutation.iter().enumerate() {
                inverse[source] = axis;
            }
            graph.transpose(upstream, &inverse)
        }
        Op::Slice { start } => {
            let high: Vec<usize> = (0..shape.rank()).map(|axis| shape[axis] - start[axis] - result[axis]).collect();
            graph.pad(upstream, start, &high, 0.0)
        }
        _ => graph.reshape(upstream, shape),
    }
}

/// Plain meaning of `broadcast`.
pub(crate) fn reference_broadcast(node: &Node, x: &Value) -> Value {
    let source =
        |index: Vec<usize>| x.at(&index.iter().zip(x.shape.iter()).map(|(i, dim)| i % dim).collect::<Vec<_>>());
    Value::new(node.shape.clone(), node.dtype, indices(&node.shape).map(source).collect())
}

/// Plain meaning of `transpose`.
pub(crate) fn reference_transpose(node: &Node, permutation: &[usize], x: &Value) -> Value {
    let element = |index: Vec<usize>| {
        let mut source = vec![0; index.len()];
        for (axis, &from) in permutation.iter().enumerate() {
            source[from] = index[axis];
        }
        x.at(&source)
    };
    Value::new(node.shape.clone(), node.dtype, indices(&node.shape).map(element).collect())
}

/// Plain meaning of `slice`.
pub(crate) fn reference_slice(node: &Node, start: &[usize], x: &Value) -> Value {
    let source = |index: Vec<usize>| x.at(&index.iter().zip(start).map(|(i, start)| i + start).collect::<Vec<_>>());
    Value::new(node.shape.clone(), node.dtype, indices(&node.shape).map(source).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{refusal, run};
    use glorot_tensor::DType;

    fn counting(shape: impl Into<Shape>) -> Value {
        let shape = shape.into();
        let data = (0..shape.numel()).map(|i| i as f64).collect();
        Value::new(shape, DType::U8, data)
    }

    #[test]
    fn broadcasts() {
        let stretched = run(&[counting([2, 1])], |graph, x| graph.broadcast_to(x[0], [2, 2, 2]));
        assert_eq!(stretched.data, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
        let nothing = run(&[counting([1])], |graph, x| graph.broadcast_to(x[0], [2, 0]));
        assert_eq!(nothing.shape.dims(), [2, 0]);
        let message = refusal(&[counting([2])], |graph, x| graph.broadcast_to(x[0], [2, 3]));
        assert_eq!(message, "broadcast: shape [2] does not broadcast to [2, 3]");
        let message = refusal(&[counting([2, 1])], |graph, x| graph.broadcast_to(x[0], [1]));
        assert_eq!(message, "broadcast: shape [2, 1] does not broadcast to [1]");
    }

    #[test]
    fn transposes() {
        let turned = run(&[counting([2, 3])], |graph, x| graph.transpose(x[0], &[1, 0]));
        assert_eq!((turned.shape.dims(), &turned.data[..]), ([3, 2].as_slice(), &[0., 3., 1., 4., 2., 5.][..]));
        let rotated = run(&[counting([2, 3, 4])], |graph, x| graph.transpose(x[0], &[2, 0, 1]));
        assert_eq!((rotated.shape.dims(), rotated.at(&[3, 1, 2])), ([4, 2, 3].as_slice(), 23.0));
        let message = refusal(&[counting([2, 3])], |graph, x| graph.transpose(x[0], &[0, 0]));
        assert_eq!(message, "transpose: [0, 0] is no permutation of the 2 axes of [2, 3]");
    }

    #[test]
    fn transposes_compose() {
        let mut graph = Graph::new();
        let x = graph.input([2, 3, 4], DType::F32);
        let rotated = graph.transpose(x, &[1, 2, 0]).unwrap();
        let once_more = graph.transpose(rotated, &[1, 2, 0]).unwrap();
        assert_eq!(graph.node(once_more).inputs, [x]);
        assert_eq!(graph.transpose(once_more, &[1, 2, 0]).unwrap(), x);
        let column = graph.input([5, 1], DType::F32);
        let row = graph.transpose(column, &[1, 0]).unwrap();
        assert_eq!(graph.node(row).op, Op::Reshape);
    }

    #[test]
    fn reshapes_compose() {
        let mut graph = Graph::new();
        let x = graph.input([2, 3], DType::F32);
        let flat = graph.reshape(x, [6]).unwrap();
        let tall = graph.reshape(flat, [3, 2]).unwrap();
        assert_eq!(graph.node(tall).inputs, [x]);
        assert_eq!(graph.reshape(tall, [2, 3]).unwrap(), x);
        let message = graph.reshape(x, [4]).unwrap_err().to_string();
        assert_eq!(message, "reshape: cannot arrange the 6 elements of [2, 3] as [4]");
        let message = graph.reshape(x, [usize::MAX, 3]).unwrap_err().to_string();
        assert_eq!(message, "reshape: the result has more elements than memory can hold");
    }

    #[test]
    fn slices() {
        let block = run(&[counting([3, 4])], |graph, x| graph.slice(x[0], &[1, 2], &[2, 2]));
        assert_eq!(block.data, [6.0, 7.0, 10.0, 11.0]);
        let nothing = run(&[counting([3])], |graph, x| graph.slice(x[0], &[3], &[0]));
        assert_eq!(nothing.shape.dims(), [0]);
    }

    #[test]
    fn slices_stay_inside() {
        let message = refusal(&[counting([3, 4])], |graph, x| graph.slice(x[0], &[0, 3], &[3, 2]));
        assert_eq!(message, "slice: 2 elements from 3 on reach beyond axis 1 of shape [3, 4]");
        let message = refusal(&[counting([3])], |graph, x| graph.slice(x[0], &[usize::MAX], &[2]));
        assert_eq!(message, format!("slice: 2 elements from {} on reach beyond axis 0 of shape [3]", usize::MAX));
        let message = refusal(&[counting([3])], |graph, x| graph.slice(x[0], &[4], &[0]));
        assert_eq!(message, "slice: 0 elements from 4 on reach beyond axis 0 of shape [3]");
        let message = refusal(&[counting([3])], |graph, x| graph.slice(x[0], &[], &[1]));
        assert_eq!(message, "slice: expected 1 starts and sizes for shape [3], received [], [1]");
    }
}
