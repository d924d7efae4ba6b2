//! Choice between two tensors, element by element.

use glorot_tensor::DType;

use crate::autograd::Edge;
use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::Op;
use crate::reference::Value;

impl Graph {
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
        match self.fill_value(condition) {
            Some(0.0) => return Ok(on_false),
            Some(_) => return Ok(on_true),
            None => {}
        }
        let dtype = self.dtype(on_true);
        Ok(self.push(Op::Select, vec![condition, on_true, on_false], shape, dtype))
    }
}

/// The upstream gradient where the operand was chosen, zero elsewhere.
pub(crate) fn gradient(graph: &mut Graph, edge: &Edge) -> Result<NodeId> {
    let (condition, zero) = (edge.node.inputs[0], graph.fill_like(edge.upstream, 0.0));
    match edge.operand {
        1 => graph.select(condition, edge.upstream, zero),
        _ => graph.select(condition, zero, edge.upstream),
    }
}

/// Plain meaning of the op.
pub(crate) fn reference(node: &Node, condition: &Value, on_true: &Value, on_false: &Value) -> Value {
    let choose = |i: usize| if condition.data[i] != 0.0 { on_true.data[i] } else { on_false.data[i] };
    Value::new(node.shape.clone(), node.dtype, (0..condition.data.len()).map(choose).collect())
}
