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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{refusal, run};

    #[test]
    fn counts_along_an_axis() {
        let rows = run(&[], |graph, _| graph.iota([2, 3], 0, DType::I32));
        assert_eq!(rows, Value::i32([2, 3], vec![0, 0, 0, 1, 1, 1]));
        let columns = run(&[], |graph, _| graph.iota([2, 3], 1, DType::F32));
        assert_eq!(columns, Value::f32([2, 3], vec![0.0, 1.0, 2.0, 0.0, 1.0, 2.0]));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let iota = |axis, dtype| refusal(&[], |graph, _| graph.iota([2, 3], axis, dtype));
        assert_eq!(iota(2, DType::F32), "iota: shape [2, 3] has no axis 2");
        assert_eq!(iota(0, DType::Bool), "iota: expected dtype int32 or float32, received bool");
    }
}
