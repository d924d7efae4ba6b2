//! Comparison.

use glorot_tensor::DType;

use crate::error::Result;
use crate::graph::{Graph, Node, NodeId};
use crate::op::{CompareOp, Op};
use crate::reference::Value;

impl Graph {
    /// Compares two tensors of one dtype (any) element by element, after broadcasting; the result is bool. False counts
    /// as less than true.
    pub fn compare(&mut self, op: CompareOp, a: NodeId, b: NodeId) -> Result<NodeId> {
        let (a, b) = self.broadcast_together("compare", a, b)?;
        let shape = self.shape(a).clone();
        if let (Some(left), Some(right)) = (self.fill_value(a), self.fill_value(b)) {
            return Ok(self.fill(f64::from(apply(op, left, right)), shape, DType::Bool));
        }
        Ok(self.push(Op::Compare(op), vec![a, b], shape, DType::Bool))
    }
}

/// Plain meaning of the op.
pub(crate) fn reference(node: &Node, op: CompareOp, a: &Value, b: &Value) -> Value {
    let pairs = a.data.iter().zip(&b.data);
    Value::new(node.shape.clone(), node.dtype, pairs.map(|(&a, &b)| f64::from(apply(op, a, b))).collect())
}

fn apply(op: CompareOp, a: f64, b: f64) -> bool {
    match op {
        CompareOp::Eq => a == b,
        CompareOp::Ne => a != b,
        CompareOp::Lt => a < b,
        CompareOp::Le => a <= b,
        CompareOp::Gt => a > b,
        CompareOp::Ge => a >= b,
    }
}
