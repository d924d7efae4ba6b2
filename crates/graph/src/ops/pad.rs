//! Padding with a value.

use glorot_tensor::Shape;

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::{Op, Real};

impl Graph {
    /// Adds `low[axis]` elements before and `high[axis]` after each axis, all of one value.
    pub fn pad(&mut self, x: NodeId, low: &[usize], high: &[usize], value: f64) -> Result<NodeId> {
        let node = self.node(x).clone();
        let rank = node.shape.rank();
        if low.len() != rank || high.len() != rank {
            let detail = format!("expected {rank} widths for shape {}, received {low:?} and {high:?}", node.shape);
            return Err(GraphError::new("pad", detail));
        }
        if low.iter().chain(high).all(|&width| width == 0) {
            return Ok(x);
        }
        let shape: Shape = (0..rank).map(|axis| low[axis] + node.shape[axis] + high[axis]).collect();
        let op = Op::Pad { low: low.to_vec(), high: high.to_vec(), value: Real::new(value) };
        Ok(self.push(op, vec![x], shape, node.dtype))
    }
}
