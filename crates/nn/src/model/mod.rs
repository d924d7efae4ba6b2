//! Models: layers put together, which are traced as one.

mod from_json;
mod index_range;
mod sequential;
mod summary;
mod table;
mod tensor;
mod to_json;
mod topology;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use glorot_graph::Sym;
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Map, Value};

use crate::context::{Context, random_state};
use crate::error::{Error, Result};
use crate::layer::{Layer, LayerRef, WeakLayer, Weight, WeightBuilder};
use crate::layers::{CustomLayers, unique_name};
use crate::rng::next_seed;
use crate::variable::Variable;

pub use index_range::IndexRange;
pub use summary::SummaryOptions;
use tensor::show_shape;
pub use tensor::{CallNode, ModelTensor, TensorShape, apply, input, input_tensor};
use topology::Topology;

/// Layers put together. Clones are the same model.
#[derive(Clone)]
pub struct Model(Rc<ModelCell>);

struct ModelCell {
    name: String,
    kind: Kind,
    trainable: Cell<bool>,
    /// The layers of a sequential model as they were added, with the input layer if there is one.
    stack: RefCell<Vec<LayerRef>>,
    /// `None`: a sequential model that does not know its input yet.
    topology: RefCell<Option<Rc<Topology>>>,
    random_state: Variable,
    layer: RefCell<Option<WeakLayer>>,
}

/// How the layers are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One after the other.
    Sequential,
    /// By calls on symbolic tensors.
    Functional,
}

/// An input or output of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Port {
    /// Name of the layer.
    pub name: String,
    /// Lengths of the axes, the batch first; `None` is any length.
    pub shape: Vec<Option<usize>>,
    pub dtype: DType,
}

/// True for the class names of models.
pub fn is_model_class(class: &str) -> bool {
    matches!(class, "Sequential" | "Functional" | "Model")
}

impl Model {
    fn new(name: Option<String>, kind: Kind, stack: Vec<LayerRef>, topology: Option<Topology>) -> Model {
        let class = if kind == Kind::Sequential { "Sequential" } else { "Functional" };
        Model(Rc::new(ModelCell {
            name: name.unwrap_or_else(|| unique_name(class)),
            kind,
            trainable: Cell::new(true),
            stack: RefCell::new(stack),
            topology: RefCell::new(topology.map(Rc::new)),
            random_state: random_state(next_seed()),
            layer: RefCell::new(None),
        }))
    }

    /// A model of all calls between the inputs and the outputs. Name: `functional`, `functional_1`, … if not given.
    pub fn functional(inputs: Vec<ModelTensor>, outputs: Vec<ModelTensor>, name: Option<String>) -> Result<Model> {
        let name = name.unwrap_or_else(|| unique_name("Functional"));
        let topology = Topology::new(&name, inputs, outputs)?;
        Ok(Model::new(Some(name), Kind::Functional, vec![], Some(topology)))
    }

    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// False for a sequential model that does not know its input yet.
    pub fn is_built(&self) -> bool {
        self.0.topology.borrow().is_some()
    }

    fn topology(&self) -> Result<Rc<Topology>> {
        self.0.topology.borrow().clone().ok_or_else(|| {
            Error::invalid(format!(
                "model '{}' does not know the shape of its inputs yet; begin it with input({{ shape }}), or call or fit \
                 it once",
                self.name()
            ))
        })
    }

    /// The layers in Keras's order; a sequential model's without its input layer.
    pub fn layers(&self) -> Vec<LayerRef> {
        match self.kind() {
            Kind::Sequential => sequential::without_input(&self.0.stack.borrow()),
            Kind::Functional => self.all_layers(),
        }
    }

    /// The layers, input layers included.
    fn all_layers(&self) -> Vec<LayerRef> {
        match (self.kind(), &*self.0.topology.borrow()) {
            (Kind::Functional, Some(topology)) => topology.layers.clone(),
            _ => self.0.stack.borrow().clone(),
        }
    }

    /// The layer of the given name.
    pub fn get_layer(&self, name: &str) -> Result<LayerRef> {
        let layers = self.all_layers();
        layers.iter().find(|layer| layer.name() == name).cloned().ok_or_else(|| {
            let known: Vec<&str> = layers.iter().map(LayerRef::name).collect();
            Error::invalid(format!("model '{}' has no layer '{name}'; its layers: {}", self.name(), known.join(", ")))
        })
    }

