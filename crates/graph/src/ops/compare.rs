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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::run;

    #[test]
    fn every_dtype_and_nan() {
        let holds = |op, dtype, a: f64, b: f64| {
            let values = [Value::new([], dtype, vec![a]), Value::new([], dtype, vec![b])];
            run(&values, |graph, x| graph.compare(op, x[0], x[1])).data[0] == 1.0
        };
        assert!(holds(CompareOp::Lt, DType::U8, 3.0, 250.0));
        assert!(holds(CompareOp::Gt, DType::I32, 3.0, -250.0));
        assert!(holds(CompareOp::Lt, DType::Bool, 0.0, 1.0));
        assert!(holds(CompareOp::Ge, DType::F32, 0.0, -0.0));
        for op in [CompareOp::Eq, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge] {
            assert!(!holds(op, DType::F32, f64::NAN, f64::NAN));
        }
        assert!(holds(CompareOp::Ne, DType::F32, f64::NAN, f64::NAN));
    }

    #[test]
    fn constants_are_compared_at_once() {
        let mut graph = Graph::new();
        let (two, one) = (graph.fill(2.0, [3], DType::F32), graph.fill(1.0, [], DType::F32));
        let greater = graph.compare(CompareOp::Gt, two, one).unwrap();
        assert_eq!((graph.fill_value(greater), graph.dtype(greater)), (Some(1.0), DType::Bool));
    }
}
