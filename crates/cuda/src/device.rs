use std::sync::Arc;

use glorot_graph::TensorSpec;
use glorot_graph::device::{Device, DeviceError, Session};

use crate::codegen::Precision;
use crate::gpu::Gpu;
use crate::memory::{Budget, Size};
use crate::session::CudaSession;

/// How a step is launched. The results are the same, bit for bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StepKind {
    /// What is fastest, as measured on the first steps of a training.
    #[default]
    Measured,
    /// A launch for each stage, recorded as a CUDA graph.
    Graph,
    /// One kernel of one block for many steps; for narrow networks, as the following ones.
    Block,
    /// A cluster of 8 blocks.
    Cluster8,
    /// A cluster of 16 blocks.
    Cluster16,
    /// A block on each multiprocessor.
    Grid,
    /// A cluster of 16 blocks, each of which takes its rows of the batch from layer to layer.
    Cluster16Rows,
    /// The same with a block on each multiprocessor.
    Rows,
}

impl StepKind {
    /// All, as `GLOROT_CUDA_STEP` names them.
    pub const ALL: [(&str, StepKind); 8] = [
        ("measured", StepKind::Measured),
        ("graph", StepKind::Graph),
        ("block", StepKind::Block),
        ("cluster8", StepKind::Cluster8),
        ("cluster16", StepKind::Cluster16),
        ("grid", StepKind::Grid),
        ("cluster16rows", StepKind::Cluster16Rows),
        ("rows", StepKind::Rows),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        StepKind::ALL.into_iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// True if blocks take rows of the batch from layer to layer.
    pub(crate) fn takes_rows(self) -> bool {
        matches!(self, StepKind::Cluster16Rows | StepKind::Rows)
    }

    /// The name of the kernel that runs steps so.
    pub(crate) fn kernel(self) -> String {
        format!("step_{}", self.name())
    }

    /// The one with a name.
    pub fn named(name: &str) -> Option<StepKind> {
        StepKind::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, kind)| kind)
    }
}

/// How a [`CudaDevice`] uses a GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CudaOptions {
    /// Bytes that all models together may take; by default what is free.
    pub memory_limit: Option<usize>,
    /// In which precision products are computed.
    pub precision: Precision,
    pub step: StepKind,
}

/// A GPU. Results do not depend on how steps are launched, nor on what else runs; with products of a library they
/// depend on the kind of GPU and the version of the library.
#[derive(Debug)]
pub struct CudaDevice {
    gpu: Arc<dyn Gpu>,
    options: CudaOptions,
    budget: Arc<Budget>,
}

impl CudaDevice {
    pub fn new(gpu: Arc<dyn Gpu>, options: CudaOptions) -> CudaDevice {
        let budget = Budget::new(Arc::clone(&gpu), options.memory_limit);
        CudaDevice { gpu, options, budget }
    }

    /// Bytes of the GPU that are free now, whoever holds the others.
    pub fn free_bytes(&self) -> Result<usize, DeviceError> {
        self.gpu.free_bytes()
    }

    /// Bytes that sessions hold now.
    pub fn used_bytes(&self) -> usize {
        self.budget.used()
    }
}

impl Device for CudaDevice {
    fn id(&self) -> String {
        format!("cuda:{}", self.gpu.facts().ordinal)
    }

    fn description(&self) -> String {
        describe(self.gpu.facts(), self.gpu.has_products(), self.gpu.has_convolutions())
    }

    fn reads_are_free(&self) -> bool {
        false
    }

    fn session(&self, states: &[TensorSpec]) -> Result<Box<dyn Session>, DeviceError> {
        let mut session = CudaSession::new(Arc::clone(&self.gpu), self.options, Arc::clone(&self.budget))?;
        session.add_states(states)?;
        Ok(Box::new(session))
    }
}

/// A GPU in words.
pub(crate) fn describe(facts: &crate::gpu::Facts, products: bool, convolutions: bool) -> String {
    let (major, minor) = facts.capability;
    let (cuda, point) = facts.driver;
    let products = if products { "cuBLAS" } else { "generated products (no cuBLAS)" };
    let convolutions = if convolutions { ", cuDNN" } else { "" };
    format!(
        "{}, {}, {} multiprocessors, compute capability {major}.{minor}, driver for CUDA {cuda}.{point}, {products}{convolutions}",
        facts.name,
        Size(facts.memory_bytes),
        facts.multiprocessors
    )
}
