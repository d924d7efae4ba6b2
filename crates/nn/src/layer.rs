//! What a layer is: a configuration, weights, and a call that builds graph.

use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;

use glorot_graph::Sym;
use glorot_tensor::{DType, Shape};
use serde_json::{Map, Value};

use crate::constraint::Constraint;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::initializers::Initializer;
use crate::regularizer::Regularizer;
use crate::variable::Variable;

/// A variable of a layer with what training does to it.
#[derive(Clone)]
pub struct Weight {
    pub variable: Variable,
    /// False for statistics that the layer updates itself (moving mean and variance).
    pub trainable: bool,
    /// Adds a penalty to the loss.
    pub regularizer: Option<Rc<dyn Regularizer>>,
    /// Applied after each update.
    pub constraint: Option<Rc<dyn Constraint>>,
}

/// How a layer asks for a weight.
pub struct WeightSpec<'a> {
    pub name: &'a str,
    pub shape: Shape,
    pub dtype: DType,
    pub initializer: &'a dyn Initializer,
    pub trainable: bool,
    pub regularizer: Option<Rc<dyn Regularizer>>,
    pub constraint: Option<Rc<dyn Constraint>>,
}

/// A kind of layer. Implementations hold their options and, once built, their variables.
pub trait Layer {
    /// The class name Keras uses: `Dense`, `BatchNormalization`.
    fn class_name(&self) -> &str;

    /// The options as Keras serializes them, without `name`, `trainable` and `dtype`, which every layer has.
    fn config(&self) -> Map<String, Value>;

    /// Makes the weights for inputs of the given shapes (axis 0 is the batch). Called once, before the first call.
    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let _ = (weights, inputs);
        Ok(())
    }

    /// Builds the graph of a call. `training` is the mode of this call: `ctx.training()` unless the caller forces one
    /// or the layer is frozen (`trainable` false) and of a kind that then stays in inference mode.
    fn call(&self, ctx: &Context, inputs: &[Sym], training: bool) -> Result<Vec<Sym>>;

    /// True if a frozen layer runs in inference mode (batch normalization).
    fn frozen_means_inference(&self) -> bool {
        false
    }
}

/// Collects the weights that a layer makes in [`Layer::build`].
pub struct WeightBuilder<'a> {
    weights: &'a mut Vec<Weight>,
}

impl WeightBuilder<'_> {
    /// Makes a weight with an initial value.
    pub fn add(&mut self, spec: WeightSpec<'_>) -> Result<Variable> {
        let value = spec.initializer.initialize(&spec.shape, spec.dtype)?;
        let variable = Variable::new(spec.name, value);
        self.weights.push(Weight {
            variable: variable.clone(),
            trainable: spec.trainable,
            regularizer: spec.regularizer,
            constraint: spec.constraint,
        });
        Ok(variable)
    }
}

/// A layer with its name, state and weights. Clones are the same layer; models that hold one share its weights.
#[derive(Clone)]
pub struct LayerRef(Rc<LayerCell>);

struct LayerCell {
    name: String,
    trainable: Cell<bool>,
    built_for: RefCell<Option<Vec<Shape>>>,
    weights: RefCell<Vec<Weight>>,
    layer: RefCell<Box<dyn Layer>>,
}

impl LayerRef {
    pub fn new(name: impl Into<String>, layer: Box<dyn Layer>) -> LayerRef {
        LayerRef(Rc::new(LayerCell {
            name: name.into(),
            trainable: Cell::new(true),
            built_for: RefCell::new(None),
            weights: RefCell::default(),
            layer: RefCell::new(layer),
        }))
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub fn class_name(&self) -> String {
        self.0.layer.borrow().class_name().to_string()
    }

    pub fn trainable(&self) -> bool {
        self.0.trainable.get()
    }

    /// Freezes or unfreezes the layer. Takes effect when a model that holds it is compiled.
    pub fn set_trainable(&self, trainable: bool) {
        self.0.trainable.set(trainable);
    }

    pub fn is_built(&self) -> bool {
        self.0.built_for.borrow().is_some()
    }

    /// The input shapes (axis 0 is the batch) that the layer was built for.
    pub fn built_for(&self) -> Option<Vec<Shape>> {
        self.0.built_for.borrow().clone()
    }

    /// All weights in the order of creation; empty before the layer is built.
    pub fn weights(&self) -> Vec<Weight> {
        self.0.weights.borrow().clone()
    }

    pub fn layer(&self) -> Ref<'_, Box<dyn Layer>> {
        self.0.layer.borrow()
    }

    pub fn same(&self, other: &LayerRef) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    /// Makes the weights, unless that was done. Shapes include the batch axis, whose length does not matter.
    pub fn build(&self, inputs: &[Shape]) -> Result<()> {
        if self.is_built() {
            return Ok(());
        }
        let mut weights = Vec::new();
        let mut layer = self.0.layer.borrow_mut();
        layer
            .build(&mut WeightBuilder { weights: &mut weights }, inputs)
            .map_err(|error| error.in_layer(self.name(), layer.class_name()))?;
        *self.0.weights.borrow_mut() = weights;
        *self.0.built_for.borrow_mut() = Some(inputs.to_vec());
        Ok(())
    }

    /// Builds the graph of a call, after making the weights if need be. `training`: forces a mode; `None` takes that of
    /// the trace. Regularization penalties are added to the context once a call of the model, not here.
    pub fn call(&self, ctx: &Context, inputs: &[Sym], training: Option<bool>) -> Result<Vec<Sym>> {
        let shapes: Vec<Shape> = inputs.iter().map(Sym::shape).collect();
        self.build(&shapes)?;
        let layer = self.0.layer.borrow();
        let frozen = !self.trainable() && layer.frozen_means_inference();
        let training = training.unwrap_or(ctx.training()) && !frozen;
        layer.call(ctx, inputs, training).map_err(|error: Error| error.in_layer(self.name(), layer.class_name()))
    }

    /// The layer as Keras serializes it: `{ class_name, config }`.
    pub fn to_json(&self) -> Value {
        let layer = self.0.layer.borrow();
        let mut config = Map::new();
        config.insert("name".into(), self.name().into());
        config.insert("trainable".into(), self.trainable().into());
        config.insert("dtype".into(), "float32".into());
        config.extend(layer.config());
        serde_json::json!({ "class_name": layer.class_name(), "config": config })
    }
}
