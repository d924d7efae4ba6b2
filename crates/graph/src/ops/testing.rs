//! What the tests of the op families share.

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};
use crate::reference::{Value, evaluate};

/// The value of an expression of inputs.
pub(crate) fn run(values: &[Value], build: impl Fn(&mut Graph, &[NodeId]) -> Result<NodeId>) -> Value {
    let mut graph = Graph::new();
    let inputs: Vec<NodeId> = values.iter().map(|value| graph.input(value.shape.clone(), value.dtype)).collect();
    let id = build(&mut graph, &inputs).unwrap();
    evaluate(&graph, values, &|_| unreachable!("a graph without states")).value(id).clone()
}

/// The gradients of the sum of an expression with regard to all its float32 inputs.
pub(crate) fn gradients(values: &[Value], build: impl Fn(&mut Graph, &[NodeId]) -> Result<NodeId>) -> Vec<Vec<f64>> {
    let mut graph = Graph::new();
    let inputs: Vec<NodeId> = values.iter().map(|value| graph.input(value.shape.clone(), value.dtype)).collect();
    let id = build(&mut graph, &inputs).unwrap();
    let axes: Vec<usize> = (0..graph.shape(id).rank()).collect();
    let loss = graph.reduce(crate::op::ReduceKind::Sum, id, &axes, false).unwrap();
    let wrt: Vec<NodeId> = inputs.into_iter().filter(|&id| graph.dtype(id).is_float()).collect();
    let gradients = crate::autograd::gradients(&mut graph, loss, &wrt).unwrap();
    let result = evaluate(&graph, values, &|_| unreachable!("a graph without states"));
    gradients.iter().map(|&id| result.value(id).data.clone()).collect()
}

/// The text of the error that an expression of inputs is refused with.
pub(crate) fn refusal(values: &[Value], build: impl Fn(&mut Graph, &[NodeId]) -> Result<NodeId>) -> String {
    let mut graph = Graph::new();
    let inputs: Vec<NodeId> = values.iter().map(|value| graph.input(value.shape.clone(), value.dtype)).collect();
    let error: GraphError = build(&mut graph, &inputs).unwrap_err();
    error.to_string()
}

/// Equal, or both NaN, up to rounding.
pub(crate) fn assert_close(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len(), "number of elements");
    for (got, want) in got.iter().zip(want) {
        let same = got == want || (got.is_nan() && want.is_nan()) || (got - want).abs() <= 1e-14 * want.abs().max(1.0);
        assert!(same, "expected {want}, received {got}");
    }
}
