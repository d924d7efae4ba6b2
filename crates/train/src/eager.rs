//! Graphs that are run once, at once: functions of concrete tensors, an optimizer applied by hand.

use std::collections::HashMap;
use std::sync::Arc;

use glorot_graph::device::Device;
use glorot_graph::{Node, NodeId, StateId, TensorSpec};
use glorot_nn::Context;
use glorot_tensor::Tensor;

use crate::error::{Error, Result};
use crate::session::{DeviceSession, Loaded};
use crate::step::Step;

/// Programs that need more scratch memory than this are not kept.
const MAX_KEPT_BYTES: usize = 16 << 20;

/// Programs that are kept; one more, and all are forgotten.
const MAX_KEPT: usize = 256;

/// Runs traces on a device. A trace that equals an earlier one in all but the values of its inputs and variables is not
/// compiled again.
pub struct Eager {
    device: Arc<dyn Device>,
    kept: HashMap<Key, Ready>,
}

/// What a trace computes.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    nodes: Vec<Node>,
    outputs: Vec<NodeId>,
    updates: Vec<(StateId, NodeId)>,
    states: Vec<TensorSpec>,
    /// The bytes of constants; dtypes and shapes are in the nodes.
    constants: Vec<Vec<u8>>,
}

struct Ready {
    session: DeviceSession,
    loaded: Loaded,
}

impl Eager {
    pub fn new(device: Arc<dyn Device>) -> Eager {
        Eager { device, kept: HashMap::new() }
    }

    /// Runs the trace of a context on its inputs and the values of its variables. Returns the outputs of the graph in
    /// order; variables that the trace assigns have their new values afterwards.
    ///
    /// # Errors
    ///
    /// If the inputs are not those of the graph, or the device fails.
    pub fn run(&mut self, ctx: &Context, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        let key = {
            let graph = ctx.tracer().graph();
            let specs = graph.inputs();
            let fits = specs.iter().zip(inputs).all(|(spec, x)| (&spec.shape, spec.dtype) == (x.shape(), x.dtype()));
            if specs.len() != inputs.len() || !fits {
                return Err(Error::data(format!("expected inputs {specs:?}, received {inputs:?}")));
            }
            let constants = graph.constants().iter().map(|constant| constant.bytes().to_vec()).collect();
            let (nodes, outputs) = (graph.nodes().to_vec(), graph.outputs().to_vec());
            Key { nodes, outputs, updates: graph.updates().to_vec(), states: ctx.states().specs(), constants }
        };
        // It leaves its place while it is in use, so that a panic cannot leave it half done there.
        let mut ready = match self.kept.remove(&key) {
            Some(ready) => ready,
            None => self.prepare(ctx)?,
        };
        let outputs = ready.run(ctx, inputs)?;
        if ready.loaded.step.program.arena_bytes <= MAX_KEPT_BYTES {
            if self.kept.len() >= MAX_KEPT {
                self.kept.clear();
            }
            self.kept.insert(key, ready);
        }
        Ok(outputs)
    }

    fn prepare(&self, ctx: &Context) -> Result<Ready> {
        let step = Arc::new(Step::compile(&ctx.tracer().graph()));
        let mut session = DeviceSession::open(self.device.as_ref(), &ctx.states().variables())?;
        let loaded = session.load(&step)?;
        Ok(Ready { session, loaded })
    }
}

impl Ready {
    fn run(&mut self, ctx: &Context, inputs: &[Tensor]) -> Result<Vec<Tensor>> {
        self.session.hold(ctx.states().variables());
        self.session.upload()?;
        for (number, value) in inputs.iter().enumerate() {
            self.session.device().write_input(self.loaded.program, number, value)?;
        }
        self.session.run(&self.loaded)?;
        self.session.sync_to_host()?;
        // Nothing keeps the variables alive that this trace used.
        self.session.hold(Vec::new());
        let outputs = self.loaded.step.program.outputs.len();
        (0..outputs).map(|output| Ok(self.session.device().read_output(self.loaded.program, output)?)).collect()
    }
}
