//! What a layer is: a configuration, weights, and a call that builds graph.

use std::any::Any;
use std::cell::{Cell, Ref, RefCell};
use std::collections::HashSet;
use std::rc::{Rc, Weak};

use glorot_graph::Sym;
use glorot_tensor::{DType, Shape};
use serde_json::{Map, Value};

use crate::constraint::Constraint;
use crate::context::{Context, Mode};
use crate::error::{Error, Result};
use crate::initializers::{self, Initializer};
use crate::model::CallNode;
use crate::regularizer::Regularizer;
use crate::variable::Variable;
use crate::weight_limit::claim_weight;

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
pub trait Layer: Any {
    /// The class name Keras uses: `Dense`, `BatchNormalization`.
    fn class_name(&self) -> &str;

    /// The options as Keras serializes them, without `name`, `trainable` and `dtype`, which every layer has.
    fn config(&self) -> Map<String, Value>;

    /// Makes the weights for inputs of the given shapes (axis 0 is the batch). Called once, before the first call.
    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        let _ = (weights, inputs);
        Ok(())
    }

    /// The same for layers whose code looks at the layer itself while it makes weights (those written in JavaScript):
    /// called first, and if it returns true, [`Layer::build`] is not.
    fn build_shared(&self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<bool> {
        let _ = (weights, inputs);
        Ok(false)
    }

    /// Builds the graph of a call. `training` is the mode of this call: that of the context, which is the caller's if it
    /// forces one, unless the layer is frozen (`trainable` false) and of a kind that then stays in inference mode.
    fn call(&self, ctx: &Context, inputs: &[Sym], training: bool) -> Result<Vec<Sym>>;

    /// True if a frozen layer runs in inference mode (batch normalization).
    fn frozen_means_inference(&self) -> bool {
        false
    }

    /// True if outputs have the mask of the (first) input: the layer works on each step by itself.
    fn passes_mask(&self) -> bool {
        false
    }

    /// Which steps of the outputs count (bool); `None`: all. `masks` are those of the inputs. Where a layer does not say,
    /// the outputs have no mask, as in Keras.
    fn output_mask(&self, ctx: &Context, inputs: &[Sym], masks: &[Option<Sym>]) -> Result<Option<Sym>> {
        let _ = (ctx, inputs);
        Ok(masks.first().filter(|_| self.passes_mask()).cloned().flatten())
    }

    /// If the input holds indices into a table of the layer (embedding): the number of its rows.
    fn table_rows(&self) -> Option<usize> {
        None
    }

    /// True if training mode does nothing but add noise (dropout), which [`Mode::MonteCarlo`] keeps.
    fn is_noise(&self) -> bool {
        false
    }

    /// The layers inside of this one (a model, a wrapper), whose weights are this layer's too.
    fn sublayers(&self) -> Vec<LayerRef> {
        Vec::new()
    }

    /// The whole `config` that is serialized: [`Layer::config`] after the options that every layer has.
    fn serialized_config(&self, name: &str, trainable: bool) -> Map<String, Value> {
        let mut config = Map::new();
        config.insert("name".into(), name.into());
        config.insert("trainable".into(), trainable.into());
        config.insert("dtype".into(), "float32".into());
        config.extend(self.config());
        config
    }
}

/// Collects the weights that a layer makes in [`Layer::build`].
pub struct WeightBuilder<'a> {
    layer: &'a str,
    weights: &'a mut Vec<Weight>,
}

impl WeightBuilder<'_> {
    /// Makes a weight with an initial value, unless it is too large.
    pub fn add(&mut self, spec: WeightSpec<'_>) -> Result<Variable> {
        claim_weight(spec.name, &spec.shape)?;
        let value = initializers::initialize(spec.initializer, &spec.shape, spec.dtype);
        let value = value.map_err(|error| Error::invalid(format!("weight '{}': {error}", spec.name)))?;
        let path = format!("{}/{}", self.layer, spec.name);
        let variable = Variable::with_path(spec.name, path, value);
        self.weights.push(Weight {
            variable: variable.clone(),
            trainable: spec.trainable,
            regularizer: spec.regularizer,
            constraint: spec.constraint,
        });
        Ok(variable)
    }

    /// Takes a weight that was made elsewhere.
    pub fn push(&mut self, weight: Weight) {
        self.weights.push(weight);
    }
}

