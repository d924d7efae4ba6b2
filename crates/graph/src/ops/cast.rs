//! Conversion, and the identity that stops gradients.

use glorot_tensor::DType;

use crate::error::Result;
use crate::graph::{Graph, Node, NodeId};
use crate::op::Op;
use crate::reference::Value;

impl Graph {
    /// Converts to another dtype. Fractions are truncated towards zero, numbers out of range saturate, NaN becomes the
    /// integer 0; bool is `x != 0`.
    pub fn cast(&mut self, x: NodeId, to: DType) -> Result<NodeId> {
        let node = self.node(x);
        if node.dtype == to {
            return Ok(x);
        }
        let shape = node.shape.clone();
        if let Some(value) = self.fill_value(x) {
            return Ok(self.fill(convert(value, to), shape, to));
        }
        Ok(self.push(Op::Cast(to), vec![x], shape, to))
    }

    /// The same values, through which no gradient flows.
    pub fn stop_gradient(&mut self, x: NodeId) -> Result<NodeId> {
        let node = self.node(x);
        if matches!(node.op, Op::StopGradient | Op::Fill(_)) || !node.dtype.is_float() {
            return Ok(x);
        }
        let (shape, dtype) = (node.shape.clone(), node.dtype);
        Ok(self.push(Op::StopGradient, vec![x], shape, dtype))
    }
}

/// Plain meaning of `cast`.
pub(crate) fn reference(node: &Node, x: &Value) -> Value {
    Value::new(node.shape.clone(), node.dtype, x.data.iter().map(|&value| convert(value, node.dtype)).collect())
}

/// The number that a dtype holds for `value`. float32 is not rounded: the reference computes in f64.
pub(crate) fn convert(value: f64, to: DType) -> f64 {
    match to {
        DType::F32 => value,
        DType::I32 => f64::from(value as i32),
        DType::U8 => f64::from(value as u8),
        DType::Bool => f64::from(value != 0.0),
    }
}
