//! Reverse-mode differentiation: a transformation of the graph, which adds the nodes that compute gradients.
//!
//! Each family of ops has its rule in its file of [`crate::ops`]: given the gradient of an op's result (`upstream`), the
//! gradient of one operand. Where an op's derivative can be had from its result, the rule uses the result, so that the
//! forward pass need not keep what came before it.

use crate::error::{GraphError, Result};
use crate::graph::{Graph, Node, NodeId};
use crate::op::{BinaryOp, Op, UnaryOp};
use crate::ops;
use glorot_tensor::DType;

/// An edge of the graph, against which a gradient flows: from the result of a node to one of its operands.
pub(crate) struct Edge {
    pub node: Node,
    /// The node's result.
    pub output: NodeId,
    /// Which of the node's operands the gradient is for.
    pub operand: usize,
    /// Gradient of the loss with regard to the node's result.
    pub upstream: NodeId,
}

impl Edge {
    /// The operand that the gradient is for.
    pub fn input(&self) -> NodeId {
        self.node.inputs[self.operand]
    }
}

/// Adds the gradients of a float32 scalar with regard to the nodes `wrt` (float32); zeros where there is no path.
///
/// Only nodes between `wrt` and the loss are visited. Nothing flows through values that are not float32 (comparisons,
/// indices, casts to and from integers), through `stopGradient`, nor through `sign`, `floor`, `ceil` and `round`, whose
/// derivatives are zero wherever they exist.
pub fn gradients(graph: &mut Graph, loss: NodeId, wrt: &[NodeId]) -> Result<Vec<NodeId>> {
    if graph.dtype(loss) != DType::F32 || graph.shape(loss).rank() != 0 {
        let received = format!("{} {}", graph.dtype(loss), graph.shape(loss));
        let detail =
            format!("expected a float32 scalar to differentiate, received {received}; reduce it to one number");
        return Err(GraphError::new("gradients", detail));
    }
    if let Some(&id) = wrt.iter().find(|&&id| !graph.dtype(id).is_float()) {
        let received = format!("{} {}", graph.dtype(id), graph.shape(id));
        let detail = format!("expected float32 tensors to differentiate with regard to, received {received}");
        return Err(GraphError::new("gradients", detail));
    }

    let nodes = loss.index() + 1;
    let wanted = leads_to(graph, nodes, wrt);
    let mut adjoints: Vec<Option<NodeId>> = vec![None; nodes];
    adjoints[loss.index()] = Some(graph.fill_like(loss, 1.0));
    // A node is used only by later ones, so its adjoint is complete when the walk arrives.
    for index in (0..nodes).rev().filter(|&index| wanted[index]) {
        let Some(upstream) = adjoints[index] else { continue };
        let (output, node) = (NodeId(index as u32), graph.nodes()[index].clone());
        for operand in 0..node.inputs.len() {
            let input = node.inputs[operand];
            if !wanted[input.index()] || !flows(graph, &node, operand) {
                continue;
            }
            let edge = Edge { node: node.clone(), output, operand, upstream };
            let gradient = gradient(graph, &edge)?;
            debug_assert_eq!(graph.shape(gradient), graph.shape(input), "gradient of {}", node.op.name());
            adjoints[input.index()] = Some(match adjoints[input.index()] {
                Some(sum) => graph.binary(BinaryOp::Add, sum, gradient)?,
                None => gradient,
            });
        }
    }
    let adjoint = |id: &NodeId| adjoints.get(id.index()).copied().flatten();
    Ok(wrt.iter().map(|id| adjoint(id).unwrap_or_else(|| graph.fill_like(*id, 0.0))).collect())
}

/// Whether a gradient of the loss flows to one of the nodes `wrt`.
pub fn reaches(graph: &Graph, loss: NodeId, wrt: &[NodeId]) -> bool {
    leads_to(graph, loss.index() + 1, wrt)[loss.index()]
}

/// For the first `nodes` nodes, whether a gradient flows from them to one of `wrt`.
fn leads_to(graph: &Graph, nodes: usize, wrt: &[NodeId]) -> Vec<bool> {
    let mut wanted = vec![false; nodes];
    for (index, node) in graph.nodes()[..nodes].iter().enumerate() {
        let through = |operand: usize| wanted[node.inputs[operand].index()] && flows(graph, node, operand);
        wanted[index] = wrt.contains(&NodeId(index as u32)) || (0..node.inputs.len()).any(through);
    }
    wanted
}

/// Whether a gradient flows from a node to one of its operands.
fn flows(graph: &Graph, node: &Node, operand: usize) -> bool {
    let differentiable = !matches!(
        node.op,
        Op::StopGradient | Op::Unary(UnaryOp::Sign | UnaryOp::Floor | UnaryOp::Ceil | UnaryOp::Round)
    );
    let to_value = node.op == Op::Surrogate && operand == 0;
    differentiable && !to_value && node.dtype.is_float() && graph.dtype(node.inputs[operand]).is_float()
}