    pub fn trainable(&self) -> bool {
        self.0.trainable.get()
    }

    /// Freezes or unfreezes all layers. Takes effect when the model is compiled.
    pub fn set_trainable(&self, trainable: bool) {
        self.0.trainable.set(trainable);
        self.all_layers().iter().for_each(|layer| layer.set_trainable(trainable));
    }

    /// This model as a layer of another one; always the same layer.
    pub fn as_layer(&self) -> LayerRef {
        let known = self.0.layer.borrow().as_ref().and_then(WeakLayer::upgrade);
        known.unwrap_or_else(|| {
            let layer = LayerRef::new(self.name(), Box::new(self.clone()));
            *self.0.layer.borrow_mut() = Some(layer.downgrade());
            layer
        })
    }

    /// The model behind a layer, if it is one.
    pub fn from_layer(layer: &LayerRef) -> Option<Model> {
        layer.downcast::<Model>().map(|model| model.clone())
    }

    /// The inputs, in order.
    pub fn input_specs(&self) -> Result<Vec<Port>> {
        Ok(self.topology()?.inputs.iter().map(port).collect())
    }

    /// The outputs, in order.
    pub fn output_specs(&self) -> Result<Vec<Port>> {
        Ok(self.topology()?.outputs.iter().map(port).collect())
    }

    /// The symbolic inputs.
    pub fn inputs(&self) -> Result<Vec<ModelTensor>> {
        Ok(self.topology()?.inputs.clone())
    }

    /// The symbolic outputs.
    pub fn outputs(&self) -> Result<Vec<ModelTensor>> {
        Ok(self.topology()?.outputs.clone())
    }

    /// Key and step counter of the model's random numbers; see [`random_state`].
    pub fn random_state(&self) -> &Variable {
        &self.0.random_state
    }

    /// All weights in Keras's order: layer by layer, each once.
    pub fn weights(&self) -> Vec<Weight> {
        distinct(self.layers().iter().flat_map(LayerRef::weights))
    }

    /// The weights that training changes: those of layers that are not frozen.
    pub fn trainable_weights(&self) -> Vec<Weight> {
        distinct(self.layers().iter().flat_map(LayerRef::trainable_weights))
    }

    /// The other weights: statistics, and those of frozen layers.
    pub fn non_trainable_weights(&self) -> Vec<Weight> {
        let trainable: HashSet<u64> = self.trainable_weights().iter().map(|weight| weight.variable.id()).collect();
        self.weights().into_iter().filter(|weight| !trainable.contains(&weight.variable.id())).collect()
    }

    /// The weights' names with those of the layers around them, as Keras writes them: `sequential/dense/kernel`. In the
    /// order of [`Model::weights`].
    pub fn weight_paths(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut paths = Vec::new();
        self.collect_paths(&mut seen, &mut paths);
        paths
    }

    fn collect_paths(&self, seen: &mut HashSet<u64>, paths: &mut Vec<String>) {
        let prefix = if self.kind() == Kind::Sequential { format!("{}/", self.name()) } else { String::new() };
        for layer in self.layers() {
            match Model::from_layer(&layer) {
                Some(model) => model.collect_paths(seen, paths),
                None => collect_layer_paths(&layer, &format!("{prefix}{}", layer.name()), seen, paths),
            }
        }
    }

    /// Number of elements of all weights.
    pub fn count_params(&self) -> usize {
        count(&self.weights())
    }

    /// The values of all weights, in the order of [`Model::weights`].
    pub fn get_weights(&self) -> Vec<Tensor> {
        self.weights().iter().map(|weight| weight.variable.value()).collect()
    }

    /// Replaces the values of all weights. Nothing changes if one does not fit.
    pub fn set_weights(&self, values: &[Tensor]) -> Result<()> {
        let (weights, paths) = (self.weights(), self.weight_paths());
        if weights.len() != values.len() {
            let (name, expected, received) = (self.name(), weights.len(), values.len());
            return Err(Error::invalid(format!("model '{name}' has {expected} weights, received {received} values")));
        }
        for ((weight, path), value) in weights.iter().zip(&paths).zip(values) {
            let spec = weight.variable.spec();
            if (value.shape(), value.dtype()) != (&spec.shape, spec.dtype) {
                let received = format!("{} {}", value.dtype(), value.shape());
                let message = format!("weight '{path}' is {} {}, received {received}", spec.dtype, spec.shape);
                return Err(Error::invalid(message));
            }
        }
        for (weight, value) in weights.iter().zip(values) {
            weight.variable.assign(value.clone())?;
        }
        Ok(())
    }

