//! A graph of one step: nodes in the order they were added, each used only by later ones.
//!
//! Adding a node that is already there returns the old one (common-subexpression removal by construction), and the
//! constructors in `ops/` fold what needs no computation. What no output or update reaches is dropped when a program
//! is made.

use std::collections::HashMap;

use glorot_tensor::{DType, Shape, Tensor};

use crate::error::{GraphError, Result};
use crate::op::{Op, Real, StateId};

/// Number of a node in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One operation with its operands and what it yields.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node {
    pub op: Op,
    pub inputs: Vec<NodeId>,
    pub shape: Shape,
    pub dtype: DType,
}

/// Shape and dtype of a tensor that enters, stays in or leaves a program.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TensorSpec {
    pub shape: Shape,
    pub dtype: DType,
}

/// The computation of one step.
#[derive(Default)]
pub struct Graph {
    nodes: Vec<Node>,
    known: HashMap<Node, NodeId>,
    constants: Vec<Tensor>,
    inputs: Vec<TensorSpec>,
    outputs: Vec<NodeId>,
    updates: Vec<(StateId, NodeId)>,
    logits: HashMap<NodeId, NodeId>,
    random_streams: u32,
}

impl Graph {
    pub fn new() -> Graph {
        Graph::default()
    }

    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn shape(&self, id: NodeId) -> &Shape {
        &self.node(id).shape
    }

    pub fn dtype(&self, id: NodeId) -> DType {
        self.node(id).dtype
    }

    pub fn constants(&self) -> &[Tensor] {
        &self.constants
    }

    pub fn inputs(&self) -> &[TensorSpec] {
        &self.inputs
    }

    pub fn outputs(&self) -> &[NodeId] {
        &self.outputs
    }

    pub fn updates(&self) -> &[(StateId, NodeId)] {
        &self.updates
    }

    /// Adds a node, or returns the equal one that is there. Shapes and dtypes must already be checked.
    pub(crate) fn push(&mut self, op: Op, inputs: Vec<NodeId>, shape: Shape, dtype: DType) -> NodeId {
        let node = Node { op, inputs, shape, dtype };
        if let Some(&id) = self.known.get(&node) {
            return id;
        }
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node.clone());
        self.known.insert(node, id);
        id
    }

    /// A tensor that is handed over at each step. Inputs are numbered in the order of these calls.
    pub fn input(&mut self, shape: impl Into<Shape>, dtype: DType) -> NodeId {
        let (number, shape) = (self.inputs.len() as u32, shape.into());
        self.inputs.push(TensorSpec { shape: shape.clone(), dtype });
        self.push(Op::Input(number), vec![], shape, dtype)
    }

    /// The value of a state at the start of the step.
    pub fn state(&mut self, id: StateId, shape: impl Into<Shape>, dtype: DType) -> NodeId {
        self.push(Op::State(id), vec![], shape.into(), dtype)
    }

    /// A tensor known at compile time.
    pub fn constant(&mut self, value: Tensor) -> NodeId {
        let (number, shape, dtype) = (self.constants.len() as u32, value.shape().clone(), value.dtype());
        self.constants.push(value);
        self.push(Op::Constant(number), vec![], shape, dtype)
    }

    /// A tensor whose elements all have one value, converted to the dtype as [`Graph::cast`] does.
    pub fn fill(&mut self, value: f64, shape: impl Into<Shape>, dtype: DType) -> NodeId {
        let value = Real::new(crate::ops::cast::convert(value, dtype));
        self.push(Op::Fill(value), vec![], shape.into(), dtype)
    }

    /// A number for one more random op, in the order the model is traced.
    pub fn next_random_stream(&mut self) -> u32 {
        self.random_streams += 1;
        self.random_streams - 1
    }

    /// Makes a node's value an output of the program. Outputs are numbered in the order of these calls.
    pub fn output(&mut self, id: NodeId) -> usize {
        self.outputs.push(id);
        self.outputs.len() - 1
    }

    /// Gives a state a new value at the end of the step. A second call for one state replaces the first.
    pub fn assign(&mut self, state: StateId, value: NodeId) -> Result<()> {
        let spec = (self.shape(value).clone(), self.dtype(value));
        if let Some(node) = self.nodes.iter().find(|node| node.op == Op::State(state))
            && (&node.shape, node.dtype) != (&spec.0, spec.1)
        {
            let detail = format!("expected {} {}, received {} {}", node.dtype, node.shape, spec.1, spec.0);
            return Err(GraphError::new("assign", detail));
        }
        self.updates.retain(|(id, _)| *id != state);
        self.updates.push((state, value));
        Ok(())
    }

    /// The value that a state has at the end of the step, as far as the graph is built: the last assigned one, or the
    /// value at the start.
    pub fn current(&self, state: StateId) -> Option<NodeId> {
        self.updates.iter().find(|(id, _)| *id == state).map(|&(_, value)| value)
    }

    /// Remembers that `probabilities` were computed from `logits` (by softmax or sigmoid), so that a loss can start
    /// from the logits: exact where the probabilities have saturated.
    pub fn remember_logits(&mut self, probabilities: NodeId, logits: NodeId) {
        self.logits.insert(probabilities, logits);
    }

    /// The logits behind probabilities, if [`Graph::remember_logits`] was told.
    pub fn logits_of(&self, probabilities: NodeId) -> Option<NodeId> {
        self.logits.get(&probabilities).copied()
    }
}
