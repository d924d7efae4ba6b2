//! The plain meaning of a graph: an interpreter in f64, written to be read. Kernels of every backend and all gradients are
//! tested against it.
//!
//! float32 values are not rounded, so that finite differences are exact enough to check gradients; int32, uint8 and bool
//! values are exact. Each op's code stands in its family's file of [`crate::ops`].

use glorot_tensor::{DType, Shape, Tensor};

use crate::graph::{Graph, Node, NodeId};
use crate::op::{Op, StateId};
use crate::ops;

/// A tensor of the interpreter: row-major elements, bool as 0 and 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub shape: Shape,
    pub dtype: DType,
    pub data: Vec<f64>,
}

impl Value {
    /// # Panics
    ///
    /// If the number of elements is not that of the shape.
    pub fn new(shape: impl Into<Shape>, dtype: DType, data: Vec<f64>) -> Value {
        let shape = shape.into();
        assert_eq!(shape.numel(), data.len(), "elements of a value of shape {shape}");
        Value { shape, dtype, data }
    }

    /// A float32 value.
    pub fn f32(shape: impl Into<Shape>, data: Vec<f64>) -> Value {
        Value::new(shape, DType::F32, data)
    }

    /// A float32 value of various elements between -1.2 and 1.4, for tests.
    #[cfg(test)]
    pub(crate) fn varied(shape: impl Into<Shape>) -> Value {
        let shape = shape.into();
        let data = (0..shape.numel()).map(|i| ((i * 37 + 11) % 19) as f64 / 7.0 - 1.2).collect();
        Value::f32(shape, data)
    }

    /// An int32 value.
    pub fn i32(shape: impl Into<Shape>, data: Vec<i32>) -> Value {
        Value::new(shape, DType::I32, data.into_iter().map(f64::from).collect())
    }

    /// The element at an index (one number for each axis).
    pub fn at(&self, index: &[usize]) -> f64 {
        self.data[self.offset(index)]
    }

    pub(crate) fn at_mut(&mut self, index: &[usize]) -> &mut f64 {
        let offset = self.offset(index);
        &mut self.data[offset]
    }

    fn offset(&self, index: &[usize]) -> usize {
        self.shape.strides().iter().zip(index).map(|(stride, i)| stride * i).sum()
    }
}

impl From<&Tensor> for Value {
    fn from(tensor: &Tensor) -> Value {
        Value::new(tensor.shape().clone(), tensor.dtype(), tensor.to_f64())
    }
}

/// What one step computes.
#[derive(Clone, Debug)]
pub struct ReferenceResult {
    /// The graph's outputs, in order.
    pub outputs: Vec<Value>,
    /// The new values of assigned states.
    pub updates: Vec<(StateId, Value)>,
    /// The value of every node.
    pub values: Vec<Value>,
}

impl ReferenceResult {
    /// The value of a node.
    pub fn value(&self, id: NodeId) -> &Value {
        &self.values[id.index()]
    }
}

/// Computes one step: `inputs` in the order of their numbers, `states` gives the value of a state at its start.
///
/// # Panics
///
/// If an input is missing, or an input or a state has not the shape and dtype that the graph says.
pub fn evaluate(graph: &Graph, inputs: &[Value], states: &dyn Fn(StateId) -> Value) -> ReferenceResult {
    assert_eq!(inputs.len(), graph.inputs().len(), "number of inputs");
    let mut values: Vec<Value> = Vec::with_capacity(graph.nodes().len());
    for node in graph.nodes() {
        let operands: Vec<&Value> = node.inputs.iter().map(|id| &values[id.index()]).collect();
        let value = match &node.op {
            Op::Input(number) => inputs[*number as usize].clone(),
            Op::State(id) => states(*id),
            Op::Constant(number) => Value::from(&graph.constants()[*number as usize]),
            _ => compute(node, &operands),
        };
        assert_eq!((&value.shape, value.dtype), (&node.shape, node.dtype), "value of {:?}", node.op);
        values.push(value);
    }
    ReferenceResult {
        outputs: graph.outputs().iter().map(|id| values[id.index()].clone()).collect(),
        updates: graph.updates().iter().map(|&(state, id)| (state, values[id.index()].clone())).collect(),
        values,
    }
}