/// A layer with its name, state and weights. Clones are the same layer; models that hold one share its weights.
#[derive(Clone)]
pub struct LayerRef(Rc<LayerCell>);

/// What any layer may be given besides its own options.
#[derive(Default)]
pub struct CommonOptions {
    /// Penalty of the layer's outputs, added to the loss at each call.
    pub activity_regularizer: Option<Rc<dyn Regularizer>>,
    /// Shape of the inputs, batch axis included (`None`: any length), if the layer itself tells it: the first layer of
    /// a sequential model may.
    pub input_shape: Option<Vec<Option<usize>>>,
}

struct LayerCell {
    name: String,
    options: CommonOptions,
    trainable: Cell<bool>,
    built_for: RefCell<Option<Vec<Shape>>>,
    weights: RefCell<Vec<Weight>>,
    layer: RefCell<Box<dyn Layer>>,
    /// The calls on symbolic tensors.
    calls: RefCell<Vec<Weak<CallNode>>>,
}

impl LayerRef {
    pub fn new(name: impl Into<String>, layer: Box<dyn Layer>) -> LayerRef {
        LayerRef::with_options(name, layer, CommonOptions::default())
    }

    pub fn with_options(name: impl Into<String>, layer: Box<dyn Layer>, options: CommonOptions) -> LayerRef {
        LayerRef(Rc::new(LayerCell {
            name: name.into(),
            options,
            trainable: Cell::new(true),
            built_for: RefCell::new(None),
            weights: RefCell::default(),
            layer: RefCell::new(layer),
            calls: RefCell::default(),
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

    /// Freezes or unfreezes the layer and those inside of it. Takes effect when a model that holds it is compiled.
    pub fn set_trainable(&self, trainable: bool) {
        self.walk(&mut HashSet::new(), &mut |layer| {
            layer.0.trainable.set(trainable);
            true
        });
    }

    /// Visits the layer and those inside of it, each once, parents before what is inside of them. Where `visit` returns
    /// false, what is inside is left out.
    pub(crate) fn walk(&self, seen: &mut HashSet<usize>, visit: &mut dyn FnMut(&LayerRef) -> bool) {
        if seen.insert(self.id()) && visit(self) {
            self.sublayers().iter().for_each(|layer| layer.walk(seen, visit));
        }
    }

    /// The layers inside of this one.
    pub fn sublayers(&self) -> Vec<LayerRef> {
        self.layer().sublayers()
    }

    /// The input shape, batch axis included, that the layer was given as an option.
    pub fn input_shape_option(&self) -> Option<&[Option<usize>]> {
        self.0.options.input_shape.as_deref()
    }

    pub fn is_built(&self) -> bool {
        self.0.built_for.borrow().is_some()
    }

    /// The input shapes (axis 0 is the batch) that the layer was built for.
    pub fn built_for(&self) -> Option<Vec<Shape>> {
        self.0.built_for.borrow().clone()
    }

    /// All weights in Keras's order: the layer's own, trainable ones first, then those of the layers inside of it.
    /// Empty before the layer is built.
    pub fn weights(&self) -> Vec<Weight> {
        let mut weights = Vec::new();
        self.walk(&mut HashSet::new(), &mut |layer| {
            weights.extend(layer.ordered_weights());
            true
        });
        weights
    }

    /// The weights without those of the layers inside: trainable ones first.
    pub(crate) fn ordered_weights(&self) -> Vec<Weight> {
        let own = self.own_weights().into_iter();
        let (trainable, others): (Vec<Weight>, Vec<Weight>) = own.partition(|weight| weight.trainable);
        [trainable, others].concat()
    }

    /// The weights without those of the layers inside, in the order of creation.
    pub fn own_weights(&self) -> Vec<Weight> {
        self.0.weights.borrow().clone()
    }

    /// The weights that training changes: none while the layer is frozen.
    pub fn trainable_weights(&self) -> Vec<Weight> {
        let mut weights = Vec::new();
        self.walk(&mut HashSet::new(), &mut |layer| {
            if layer.trainable() {
                weights.extend(layer.own_weights().into_iter().filter(|weight| weight.trainable));
            }
            layer.trainable()
        });
        weights
    }

    /// Number of elements of all weights.
    pub fn count_params(&self) -> usize {
        self.weights().iter().map(|weight| weight.variable.spec().shape.numel()).sum()
    }

    pub fn layer(&self) -> Ref<'_, Box<dyn Layer>> {
        self.0.layer.borrow()
    }

    /// The layer as its own type, if it is of that type.
    pub fn downcast<T: Layer>(&self) -> Option<Ref<'_, T>> {
        Ref::filter_map(self.layer(), |layer| (layer.as_ref() as &dyn Any).downcast_ref::<T>()).ok()
    }

    pub(crate) fn record_call(&self, node: &Rc<CallNode>) {
        let mut calls = self.0.calls.borrow_mut();
        calls.retain(|call| call.strong_count() > 0);
        calls.push(Rc::downgrade(node));
    }

    /// The first call on symbolic tensors, as long as a tensor or model holds it.
    pub fn first_call(&self) -> Option<Rc<CallNode>> {
        self.0.calls.borrow().iter().find_map(Weak::upgrade)
    }

    pub(crate) fn downgrade(&self) -> WeakLayer {
        WeakLayer(Rc::downgrade(&self.0))
    }

    /// A number that all handles of this layer share, and no other layer's while it lives.
    pub fn id(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
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
        let mut builder = WeightBuilder { layer: self.name(), weights: &mut weights };
        let of_layer = |error: Error| error.in_layer(self.name(), &self.class_name());
        if !self.layer().build_shared(&mut builder, inputs).map_err(of_layer)? {
            let built = self.0.layer.borrow_mut().build(&mut builder, inputs);
            built.map_err(of_layer)?;
        }
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
        let ctx = &training.map_or_else(|| ctx.clone(), |training| ctx.in_mode(Mode::of(training)));
        let training = match ctx.mode() {
            Mode::Inference => false,
            Mode::Training => self.trainable() || !layer.frozen_means_inference(),
            Mode::MonteCarlo => layer.is_noise(),
        };
        let name = |error: Error| error.in_layer(self.name(), layer.class_name());
        let outputs = layer.call(ctx, inputs, training).map_err(name)?;
        let masks: Vec<Option<Sym>> = inputs.iter().map(|input| ctx.mask(input)).collect();
        if let Some(mask) = layer.output_mask(ctx, inputs, &masks).map_err(name)? {
            outputs.iter().for_each(|output| ctx.set_mask(output, mask.clone()));
        }
        if let Some(regularizer) = &self.0.options.activity_regularizer {
            for output in &outputs {
                let penalty = regularizer.penalty(output).map_err(name)?;
                // Per sample, so that the batch size does not change its strength.
                let samples = output.shape().first().copied().unwrap_or(1);
                ctx.add_loss(penalty.div_scalar(samples as f64)?);
            }
        }
        Ok(outputs)
    }

    /// The layer as Keras serializes it: `{ module, class_name, config, registered_name, build_config }`.
    pub fn to_json(&self) -> Value {
        let layer = self.0.layer.borrow();
        let class = layer.class_name();
        let mut config = layer.serialized_config(self.name(), self.trainable());
        if let Some(regularizer) = &self.0.options.activity_regularizer {
            config.insert("activity_regularizer".into(), regularizer.to_json());
        }
        let (module, registered_name) = crate::layers::module(class);
        let mut json = serde_json::json!({ "module": module, "class_name": class, "config": config,
            "registered_name": registered_name });
        if let Some(inputs) = self.0.built_for.borrow().as_deref() {
            let shapes: Vec<Value> = inputs.iter().map(any_batch).collect();
            let shape = if let [shape] = &shapes[..] { shape.clone() } else { shapes.into() };
            json["build_config"] = serde_json::json!({ "input_shape": shape });
        }
        json
    }
}

/// A shape as Keras writes it: `[null, 784]`.
fn any_batch(shape: &Shape) -> Value {
    shape.iter().enumerate().map(|(axis, &dim)| if axis == 0 { Value::Null } else { dim.into() }).collect()
}

/// A layer that is not kept alive.
#[derive(Clone)]
pub(crate) struct WeakLayer(Weak<LayerCell>);

impl WeakLayer {
    pub(crate) fn upgrade(&self) -> Option<LayerRef> {
        self.0.upgrade().map(LayerRef)
    }
}
