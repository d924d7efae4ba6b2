//! Rows of a table by index, and the sum of rows by index.

use glorot_tensor::DType;

use crate::autograd::Edge;
use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::{BinaryOp, CompareOp, Op};
use crate::ops::checked_shape;
use crate::reference::Value;

impl Graph {
    /// Rows of `table` `[n, ...]` (any dtype) by int32 index: the shape of the indices followed by that of a row.
    /// Indices out of range, also negative ones, give NaN (0 for integers, false for bool).
    pub fn gather(&mut self, table: NodeId, indices: NodeId) -> Result<NodeId> {
        let shape = self.shape(table).clone();
        if shape.rank() == 0 {
            return Err(GraphError::new("gather", "expected a table with at least one axis, received a scalar"));
        }
        self.expect_indices("gather", indices)?;
        let result = checked_shape("gather", self.shape(indices).iter().chain(&shape[1..]).copied().map(Some))?;
        let dtype = self.dtype(table);
        Ok(self.push(Op::Gather, vec![table, indices], result, dtype))
    }

    /// A table of `n` rows in which the given float32 rows are summed by index; `rows` has the shape of the indices
    /// followed by that of a row. Indices out of range, also negative ones, are skipped.
    pub fn scatter_add(&mut self, indices: NodeId, rows: NodeId, n: usize) -> Result<NodeId> {
        self.expect_indices("scatterAdd", indices)?;
        let (index_shape, shape) = (self.shape(indices).clone(), self.shape(rows).clone());
        if !shape.starts_with(&index_shape) || self.dtype(rows) != DType::F32 {
            let received = format!("{} {shape}", self.dtype(rows));
            let detail = format!("expected float32 rows whose shape begins with {index_shape}, received {received}");
            return Err(GraphError::new("scatterAdd", detail));
        }
        let row = shape[index_shape.rank()..].iter().copied();
        let result = checked_shape("scatterAdd", std::iter::once(n).chain(row).map(Some))?;
        Ok(self.push(Op::ScatterAdd, vec![indices, rows], result, DType::F32))
    }

    fn expect_indices(&self, op: &'static str, indices: NodeId) -> Result<()> {
        match self.dtype(indices) {
            DType::I32 => Ok(()),
            other => Err(GraphError::new(op, format!("expected indices of dtype int32, received {other}"))),
        }
    }
}

/// Each of the two ops is the other's gradient.
pub(crate) fn gradient(graph: &mut Graph, edge: &Edge) -> Result<NodeId> {
    if edge.node.op == Op::Gather {
        let rows = graph.shape(edge.input())[0];
        return graph.scatter_add(edge.node.inputs[1], edge.upstream, rows);
    }
    // Skipped rows have no influence, but gathering them would give NaN.
    let indices = edge.node.inputs[0];
    let (zero, end) = (graph.fill_like(indices, 0.0), graph.fill_like(indices, edge.node.shape[0] as f64));
    let (not_before, not_after) =
        (graph.compare(CompareOp::Ge, indices, zero)?, graph.compare(CompareOp::Lt, indices, end)?);
    let inside = graph.binary(BinaryOp::And, not_before, not_after)?;
    let (index_shape, shape) = (graph.shape(indices).clone(), graph.shape(edge.input()).clone());
    let ones = std::iter::repeat_n(1, shape.rank() - index_shape.rank());
    let inside = graph.reshape(inside, index_shape.iter().copied().chain(ones).collect::<Vec<_>>())?;
    let rows = graph.gather(edge.upstream, indices)?;
    let nothing = graph.fill_like(rows, 0.0);
    graph.select(inside, rows, nothing)
}

/// Plain meaning of `gather`.
pub(crate) fn reference_gather(node: &Node, table: &Value, indices: &Value) -> Value {
    let row_len: usize = table.shape[1..].iter().product();
    let missing = if node.dtype == DType::F32 { f64::NAN } else { 0.0 };
    let mut data = Vec::new();
    for &index in &indices.data {
        match row(index, table.shape[0]) {
            Some(row) => data.extend_from_slice(&table.data[row * row_len..(row + 1) * row_len]),
            None => data.extend(std::iter::repeat_n(missing, row_len)),
        }
    }
    Value::new(node.shape.clone(), node.dtype, data)
}

/// Plain meaning of `scatter_add`.
pub(crate) fn reference_scatter_add(node: &Node, indices: &Value, rows: &Value) -> Value {
    let row_len: usize = node.shape[1..].iter().product();
    let mut data = vec![0.0; node.shape.numel()];
    for (i, &index) in indices.data.iter().enumerate() {
        let Some(row) = row(index, node.shape[0]) else { continue };
        for column in 0..row_len {
            data[row * row_len + column] += rows.data[i * row_len + column];
        }
    }
    Value::new(node.shape.clone(), node.dtype, data)
}

/// The row that an index means, if it is in range.
fn row(index: f64, rows: usize) -> Option<usize> {
    (index >= 0.0 && index < rows as f64).then_some(index as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_close, gradients, refusal, run};

    #[test]
    fn gathers_rows() {
        let table = Value::f32([3, 2], vec![0.0, 1.0, 10.0, 11.0, 20.0, 21.0]);
        let rows = run(&[table, Value::i32([2, 2], vec![2, 0, -1, 3])], |graph, x| graph.gather(x[0], x[1]));
        assert_eq!(rows.shape.dims(), [2, 2, 2]);
        let nan = f64::NAN;
        assert_close(&rows.data, &[20.0, 21.0, 0.0, 1.0, nan, nan, nan, nan]);
        let bytes = Value::new([2], DType::U8, vec![7.0, 8.0]);
        let rows = run(&[bytes, Value::i32([3], vec![1, 2, 0])], |graph, x| graph.gather(x[0], x[1]));
        assert_eq!(rows, Value::new([3], DType::U8, vec![8.0, 0.0, 7.0]));
        let nothing = run(&[Value::f32([0, 1], vec![]), Value::i32([1], vec![0])], |graph, x| graph.gather(x[0], x[1]));
        assert_close(&nothing.data, &[nan]);
    }

    #[test]
    fn scatters_rows() {
        let rows = Value::f32([4, 2], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        let indices = Value::i32([4], vec![1, -1, 1, 3]);
        let table = run(&[indices.clone(), rows.clone()], |graph, x| graph.scatter_add(x[0], x[1], 3));
        assert_eq!(table, Value::f32([3, 2], vec![0.0, 0.0, 6.0, 8.0, 0.0, 0.0]));
        let gradient = gradients(&[indices, rows], |graph, x| graph.scatter_add(x[0], x[1], 3));
        assert_eq!(gradient, [[1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]]);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let (table, floats) = (Value::f32([2], vec![0.0; 2]), Value::f32([1], vec![0.0]));
        let message = refusal(&[table.clone(), floats], |graph, x| graph.gather(x[0], x[1]));
        assert_eq!(message, "gather: expected indices of dtype int32, received float32");
        let (scalar, indices) = (Value::f32([], vec![0.0]), Value::i32([3], vec![0; 3]));
        let message = refusal(&[scalar, indices.clone()], |graph, x| graph.gather(x[0], x[1]));
        assert_eq!(message, "gather: expected a table with at least one axis, received a scalar");
        let message = refusal(&[indices, table], |graph, x| graph.scatter_add(x[0], x[1], 3));
        assert_eq!(message, "scatterAdd: expected float32 rows whose shape begins with [3], received float32 [2]");
    }
}
