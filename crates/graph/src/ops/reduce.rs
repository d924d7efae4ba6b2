//! Reductions along axes.

use glorot_tensor::DType;

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::{Op, ReduceKind};

impl Graph {
    /// Combines the elements along the given axes, which vanish (`keep_dims`: stay with length 1). No axes: `x`.
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
        if kept == shape && shape.numel() > 0 {
            // Every reduced axis has length 1: only the shape changes.
            return self.reshape(x, shape.reduced(&sorted, keep_dims));
        }
        let reduced = self.push(op, vec![x], shape.reduced(&sorted, false), dtype);
        if keep_dims { self.reshape(reduced, kept) } else { Ok(reduced) }
    }

    /// Index (int32) of the first largest element along an axis, which vanishes.
    pub fn arg_max(&mut self, x: NodeId, axis: usize) -> Result<NodeId> {
        let shape = self.shape(x).clone();
        if axis >= shape.rank() || shape[axis] == 0 {
            return Err(GraphError::new("argMax", format!("shape {shape} has no elements along axis {axis}")));
        }
        if !matches!(self.dtype(x), DType::F32 | DType::I32) {
            let detail = format!("expected dtype float32 or int32, received {}", self.dtype(x));
            return Err(GraphError::new("argMax", detail));
        }
        Ok(self.push(Op::ArgMax { axis }, vec![x], shape.reduced(&[axis], false), DType::I32))
    }
}
