//! Models whose layers follow one another.

use std::collections::HashSet;
use std::rc::Rc;

use serde_json::json;

use super::{Kind, Model, ModelTensor, Topology, apply, input, input_tensor};
use crate::error::{Error, Result};
use crate::layer::LayerRef;
use crate::layers::InputLayer;

fn is_input(layer: &LayerRef) -> bool {
    layer.downcast::<InputLayer>().is_some()
}

/// The layers but for a leading input layer.
pub fn without_input(stack: &[LayerRef]) -> Vec<LayerRef> {
    stack.iter().enumerate().filter(|(i, layer)| *i > 0 || !is_input(layer)).map(|(_, layer)| layer.clone()).collect()
}

impl Model {
    /// A model of layers that follow one another. The first may be an input layer, be given its `input_shape`, be a model
    /// that knows its input, or be built already, as a layer of another model is; otherwise the weights are made when data first arrives. Name: `sequential`,
    /// `sequential_1`, … if not given.
    pub fn sequential(layers: Vec<LayerRef>, name: Option<String>) -> Result<Model> {
        let model = Model::new(name, Kind::Sequential, vec![], None);
        for layer in layers {
            model.push(layer)?;
        }
        model.rebuild()?;
        Ok(model)
    }

    /// Appends a layer to a sequential model.
    pub fn add(&self, layer: LayerRef) -> Result<()> {
        self.push(layer)?;
        self.rebuild().inspect_err(|_| {
            self.0.stack.borrow_mut().pop();
            // It was built without the layer before.
            let _ = self.rebuild();
        })
    }

    /// Removes the last layer of a sequential model.
    pub fn pop(&self) -> Result<LayerRef> {
        self.expect_sequential("pop")?;
        let removed = self.0.stack.borrow_mut().pop();
        let layer =
            removed.ok_or_else(|| Error::invalid(format!("model '{}' has no layers to remove", self.name())))?;
        self.rebuild()?;
        Ok(layer)
    }

    fn expect_sequential(&self, method: &str) -> Result<()> {
        if self.kind() == Kind::Sequential {
            return Ok(());
        }
        Err(Error::invalid(format!("model '{}' is functional; {method}() is for sequential models", self.name())))
    }

    fn push(&self, layer: LayerRef) -> Result<()> {
        self.expect_sequential("add")?;
        let fail = |message: String| Err(Error::invalid(format!("model '{}': {message}", self.name())));
        if self.is_within(&layer) {
            return fail("a model cannot be a part of itself".into());
        }
        let mut stack = self.0.stack.borrow_mut();
        if let Some(other) = stack.iter().find(|other| other.name() == layer.name()) {
            let name = layer.name();
            return fail(if other.same(&layer) {
                format!("layer '{name}' is there already; to share a layer, use a functional model")
            } else {
                format!("two layers are named '{name}'; give each layer a name of its own")
            });
        }
        if is_input(&layer) && !stack.is_empty() {
            return fail(format!("the input '{}' must be the first layer", layer.name()));
        }
        stack.push(layer);
        Ok(())
    }

    /// Whether a layer is this model, or has it inside.
    fn is_within(&self, layer: &LayerRef) -> bool {
        let mut found = false;
        layer.walk(&mut HashSet::new(), &mut |inner| {
            found |= Model::from_layer(inner).is_some_and(|model| Rc::ptr_eq(&model.0, &self.0));
            !found
        });
        found
    }

    /// Makes the topology anew, if the shape of the inputs is known.
    fn rebuild(&self) -> Result<()> {
        *self.0.topology.borrow_mut() = None;
        let first = self.0.stack.borrow().first().cloned();
        let Some(first) = first else { return Ok(()) };
        if is_input(&first) {
            return self.connect(input_tensor(&first)?);
        }
        if let Some(shape) = first.input_shape_option() {
            return self.build_sequential(shape.to_vec());
        }
        let inner = Model::from_layer(&first).filter(Model::is_built).map(|model| model.input_specs()).transpose()?;
        match inner.as_deref() {
            Some([spec]) => {
                let options = json!({ "batch_shape": spec.shape, "dtype": spec.dtype.name() });
                self.connect_new_input(input(&options)?)
            }
            _ => match first.built_for().as_deref() {
                // A layer of another model knows what it takes.
                Some([shape]) => self.build(std::slice::from_ref(shape)),
                _ => Ok(()),
            },
        }
    }

    /// Makes an input layer for float32 data of the given shape, and the topology.
    pub(super) fn build_sequential(&self, batch_shape: Vec<Option<usize>>) -> Result<()> {
        if self.0.stack.borrow().is_empty() {
            return Err(Error::invalid(format!("model '{}' has no layers", self.name())));
        }
        self.connect_new_input(input(&json!({ "batch_shape": batch_shape }))?)
    }

    fn connect_new_input(&self, tensor: ModelTensor) -> Result<()> {
        self.connect(tensor.clone())?;
        self.0.stack.borrow_mut().insert(0, tensor.layer().clone());
        Ok(())
    }

    fn connect(&self, input: ModelTensor) -> Result<()> {
        let mut x = input.clone();
        for layer in without_input(&self.0.stack.borrow()) {
            let outputs = apply(&layer, &[x], None)?;
            let [output] = &outputs[..] else {
                return Err(Error::invalid(format!(
                    "model '{}': layer '{}' has {} outputs, but in a sequential model each layer has one; use a \
                     functional model",
                    self.name(),
                    layer.name(),
                    outputs.len()
                )));
            };
            x = output.clone();
        }
        *self.0.topology.borrow_mut() = Some(std::rc::Rc::new(Topology::new(self.name(), vec![input], vec![x])?));
        Ok(())
    }
}
