//! Joining tensors along an axis.

use glorot_tensor::Shape;

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::Op;

impl Graph {
    /// Joins tensors of one dtype, equal in all other axes, along an axis.
    pub fn concat(&mut self, parts: &[NodeId], axis: usize) -> Result<NodeId> {
        let Some(&first) = parts.first() else {
            return Err(GraphError::new("concat", "expected at least one tensor"));
        };
        let (shape, dtype) = (self.shape(first).clone(), self.dtype(first));
        if axis >= shape.rank() {
            return Err(GraphError::new("concat", format!("shape {shape} has no axis {axis}")));
        }
        let mut length = 0;
        for &part in parts {
            let other = self.shape(part);
            let fits = other.rank() == shape.rank()
                && (0..shape.rank()).all(|other_axis| other_axis == axis || other[other_axis] == shape[other_axis]);
            if !fits || self.dtype(part) != dtype {
                let received = format!("{dtype} {shape} and {} {other}", self.dtype(part));
                let detail = format!("expected tensors that differ only in axis {axis}, received {received}");
                return Err(GraphError::new("concat", detail));
            }
            length += other[axis];
        }
        if parts.len() == 1 {
            return Ok(first);
        }
        let joined: Shape = (0..shape.rank()).map(|other| if other == axis { length } else { shape[other] }).collect();
        Ok(self.push(Op::Concat { axis }, parts.to_vec(), joined, dtype))
    }
}