    /// A model of new layers with the same names and options. Its weights are new too, or, with `weights`, have the
    /// values of this one's.
    pub fn copy_with(&self, weights: bool, custom: CustomLayers<'_>) -> Result<Model> {
        let copy = Model::from_json_with(&self.to_json(), custom)?;
        if weights {
            copy.take_weights(self)?;
        }
        Ok(copy)
    }

    /// Layer by layer, because a layer that two models inside of this one share becomes two in a copy.
    fn take_weights(&self, other: &Model) -> Result<()> {
        for (mine, theirs) in self.layers().iter().zip(other.layers()) {
            match (Model::from_layer(mine), Model::from_layer(&theirs)) {
                (Some(mine), Some(theirs)) => mine.take_weights(&theirs)?,
                _ => {
                    let (weights, values) = (mine.weights(), theirs.weights());
                    if weights.len() != values.len() {
                        let (expected, received) = (values.len(), weights.len());
                        let message = format!("the copy has {received} weights where there are {expected}");
                        return Err(Error::invalid(message).in_layer(theirs.name(), &theirs.class_name()));
                    }
                    for (weight, value) in weights.iter().zip(values) {
                        let assigned = weight.variable.assign(value.variable.value());
                        assigned.map_err(|error| error.in_layer(theirs.name(), &theirs.class_name()))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Builds the graph of a call in the trace's mode, and adds the regularization penalties of the trainable weights
    /// to the trace: call it once a trace, or use [`Model::call_in_mode`] for further calls.
    pub fn call(&self, ctx: &Context, inputs: &[Sym]) -> Result<Vec<Sym>> {
        let outputs = self.call_in_mode(ctx, inputs, None)?;
        for weight in self.trainable_weights() {
            if let Some(regularizer) = &weight.regularizer {
                ctx.add_loss(regularizer.penalty(&ctx.read(&weight.variable))?);
            }
        }
        Ok(outputs)
    }

    /// Builds the graph of a call without penalties of weights. `training`: forces a mode; `None` takes that of the
    /// trace.
    pub fn call_in_mode(&self, ctx: &Context, inputs: &[Sym], training: Option<bool>) -> Result<Vec<Sym>> {
        if !self.is_built() {
            self.build(&inputs.iter().map(Sym::shape).collect::<Vec<_>>())?;
        }
        let topology = self.topology()?;
        if inputs.len() != topology.inputs.len() {
            let names: Vec<&str> = topology.inputs.iter().map(|tensor| tensor.layer().name()).collect();
            let (name, received) = (self.name(), inputs.len());
            let message =
                format!("model '{name}': expected {} inputs ({}), received {received}", names.len(), names.join(", "));
            return Err(Error::invalid(message));
        }
        let mut values: HashMap<(u64, usize), Sym> = HashMap::new();
        for (tensor, value) in topology.inputs.iter().zip(inputs) {
            values.insert(tensor.key(), self.enter(tensor, value)?);
        }
        for node in &topology.nodes {
            if node.inputs.is_empty() {
                continue;
            }
            let inputs: Vec<Sym> = node.inputs.iter().map(|tensor| values[&tensor.key()].clone()).collect();
            let outputs = node.layer.call(ctx, &inputs, node.training.or(training))?;
            values.extend(outputs.into_iter().enumerate().map(|(index, value)| ((node.id, index), value)));
        }
        Ok(topology.outputs.iter().map(|tensor| values[&tensor.key()].clone()).collect())
    }

    /// What a layer sees of the data that is given for an input: of the declared shape and dtype. As in Keras, a last
    /// axis of length 1 may be missing or too much, and the length of the batch may be another one than was declared.
    fn enter(&self, tensor: &ModelTensor, value: &Sym) -> Result<Sym> {
        let (declared, received) = (tensor.shape(), value.shape());
        let value = match (&received[..], declared) {
            ([outer @ .., 1], _) if outer.len() == declared.len() => value.reshape(outer)?,
            (_, [outer @ .., Some(1)]) if outer.len() == received.rank() => {
                value.reshape([&received[..], &[1]].concat())?
            }
            _ => value.clone(),
        };
        let shape = value.shape();
        let fits = shape.rank() == declared.len()
            && declared.iter().zip(shape.iter()).skip(1).all(|(want, &got)| want.is_none_or(|want| want == got));
        if !fits {
            return Err(Error::invalid(format!(
                "model '{}', input '{}': expected data of shape {}, received {received}; reshape the data, or change the \
                 shape given to input()",
                self.name(),
                tensor.layer().name(),
                show_shape(declared)
            )));
        }
        Ok(value.cast(tensor.dtype())?)
    }

    /// Tells a sequential model the shapes of its inputs, batch axis included. A model that knows them keeps its own.
    pub fn build(&self, inputs: &[Shape]) -> Result<()> {
        match (self.is_built(), inputs) {
            (true, _) => self.expect_inputs(inputs),
            (false, [shape]) => {
                let any_batch = shape.iter().enumerate().map(|(axis, &dim)| (axis > 0).then_some(dim)).collect();
                self.build_sequential(any_batch)
            }
            _ => Err(Error::invalid(format!(
                "model '{}' is sequential and takes one input, received {}; use a functional model",
                self.name(),
                inputs.len()
            ))),
        }
    }

    /// Fails for other inputs than those that the model was built for.
    fn expect_inputs(&self, inputs: &[Shape]) -> Result<()> {
        let ports = self.input_specs()?;
        let fits = |(port, shape): (&Port, &Shape)| {
            // Samples of one feature may come without an axis for it.
            let of_one = shape.rank() == 1 && port.shape.len() == 2 && port.shape[1] == Some(1);
            let same_rank = port.shape.len() == shape.rank();
            of_one
                || same_rank
                    && port.shape.iter().zip(shape.iter()).skip(1).all(|(own, dim)| own.is_none_or(|own| own == *dim))
        };
        if ports.len() == inputs.len() && ports.iter().zip(inputs).all(fits) {
            return Ok(());
        }
        let list = |shapes: Vec<String>| shapes.join(" and ");
        let own = list(ports.iter().map(|port| show_shape(&port.shape)).collect());
        let received = list(inputs.iter().map(|shape| shape.to_string()).collect());
        Err(Error::invalid(format!("model '{}' was built for inputs of shape {own}, received {received}", self.name())))
    }
}

/// The paths of a layer's weights, in the order of [`LayerRef::weights`].
fn collect_layer_paths(layer: &LayerRef, path: &str, seen: &mut HashSet<u64>, paths: &mut Vec<String>) {
    let mut layers: HashMap<usize, String> = HashMap::from([(layer.id(), path.to_string())]);
    layer.walk(&mut HashSet::new(), &mut |layer| {
        let path = layers.get(&layer.id()).cloned().unwrap_or_default();
        for weight in layer.ordered_weights().into_iter().filter(|weight| seen.insert(weight.variable.id())) {
            paths.push(format!("{path}/{}", weight.variable.name()));
        }
        for inner in layer.sublayers() {
            // A layer that extends another one is one layer under one name.
            let same = inner.name() == layer.name();
            let inner_path = if same { path.clone() } else { format!("{path}/{}", inner.name()) };
            layers.entry(inner.id()).or_insert(inner_path);
        }
        true
    });
}

fn port(tensor: &ModelTensor) -> Port {
    Port { name: tensor.layer().name().into(), shape: tensor.shape().to_vec(), dtype: tensor.dtype() }
}

/// Each variable once, where it first appears.
fn distinct(weights: impl Iterator<Item = Weight>) -> Vec<Weight> {
    let mut seen = HashSet::new();
    weights.filter(|weight| seen.insert(weight.variable.id())).collect()
}

/// Number of elements.
fn count(weights: &[Weight]) -> usize {
    weights.iter().map(|weight| weight.variable.spec().shape.numel()).sum()
}

impl Layer for Model {
    fn class_name(&self) -> &str {
        match self.kind() {
            Kind::Sequential => "Sequential",
            Kind::Functional => "Functional",
        }
    }

    fn config(&self) -> Map<String, Value> {
        self.structure()
    }

    fn serialized_config(&self, name: &str, trainable: bool) -> Map<String, Value> {
        let mut config = Map::new();
        config.insert("name".into(), name.into());
        config.insert("trainable".into(), trainable.into());
        config.extend(self.structure());
        config
    }

    fn build(&mut self, _: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        Model::build(self, inputs)
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        // In the mode of the context, which may be another one than training or inference.
        self.call_in_mode(ctx, inputs, None)
    }

    fn sublayers(&self) -> Vec<LayerRef> {
        self.layers()
    }
}

#[cfg(test)]
mod tests;
