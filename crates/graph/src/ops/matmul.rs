//! Matrix products.

use glorot_tensor::{DType, Shape};

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::Op;

impl Graph {
    /// Matrix product over the last two axes; the axes before are batch axes and must be equal. `transpose_a` says that
    /// `a` is stored as `[..., k, m]`, `transpose_b` that `b` is stored as `[..., n, k]`.
    pub fn mat_mul(&mut self, a: NodeId, b: NodeId, transpose_a: bool, transpose_b: bool) -> Result<NodeId> {
        let (shape_a, shape_b) = (self.shape(a).clone(), self.shape(b).clone());
        for id in [a, b] {
            if self.dtype(id) != DType::F32 {
                return Err(GraphError::new("matMul", format!("expected dtype float32, received {}", self.dtype(id))));
            }
        }
        let rank = shape_a.rank();
        let mismatch = || {
            let turned = |flag| if flag { " transposed" } else { "" };
            let (first, second) = (turned(transpose_a), turned(transpose_b));
            GraphError::new("matMul", format!("cannot multiply {shape_a}{first} by {shape_b}{second}"))
        };
        if rank < 2 || shape_b.rank() != rank || shape_a[..rank - 2] != shape_b[..rank - 2] {
            return Err(mismatch());
        }
        let matrix = |shape: &Shape, turned: bool| {
            let (rows, columns) = (shape[rank - 2], shape[rank - 1]);
            if turned { (columns, rows) } else { (rows, columns) }
        };
        let ((m, k), (k_b, n)) = (matrix(&shape_a, transpose_a), matrix(&shape_b, transpose_b));
        if k != k_b {
            return Err(mismatch());
        }
        let shape: Shape = shape_a[..rank - 2].iter().copied().chain([m, n]).collect();
        if k == 0 {
            return Ok(self.fill(0.0, shape, DType::F32));
        }
        Ok(self.push(Op::MatMul { transpose_a, transpose_b }, vec![a, b], shape, DType::F32))
    }
}
