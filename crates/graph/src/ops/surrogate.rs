//! A value with the gradient of another.

use crate::autograd::Edge;
use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::Op;

impl Graph {
    /// `value`, whose gradient flows to `surrogate` as if it were that: for functions whose derivative is written down
    /// better, or otherwise, than that of the ops that compute them. Both float32 of one shape. Only `value` is
    /// computed.
    pub fn surrogate(&mut self, value: NodeId, surrogate: NodeId) -> Result<NodeId> {
        let of = |id: NodeId| format!("{} {}", self.dtype(id), self.shape(id));
        if self.shape(value) != self.shape(surrogate)
            || !self.dtype(value).is_float()
            || !self.dtype(surrogate).is_float()
        {
            let received = format!("received {} and {}", of(value), of(surrogate));
            return Err(GraphError::new("surrogate", format!("expected two float32 values of one shape, {received}")));
        }
        if value == surrogate {
            return Ok(value);
        }
        let (shape, dtype) = (self.shape(value).clone(), self.dtype(value));
        Ok(self.push(Op::Surrogate, vec![value, surrogate], shape, dtype))
    }
}

/// All of the upstream gradient, to the surrogate; none reaches the value.
pub(crate) fn gradient(edge: &Edge) -> NodeId {
    edge.upstream
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::UnaryOp;
    use crate::ops::testing::{gradients, refusal, run};
    use crate::program::Kernel;
    use crate::reference::Value;
    use glorot_tensor::DType;

    fn straight_through(graph: &mut Graph, x: &[NodeId]) -> Result<NodeId> {
        let rounded = graph.unary(UnaryOp::Round, x[0])?;
        let squared = graph.unary(UnaryOp::Square, x[0])?;
        graph.surrogate(rounded, squared)
    }

    #[test]
    fn one_value_with_the_gradient_of_another() {
        let x = [Value::f32([2], vec![1.25, -0.5])];
        assert_eq!(run(&x, straight_through), Value::f32([2], vec![1.0, 0.0]));
        assert_eq!(gradients(&x, straight_through), [[2.5, -1.0]]);
        let twice = |graph: &mut Graph, x: &[NodeId]| graph.surrogate(x[0], x[0]);
        assert_eq!(gradients(&x, twice), [[1.0, 1.0]]);
    }

    #[test]
    fn the_surrogate_is_not_computed() {
        let mut graph = Graph::new();
        let x = graph.input([2], DType::F32);
        let result = straight_through(&mut graph, &[x]).unwrap();
        graph.output(result);
        let program = crate::compile(&graph);
        let [Kernel::Map(map)] = &program.kernels[..] else {
            panic!("expected one loop, received {:?}", program.kernels)
        };
        assert_eq!(map.body.instrs.len(), 2, "load and round: {:?}", map.body);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let values = [Value::f32([2], vec![0.0; 2]), Value::i32([2], vec![0; 2])];
        let message = refusal(&values, |graph, x| graph.surrogate(x[0], x[1]));
        assert_eq!(message, "surrogate: expected two float32 values of one shape, received float32 [2] and int32 [2]");
    }
}
