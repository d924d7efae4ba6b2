//! Leaves that are not inputs: constants of one value, the index along an axis.

use glorot_tensor::{DType, Shape};

use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::Op;
use crate::ops::checked_shape;
use crate::reference::{Value, indices};

impl Graph {
    /// A tensor whose elements are their index along an axis (int32 or float32).
    pub fn iota(&mut self, shape: impl Into<Shape>, axis: usize, dtype: DType) -> Result<NodeId> {
        let shape = checked_shape("iota", shape.into().iter().copied().map(Some))?;
        if axis >= shape.rank() {
            return Err(GraphError::new("iota", format!("shape {shape} has no axis {axis}")));
        }
        if !matches!(dtype, DType::F32 | DType::I32) {
            return Err(GraphError::new("iota", format!("expected dtype int32 or float32, received {dtype}")));
        }
        Ok(self.push(Op::Iota { axis }, vec![], shape, dtype))
    }

    /// The value of all elements, where it is one and known at compile time.
    pub fn fill_value(&self, id: NodeId) -> Option<f64> {
        match self.node(id).op {
            Op::Fill(value) => Some(value.get()),
            _ => None,
        }
    }

    /// A constant of the shape and dtype of `id`.
    pub(crate) fn fill_like(&mut self, id: NodeId, value: f64) -> NodeId {
        let (shape, dtype) = (self.shape(id).clone(), self.dtype(id));
        self.fill(value, shape, dtype)
    }
}

/// Plain meaning of `fill`.
pub(crate) fn reference_fill(node: &Node, value: f64) -> Value {
    Value::new(node.shape.clone(), node.dtype, vec![value; node.shape.numel()])
}

/// Plain meaning of `iota`.
pub(crate) fn reference_iota(node: &Node, axis: usize) -> Value {
    Value::new(node.shape.clone(), node.dtype, indices(&node.shape).map(|index| index[axis] as f64).collect())
}
