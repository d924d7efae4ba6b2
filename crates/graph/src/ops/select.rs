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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{gradients, refusal, run};

    #[test]
    fn chooses_and_broadcasts() {
        let condition = Value::new([2, 1], DType::Bool, vec![1.0, 0.0]);
        let values = [condition, Value::new([3], DType::U8, vec![1.0, 2.0, 3.0]), Value::new([], DType::U8, vec![9.0])];
        let chosen = run(&values, |graph, x| graph.select(x[0], x[1], x[2]));
        assert_eq!(chosen, Value::new([2, 3], DType::U8, vec![1.0, 2.0, 3.0, 9.0, 9.0, 9.0]));
    }

    #[test]
    fn what_is_not_chosen_has_no_influence() {
        let condition = Value::new([2], DType::Bool, vec![1.0, 0.0]);
        let values = [condition, Value::f32([2], vec![1.0, f64::NAN]), Value::f32([2], vec![f64::NAN, 2.0])];
        assert_eq!(gradients(&values, |graph, x| graph.select(x[0], x[1], x[2])), [[1.0, 0.0], [0.0, 1.0]]);
    }

    #[test]
    fn a_known_condition_chooses_at_once() {
        let mut graph = Graph::new();
        let (a, b) = (graph.input([3], DType::F32), graph.input([2, 1], DType::F32));
        let (yes, no) = (graph.fill(1.0, [], DType::Bool), graph.fill(0.0, [], DType::Bool));
        let wide = graph.broadcast_to(a, [2, 3]).unwrap();
        let tall = graph.broadcast_to(b, [2, 3]).unwrap();
        assert_eq!(graph.select(yes, a, b).unwrap(), wide);
        assert_eq!(graph.select(no, a, b).unwrap(), tall);
    }

    #[test]
    fn refuses_other_conditions() {
        let values = [Value::f32([2], vec![1.0, 0.0])];
        let message = refusal(&values, |graph, x| graph.select(x[0], x[0], x[0]));
        assert_eq!(message, "select: expected a condition of dtype bool, received float32");
        let values = [Value::new([2], DType::Bool, vec![1.0, 0.0]), Value::f32([3], vec![0.0; 3])];
        let message = refusal(&values, |graph, x| graph.select(x[0], x[1], x[1]));
        assert_eq!(message, "select: condition [2] and values [3] do not broadcast together");
    }
}
