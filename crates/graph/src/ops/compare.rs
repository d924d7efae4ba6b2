//! Comparison, selection, conversion.

use glorot_tensor::DType;

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::{CompareOp, Op};

impl Graph {
    /// Compares two tensors of one dtype element by element, after broadcasting; the result is bool.
    pub fn compare(&mut self, op: CompareOp, a: NodeId, b: NodeId) -> Result<NodeId> {
        let (a, b) = self.broadcast_together("compare", a, b)?;
        let shape = self.shape(a).clone();
        Ok(self.push(Op::Compare(op), vec![a, b], shape, DType::Bool))
    }

    /// `on_true` where the condition (bool) holds, else `on_false`; all three broadcast together.
    pub fn select(&mut self, condition: NodeId, on_true: NodeId, on_false: NodeId) -> Result<NodeId> {
        if self.dtype(condition) != DType::Bool {
            let detail = format!("expected a condition of dtype bool, received {}", self.dtype(condition));
            return Err(GraphError::new("select", detail));
        }
        let (on_true, on_false) = self.broadcast_together("select", on_true, on_false)?;
        let values = self.shape(on_true).clone();
        let Some(shape) = self.shape(condition).broadcast(&values) else {
            let detail = format!("condition {} and values {values} do not broadcast together", self.shape(condition));
            return Err(GraphError::new("select", detail));
        };
        let condition = self.broadcast_to(condition, shape.clone())?;
        let on_true = self.broadcast_to(on_true, shape.clone())?;
        let on_false = self.broadcast_to(on_false, shape.clone())?;
        if on_true == on_false {
            return Ok(on_true);
        }
        let dtype = self.dtype(on_true);
        Ok(self.push(Op::Select, vec![condition, on_true, on_false], shape, dtype))
    }

    /// Converts to another dtype: floats are truncated towards zero (saturating), non-zero is true.
    pub fn cast(&mut self, x: NodeId, to: DType) -> Result<NodeId> {
        let node = self.node(x);
        if node.dtype == to {
            return Ok(x);
        }
        let shape = node.shape.clone();
        Ok(self.push(Op::Cast(to), vec![x], shape, to))
    }

    /// The same values, through which no gradient flows.
    pub fn stop_gradient(&mut self, x: NodeId) -> Result<NodeId> {
        let (shape, dtype) = (self.shape(x).clone(), self.dtype(x));
        Ok(self.push(Op::StopGradient, vec![x], shape, dtype))
    }
}