/// Computes one node from its operands.
///
/// # Panics
///
/// If the node is a leaf that has its value from elsewhere, or the operands are not those of its op.
pub fn compute(node: &Node, operands: &[&Value]) -> Value {
    match (&node.op, operands) {
        (Op::Fill(value), []) => ops::leaves::reference_fill(node, value.get()),
        (Op::Iota { axis }, []) => ops::leaves::reference_iota(node, *axis),
        (Op::Random { kind, stream }, [state]) => ops::random::reference(node, *kind, *stream, state),
        (Op::Unary(op), [x]) => ops::unary::reference(node, *op, x),
        (Op::Binary(op), [a, b]) => ops::binary::reference(node, *op, a, b),
        (Op::Compare(op), [a, b]) => ops::compare::reference(node, *op, a, b),
        (Op::Select, [condition, on_true, on_false]) => ops::select::reference(node, condition, on_true, on_false),
        (Op::Cast(_), [x]) => ops::cast::reference(node, x),
        (Op::StopGradient, [x]) | (Op::Surrogate, [x, _]) => (*x).clone(),
        (Op::Reduce { kind, axes }, [x]) => ops::reduce::reference(node, *kind, axes, x),
        (Op::ArgMax { axis }, [x]) => ops::reduce::reference_arg_max(node, *axis, x),
        (Op::Reshape, [x]) => Value::new(node.shape.clone(), node.dtype, x.data.clone()),
        (Op::Broadcast, [x]) => ops::movement::reference_broadcast(node, x),
        (Op::Transpose { permutation }, [x]) => ops::movement::reference_transpose(node, permutation, x),
        (Op::Slice { start }, [x]) => ops::movement::reference_slice(node, start, x),
        (Op::Pad { low, value, .. }, [x]) => ops::pad::reference(node, low, value.get(), x),
        (Op::Windows { axis, windows }, [x]) => ops::windows::reference(node, *axis, windows, x),
        (Op::FoldWindows { axis, windows }, [x]) => ops::windows::reference_fold(node, *axis, windows, x),
        (Op::Concat { axis }, parts) => ops::concat::reference(node, *axis, parts),
        (Op::MatMul { transpose_a, transpose_b }, [a, b]) => {
            ops::matmul::reference(node, *transpose_a, *transpose_b, a, b)
        }
        (Op::Gather, [table, indices]) => ops::gather::reference_gather(node, table, indices),
        (Op::ScatterAdd, [indices, rows]) => ops::gather::reference_scatter_add(node, indices, rows),
        (op, operands) => unreachable!("{} with {} operands", op.name(), operands.len()),
    }
}

/// All indices of a shape, in row-major order. A scalar has one, the empty index.
pub fn indices(shape: &Shape) -> impl Iterator<Item = Vec<usize>> {
    let (dims, strides) = (shape.dims().to_vec(), shape.strides());
    (0..shape.numel()).map(move |i| dims.iter().zip(&strides).map(|(dim, stride)| i / stride % dim).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::op::BinaryOp;

    #[test]
    fn outputs_and_updates() {
        let mut graph = Graph::new();
        let counter = StateId(3);
        let (x, old) = (graph.input([2], DType::F32), graph.state(counter, [2], DType::F32));
        let constant = graph.constant(Tensor::f32([2], vec![10.0, 20.0]).unwrap());
        let new = graph.binary(BinaryOp::Add, old, x).unwrap();
        let shifted = graph.binary(BinaryOp::Add, new, constant).unwrap();
        graph.assign(counter, new).unwrap();
        graph.output(shifted);
        let result = evaluate(&graph, &[Value::f32([2], vec![1.0, 2.0])], &|state| {
            assert_eq!(state, counter);
            Value::f32([2], vec![100.0, 200.0])
        });
        assert_eq!(result.updates, [(counter, Value::f32([2], vec![101.0, 202.0]))]);
        assert_eq!(result.outputs, [Value::f32([2], vec![111.0, 222.0])]);
    }

    #[test]
    fn indices_are_row_major() {
        let listed = |shape: Shape| indices(&shape).collect::<Vec<_>>();
        assert_eq!(listed(Shape::from([2, 2])), [[0, 0], [0, 1], [1, 0], [1, 1]]);
        assert_eq!(listed(Shape::scalar()), [Vec::<usize>::new()]);
        assert!(listed(Shape::from([2, 0])).is_empty());
    }
}
