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
    /// Set if replicas share the step; `program` is then that of the first part.
    pub shared: Option<Shared>,
}

/// The programs of a step that replicas share; see [`glorot_graph::device::SharedStep`].
pub(crate) struct Shared {
    /// By the number of rows that they take.
    pub parts: Vec<(usize, Program)>,
    /// Of each replica.
    pub rows: Vec<usize>,
    pub update: Program,
    pub summed: Vec<StateId>,
    pub partial: Vec<StateId>,
    pub averaged: Vec<StateId>,
    pub random: StateId,
}

impl Step {
    pub fn compile(graph: &Graph) -> Step {
        static NEXT_ID: AtomicU64 = AtomicU64::new(0);
        Step {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            program: glorot_graph::compile(graph),
            updates: graph.updates().iter().map(|&(state, _)| state).collect(),
            labels: Vec::new(),
            shared: None,
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
    /// Devices that share a training step.
    pub replicas: usize,
}

impl StepKey {
    /// Samples of the step.
    pub fn batch(&self) -> usize {
        self.x[0].shape[0]
    }

    /// The same step for another number of samples.
    pub fn of_rows(&self, rows: usize) -> StepKey {
        let resized = |spec: &TensorSpec| {
            let shape = std::iter::once(rows).chain(spec.shape.iter().skip(1).copied()).collect();
            TensorSpec { shape, dtype: spec.dtype }
        };
        StepKey {
            x: self.x.iter().map(resized).collect(),
            y: self.y.iter().map(resized).collect(),
            weights: self.weights.iter().map(|weights| weights.as_ref().map(resized)).collect(),
            ..self.clone()
        }
    }
}
