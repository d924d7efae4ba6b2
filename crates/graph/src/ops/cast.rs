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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{gradients, run};

    #[test]
    fn truncates_and_saturates() {
        let x = Value::f32([6], vec![-1.9, 2.9, 1e20, -1e20, f64::NAN, 300.0]);
        let cast = |to| run(std::slice::from_ref(&x), |graph, x| graph.cast(x[0], to)).data;
        assert_eq!(cast(DType::I32), [-1.0, 2.0, f64::from(i32::MAX), f64::from(i32::MIN), 0.0, 300.0]);
        assert_eq!(cast(DType::U8), [0.0, 2.0, 255.0, 0.0, 0.0, 255.0]);
        assert_eq!(cast(DType::Bool), [1.0; 6]);
        let small = run(&[Value::i32([3], vec![-1, 256, 7])], |graph, x| graph.cast(x[0], DType::U8));
        assert_eq!(small.data, [0.0, 255.0, 7.0]);
    }

    #[test]
    fn constants_hold_what_their_dtype_can() {
        let mut graph = Graph::new();
        let value = |id, graph: &Graph| graph.fill_value(id).unwrap();
        let half = graph.fill(2.5, [], DType::F32);
        let whole = graph.cast(half, DType::I32).unwrap();
        assert_eq!((value(half, &graph), value(whole, &graph)), (2.5, 2.0));
        let byte = graph.fill(-3.0, [], DType::U8);
        assert_eq!(value(byte, &graph), 0.0);
    }

    #[test]
    fn stops_gradients() {
        let build = |graph: &mut Graph, x: &[NodeId]| {
            let constant = graph.stop_gradient(x[0])?;
            graph.mul(constant, x[0])
        };
        assert_eq!(gradients(&[Value::f32([], vec![3.0])], build), [[3.0]]);
        let through_integers = |graph: &mut Graph, x: &[NodeId]| {
            let whole = graph.cast(x[0], DType::I32)?;
            graph.cast(whole, DType::F32)
        };
        assert_eq!(gradients(&[Value::f32([], vec![3.0])], through_integers), [[0.0]]);
    }
}
