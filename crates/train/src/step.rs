//! Compiled steps and what tells them apart.

use std::sync::atomic::{AtomicU64, Ordering};

use glorot_graph::program::Program;
use glorot_graph::{Graph, StateId, TensorSpec};

use crate::options::Gradients;
use crate::samples::Labels;

/// A compiled step. It may move between threads; any session of the model's variables can load it.
pub(crate) struct Step {
    /// Unique in the process.
    pub id: u64,
    pub program: Program,
    /// The states that a run changes.
    pub updates: Vec<StateId>,
    /// For each tensor of targets, what its labels may be, if they are labels.
    pub labels: Vec<Option<Labels>>,
}

impl Step {
    pub fn compile(graph: &Graph) -> Step {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        Step {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            program: glorot_graph::compile(graph),
            updates: graph.updates().iter().map(|&(state, _)| state).collect(),
            labels: Vec::new(),
        }
    }

    /// Shapes and dtypes of the outputs.
    pub fn outputs(&self) -> impl Iterator<Item = &TensorSpec> {
        self.program.outputs.iter().map(|buffer| &self.program.buffers[buffer.index()].spec)
    }
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Train,
    Test,
    Predict,
    /// Prediction with noise: dropout drops.
    Sample,
}

/// What tells the steps of a model apart: one is traced and compiled for each.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StepKey {
    pub kind: Kind,
    /// Inputs of the step with their batch axis: samples, targets, then the weights that there are.
    pub x: Vec<TensorSpec>,
    pub y: Vec<TensorSpec>,
    pub weights: Vec<Option<TensorSpec>>,
    /// What a training step keeps of its gradients.
    pub gradients: Gradients,
}

impl StepKey {
    /// Samples of the step.
    pub fn batch(&self) -> usize {
        self.x[0].shape[0]
    }
}
