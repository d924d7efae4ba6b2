//! Rows of a table by index, and the sum of rows by index.

use glorot_tensor::{DType, Shape};

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::op::Op;

impl Graph {
    /// Rows of `table` `[n, ...]` by int32 index: the shape of the indices followed by that of a row. Indices out of
    /// range give NaN.
    pub fn gather(&mut self, table: NodeId, indices: NodeId) -> Result<NodeId> {
        let shape = self.shape(table).clone();
        if shape.rank() == 0 {
            return Err(GraphError::new("gather", "expected a table with at least one axis, received a scalar"));
        }
        self.expect_indices("gather", indices)?;
        let result: Shape = self.shape(indices).iter().chain(&shape[1..]).copied().collect();
        let dtype = self.dtype(table);
        Ok(self.push(Op::Gather, vec![table, indices], result, dtype))
    }

    /// A table of `n` rows in which the given rows are summed by index; `rows` has the shape of the indices followed by
    /// that of a row. Indices out of range are skipped.
    pub fn scatter_add(&mut self, indices: NodeId, rows: NodeId, n: usize) -> Result<NodeId> {
        self.expect_indices("scatterAdd", indices)?;
        let (index_shape, shape) = (self.shape(indices).clone(), self.shape(rows).clone());
        if !shape.starts_with(&index_shape) || self.dtype(rows) != DType::F32 {
            let received = format!("{} {shape}", self.dtype(rows));
            let detail = format!("expected float32 rows whose shape begins with {index_shape}, received {received}");
            return Err(GraphError::new("scatterAdd", detail));
        }
        let result: Shape = std::iter::once(n).chain(shape[index_shape.rank()..].iter().copied()).collect();
        Ok(self.push(Op::ScatterAdd, vec![indices, rows], result, DType::F32))
    }

    fn expect_indices(&self, op: &'static str, indices: NodeId) -> Result<()> {
        match self.dtype(indices) {
            DType::I32 => Ok(()),
            other => Err(GraphError::new(op, format!("expected indices of dtype int32, received {other}"))),
        }
    }
}
