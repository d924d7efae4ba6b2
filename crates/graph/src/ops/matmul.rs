//! Matrix products.

use glorot_tensor::{DType, Shape};

use crate::autograd::Edge;
use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::Op;
use crate::ops::checked_shape;
use crate::reference::{Value, indices};

impl Graph {
    /// Matrix product over the last two axes; the axes before are batch axes and must be equal. `transpose_a` says that
    /// `a` is stored as `[..., k, m]`, `transpose_b` that `b` is stored as `[..., n, k]`. Where `k` is 0, the product is 0.
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
        let shape = checked_shape("matMul", shape_a[..rank - 2].iter().copied().chain([m, n]).map(Some))?;
        if k == 0 {
            return Ok(self.fill(0.0, shape, DType::F32));
        }
        let ((a, transpose_a), (b, transpose_b)) =
            (self.untransposed(a, transpose_a), self.untransposed(b, transpose_b));
        Ok(self.push(Op::MatMul { transpose_a, transpose_b }, vec![a, b], shape, DType::F32))
    }
}

impl Graph {
    /// The operand and its flag without a transposition of the last two axes, which the flag can express.
    fn untransposed(&self, x: NodeId, transposed: bool) -> (NodeId, bool) {
        let node = self.node(x);
        let last = node.shape.rank() - 1;
        let swapped = |axis: usize| {
            if axis == last {
                last - 1
            } else if axis == last - 1 {
                last
            } else {
                axis
            }
        };
        match &node.op {
            Op::Transpose { permutation } if permutation.iter().enumerate().all(|(to, &from)| from == swapped(to)) => {
                (node.inputs[0], !transposed)
            }
            _ => (x, transposed),
        }
    }
}

/// With `C = A B` and `G` the gradient of `C`: `dA = G Bᵀ`, `dB = Aᵀ G`, both turned where the operand is stored
/// transposed. Flags alone express every case; no transposed copy is made.
pub(crate) fn gradient(graph: &mut Graph, transpose_a: bool, transpose_b: bool, edge: &Edge) -> Result<NodeId> {
    let (a, b, upstream) = (edge.node.inputs[0], edge.node.inputs[1], edge.upstream);
    match (edge.operand, transpose_a, transpose_b) {
        (0, false, _) => graph.mat_mul(upstream, b, false, !transpose_b),
        (0, true, _) => graph.mat_mul(b, upstream, transpose_b, true),
        (_, _, false) => graph.mat_mul(a, upstream, !transpose_a, false),
        (_, _, true) => graph.mat_mul(upstream, a, true, transpose_a),
    }
}

/// Plain meaning of the op.
pub(crate) fn reference(node: &Node, transpose_a: bool, transpose_b: bool, a: &Value, b: &Value) -> Value {
    let rank = node.shape.rank();
    let k = a.shape[if transpose_a { rank - 2 } else { rank - 1 }];
    let element = |batch: &[usize], row: usize, column: usize, turned: bool| {
        let (row, column) = if turned { (column, row) } else { (row, column) };
        [batch, &[row, column]].concat()
    };
    let product = |index: Vec<usize>| {
        let (batch, m, n) = (&index[..rank - 2], index[rank - 2], index[rank - 1]);
        let term = |k: usize| a.at(&element(batch, m, k, transpose_a)) * b.at(&element(batch, k, n, transpose_b));
        (0..k).map(term).sum()
    };
    Value::new(node.shape.clone(), node.dtype, indices(&node.shape).map(product).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{gradients, refusal, run};

    #[test]
    fn multiplies_every_way_of_storing() {
        let (a, a_turned) = (Value::f32([2, 3], vec![1., 2., 3., 4., 5., 6.]), vec![1., 4., 2., 5., 3., 6.]);
        let (b, b_turned) = (Value::f32([3, 2], vec![7., 8., 9., 10., 11., 12.]), vec![7., 9., 11., 8., 10., 12.]);
        let (a_turned, b_turned) = (Value::f32([3, 2], a_turned), Value::f32([2, 3], b_turned));
        for (a, b, flags) in [
            (&a, &b, (false, false)),
            (&a_turned, &b, (true, false)),
            (&a, &b_turned, (false, true)),
            (&a_turned, &b_turned, (true, true)),
        ] {
            let product = run(&[a.clone(), b.clone()], |graph, x| graph.mat_mul(x[0], x[1], flags.0, flags.1));
            assert_eq!(product, Value::f32([2, 2], vec![58., 64., 139., 154.]), "{flags:?}");
        }
    }

    #[test]
    fn batches_are_separate() {
        let values = [Value::f32([2, 1, 1], vec![2.0, 3.0]), Value::f32([2, 1, 1], vec![5.0, 7.0])];
        let product = run(&values, |graph, x| graph.mat_mul(x[0], x[1], false, false));
        assert_eq!(product, Value::f32([2, 1, 1], vec![10.0, 21.0]));
    }

    #[test]
    fn transposed_operands_cost_nothing() {
        let mut graph = Graph::new();
        let (a, b) = (graph.input([5, 3, 2], DType::F32), graph.input([5, 3, 4], DType::F32));
        let turned = graph.transpose(a, &[0, 2, 1]).unwrap();
        let product = graph.mat_mul(turned, b, false, false).unwrap();
        assert_eq!(product, graph.mat_mul(a, b, true, false).unwrap());
        assert_eq!(graph.node(product).inputs, [a, b]);
        // Another permutation stays.
        let square = graph.input([2, 2, 2], DType::F32);
        let rotated = graph.transpose(square, &[1, 2, 0]).unwrap();
        let product = graph.mat_mul(rotated, square, false, false).unwrap();
        assert_eq!(graph.node(product).inputs, [rotated, square]);
    }

    #[test]
    fn axes_of_length_zero() {
        let values = [Value::f32([2, 0], vec![]), Value::f32([0, 3], vec![])];
        let product = run(&values, |graph, x| graph.mat_mul(x[0], x[1], false, false));
        assert_eq!(product, Value::f32([2, 3], vec![0.0; 6]));
        let values = [Value::f32([2, 3], vec![1.0; 6]), Value::f32([3, 0], vec![])];
        let got = gradients(&values, |graph, x| graph.mat_mul(x[0], x[1], false, false));
        assert_eq!(got, [vec![0.0; 6], vec![]]);
    }

    #[test]
    fn refuses_what_does_not_fit() {
        let values = [Value::f32([2, 3], vec![0.0; 6]), Value::f32([2, 3], vec![0.0; 6])];
        let message = refusal(&values, |graph, x| graph.mat_mul(x[0], x[1], false, false));
        assert_eq!(message, "matMul: cannot multiply [2, 3] by [2, 3]");
        let message = refusal(&values, |graph, x| graph.mat_mul(x[0], x[1], true, true));
        assert_eq!(message, "matMul: cannot multiply [2, 3] transposed by [2, 3] transposed");
        let message = refusal(&[Value::i32([1, 1], vec![1])], |graph, x| graph.mat_mul(x[0], x[0], false, false));
        assert_eq!(message, "matMul: expected dtype float32, received int32");
    }
}
