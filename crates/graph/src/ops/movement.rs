//! Ops that move elements without computing: reshape, broadcast, transpose, slice.

use glorot_tensor::Shape;

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::Op;

impl Graph {
    /// The same elements, in row-major order, under another shape.
    pub fn reshape(&mut self, x: NodeId, shape: impl Into<Shape>) -> Result<NodeId> {
        let shape = shape.into();
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
        let shape = shape.into();
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
        if permutation.is_sorted() {
            return Ok(x);
        }
        if let Op::Transpose { permutation: inner } = &node.op {
            let composed: Vec<usize> = permutation.iter().map(|&axis| inner[axis]).collect();
            return self.transpose(node.inputs[0], &composed);
        }
        let shape: Shape = permutation.iter().map(|&axis| node.shape[axis]).collect();
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
            if start[axis] + size[axis] > node.shape[axis] {
                let (first, end) = (start[axis], start[axis] + size[axis]);
                let detail = format!("{first}..{end} lies outside of axis {axis} of shape {}", node.shape);
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
