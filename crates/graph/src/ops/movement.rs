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
