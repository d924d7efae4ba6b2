//! Leaves that are not inputs: the index along an axis.

use glorot_tensor::{DType, Shape};

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::Op;

impl Graph {
    /// A tensor whose elements are their index along an axis (int32 or float32).
    pub fn iota(&mut self, shape: impl Into<Shape>, axis: usize, dtype: DType) -> Result<NodeId> {
        let shape = shape.into();
        if axis >= shape.rank() {
            return Err(GraphError::new("iota", format!("shape {shape} has no axis {axis}")));
        }
        if !matches!(dtype, DType::F32 | DType::I32) {
            return Err(GraphError::new("iota", format!("expected dtype int32 or float32, received {dtype}")));
        }
        Ok(self.push(Op::Iota { axis }, vec![], shape, dtype))
    }
}
