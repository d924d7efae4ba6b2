//! Symbolic tensors: what layers are called on while a model is put together.

use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use glorot_graph::Sym;
use glorot_tensor::{DType, Shape};
use serde_json::Value;

use crate::context::{Context, StateTable, random_state};
use crate::error::{Error, Result};
use crate::layer::LayerRef;
use crate::layers::{self, InputLayer};

static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// Shape and dtype of a symbolic tensor.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorShape {
    /// Lengths of the axes, the batch first; `None` is any length.
    pub shape: Vec<Option<usize>>,
    pub dtype: DType,
}

/// One call of a layer.
pub struct CallNode {
    /// Ascending in the order of calls.
    pub(super) id: u64,
    pub layer: LayerRef,
    /// Empty for the inputs of a model.
    pub inputs: Vec<ModelTensor>,
    pub outputs: Vec<TensorShape>,
    /// The mode that was forced in this call.
    pub training: Option<bool>,
}

impl CallNode {
    pub(super) fn new(
        layer: &LayerRef,
        inputs: Vec<ModelTensor>,
        outputs: Vec<TensorShape>,
        training: Option<bool>,
    ) -> Rc<CallNode> {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let node = Rc::new(CallNode { id, layer: layer.clone(), inputs, outputs, training });
        layer.record_call(&node);
        node
    }

    /// The symbolic results of the call.
    pub fn tensors(self: &Rc<CallNode>) -> Vec<ModelTensor> {
        (0..self.outputs.len()).map(|index| ModelTensor::new(self, index)).collect()
    }
}

impl Drop for CallNode {
    /// A chain of calls is taken apart one by one: calls within calls would need as much stack as it is long.
    fn drop(&mut self) {
        let mut pending = std::mem::take(&mut self.inputs);
        while let Some(tensor) = pending.pop() {
            if let Some(mut node) = Rc::into_inner(tensor.node) {
                pending.append(&mut node.inputs);
            }
        }
    }
}

/// A tensor of a model under construction: an output of a call of a layer.
#[derive(Clone)]
pub struct ModelTensor {
    node: Rc<CallNode>,
    index: usize,
}

impl ModelTensor {
    pub(super) fn new(node: &Rc<CallNode>, index: usize) -> ModelTensor {
        ModelTensor { node: node.clone(), index }
    }

    /// Lengths of the axes, the batch first; `None` is any length.
    pub fn shape(&self) -> &[Option<usize>] {
        &self.node.outputs[self.index].shape
    }

    pub fn dtype(&self) -> DType {
        self.node.outputs[self.index].dtype
    }

    /// The call that the tensor comes from.
    pub fn node(&self) -> &Rc<CallNode> {
        &self.node
    }

    /// Which of the call's outputs it is.
    pub fn index(&self) -> usize {
        self.index
    }

    /// The layer that was called.
    pub fn layer(&self) -> &LayerRef {
        &self.node.layer
    }

    /// Equal for the same tensor only.
    pub(super) fn key(&self) -> (u64, usize) {
        (self.node.id, self.index)
    }
}

impl fmt::Debug for ModelTensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelTensor({} {} of '{}')", self.dtype(), show_shape(self.shape()), self.layer().name())
    }
}

/// `[batch, 28, 28]`.
pub(super) fn show_shape(shape: &[Option<usize>]) -> String {
    let dim = |(axis, dim): (usize, &Option<usize>)| match (axis, dim) {
        (_, Some(dim)) => dim.to_string(),
        (0, None) => "batch".into(),
        (_, None) => "any".into(),
    };
    format!("[{}]", shape.iter().enumerate().map(dim).collect::<Vec<_>>().join(", "))
}

/// A symbolic input of a model. Options: those of [`InputLayer`].
pub fn input(options: &Value) -> Result<ModelTensor> {
    input_tensor(&layers::create("InputLayer", options)?)
}

/// The symbolic tensor of an input layer.
pub fn input_tensor(layer: &LayerRef) -> Result<ModelTensor> {
    let Some(spec) = layer.downcast::<InputLayer>().map(|input| (input.shape.clone(), input.dtype)) else {
        let message = format!("expected an input layer, received '{}' ({})", layer.name(), layer.class_name());
        return Err(Error::invalid(message));
    };
    let output = TensorShape { shape: spec.0, dtype: spec.1 };
    Ok(ModelTensor::new(&CallNode::new(layer, vec![], vec![output], None), 0))
}

/// Calls a layer on symbolic tensors, making its weights if need be. `training`: forces the mode of this call.
pub fn apply(layer: &LayerRef, inputs: &[ModelTensor], training: Option<bool>) -> Result<Vec<ModelTensor>> {
    if inputs.is_empty() {
        let message = format!("layer '{}' ({}): expected inputs, received none", layer.name(), layer.class_name());
        return Err(Error::invalid(message));
    }
    // Axes of the outputs that follow the batch are those that differ between two batch sizes.
    let (small, large) = (trace(layer, inputs, 2, training)?, trace(layer, inputs, 3, training)?);
    let outputs = small.iter().zip(&large).map(|(small, large)| {
        let (first, second) = (small.shape(), large.shape());
        let shape = first.iter().zip(second.iter()).map(|(&a, &b)| (a == b).then_some(a)).collect();
        TensorShape { shape, dtype: small.dtype() }
    });
    Ok(CallNode::new(layer, inputs.to_vec(), outputs.collect(), training).tensors())
}

/// Calls a layer on a graph that is thrown away.
fn trace(layer: &LayerRef, inputs: &[ModelTensor], batch: usize, training: Option<bool>) -> Result<Vec<Sym>> {
    let ctx = Context::new(StateTable::new(), random_state(0), false);
    let symbol = |tensor: &ModelTensor| {
        let shape: Shape = tensor.shape().iter().map(|dim| dim.unwrap_or(batch)).collect();
        ctx.tracer().input(shape, tensor.dtype())
    };
    layer.call(&ctx, &inputs.iter().map(symbol).collect::<Vec<_>>(), training)
}