/// The gradient that flows along an edge. The match has an arm for every op, so that none is forgotten.
fn gradient(graph: &mut Graph, edge: &Edge) -> Result<NodeId> {
    match &edge.node.op {
        Op::Unary(op) => ops::unary::gradient(graph, *op, edge),
        Op::Binary(op) => ops::binary::gradient(graph, *op, edge),
        Op::Select => ops::select::gradient(graph, edge),
        Op::Surrogate => Ok(ops::surrogate::gradient(edge)),
        Op::Cast(_) => graph.cast(edge.upstream, graph.dtype(edge.input())),
        Op::Reduce { kind, axes } => ops::reduce::gradient(graph, *kind, axes, edge),
        Op::Reshape | Op::Broadcast | Op::Transpose { .. } | Op::Slice { .. } => ops::movement::gradient(graph, edge),
        Op::Pad { low, .. } => ops::pad::gradient(graph, low, edge),
        Op::Windows { axis, windows } | Op::FoldWindows { axis, windows } => {
            ops::windows::gradient(graph, *axis, windows, edge)
        }
        Op::Concat { axis } => ops::concat::gradient(graph, *axis, edge),
        Op::MatMul { transpose_a, transpose_b } => ops::matmul::gradient(graph, *transpose_a, *transpose_b, edge),
        Op::Gather | Op::ScatterAdd => ops::gather::gradient(graph, edge),
        Op::Input(_)
        | Op::State(_)
        | Op::Fill(_)
        | Op::Constant(_)
        | Op::Iota { .. }
        | Op::Random { .. }
        | Op::Compare(_)
        | Op::StopGradient
        | Op::ArgMax { .. } => Err(GraphError::new(edge.node.op.name(), "has no gradient")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::ReduceKind;

    fn sum(graph: &mut Graph, x: NodeId) -> NodeId {
        let axes: Vec<usize> = (0..graph.shape(x).rank()).collect();
        graph.reduce(ReduceKind::Sum, x, &axes, false).unwrap()
    }

    fn count(graph: &Graph, matches: impl Fn(&Op) -> bool) -> usize {
        graph.nodes().iter().filter(|node| matches(&node.op)).count()
    }

    #[test]
    fn a_training_step_multiplies_no_more_than_it_must() {
        let mut graph = Graph::new();
        let x = graph.input([4, 5], DType::F32);
        let (first, second) = (graph.input([5, 6], DType::F32), graph.input([6, 3], DType::F32));
        let hidden = graph.mat_mul(x, first, false, false).unwrap();
        let hidden = graph.unary(UnaryOp::Tanh, hidden).unwrap();
        let result = graph.mat_mul(hidden, second, false, false).unwrap();
        let result = graph.unary(UnaryOp::Square, result).unwrap();
        let loss = sum(&mut graph, result);
        gradients(&mut graph, loss, &[first, second]).unwrap();
        // Two forward; both weights; the hidden layer, but not the input.
        assert_eq!(count(&graph, |op| matches!(op, Op::MatMul { .. })), 5);
        assert_eq!(count(&graph, |op| matches!(op, Op::Transpose { .. })), 0);
        // The seed of 1 is folded away: the gradient of a square is 2 x, made of the result alone.
        assert_eq!(count(&graph, |op| matches!(op, Op::Broadcast)), 0);
    }

    #[test]
    fn no_path_gives_zeros() {
        let mut graph = Graph::new();
        let (x, other) = (graph.input([2], DType::F32), graph.input([3], DType::F32));
        let loss = sum(&mut graph, x);
        let later = graph.input([4], DType::F32);
        let found = gradients(&mut graph, loss, &[other, x, later]).unwrap();
        assert_eq!(found.iter().map(|&id| graph.fill_value(id)).collect::<Vec<_>>(), [Some(0.0), Some(1.0), Some(0.0)]);
        assert_eq!(found.iter().map(|&id| graph.shape(id)[0]).collect::<Vec<_>>(), [3, 2, 4]);
    }

    #[test]
    fn values_between_input_and_loss_have_gradients() {
        let mut graph = Graph::new();
        let x = graph.input([2], DType::F32);
        let doubled = graph.mul_scalar(x, 2.0).unwrap();
        let tripled = graph.mul_scalar(doubled, 3.0).unwrap();
        let loss = sum(&mut graph, tripled);
        let found = gradients(&mut graph, loss, &[doubled, x, loss, x]).unwrap();
        let value = |id: &NodeId| graph.fill_value(*id).unwrap();
        assert_eq!(found.iter().map(value).collect::<Vec<_>>(), [3.0, 6.0, 1.0, 6.0]);
    }

    #[test]
    fn refuses_other_losses() {
        let mut graph = Graph::new();
        let (x, label) = (graph.input([2], DType::F32), graph.input([], DType::I32));
        let refusal = |graph: &mut Graph, loss, wrt| gradients(graph, loss, &[wrt]).unwrap_err().to_string();
        assert_eq!(
            refusal(&mut graph, x, x),
            "gradients: expected a float32 scalar to differentiate, received float32 [2]; reduce it to one number"
        );
        assert_eq!(
            refusal(&mut graph, label, x),
            "gradients: expected a float32 scalar to differentiate, received int32 []; reduce it to one number"
        );
        let loss = sum(&mut graph, x);
        assert_eq!(
            refusal(&mut graph, loss, label),
            "gradients: expected float32 tensors to differentiate with regard to, received int32 []"
        );
    }

    #[test]
    fn the_same_expression_is_built_once() {
        let mut graph = Graph::new();
        let (a, b) = (graph.input([2, 3], DType::F32), graph.input([3], DType::F32));
        let mut build = || {
            let product = graph.mul(a, b).unwrap();
            let scaled = graph.mul_scalar(product, 0.5).unwrap();
            let squared = graph.unary(UnaryOp::Square, scaled).unwrap();
            let loss = sum(&mut graph, squared);
            let gradients = gradients(&mut graph, loss, &[a, b]).unwrap();
            (loss, gradients, graph.nodes().len())
        };
        let first = build();
        assert_eq!(build(), first);
    }
}
