//! Models from what Keras writes: versions 3 and 2.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value, json};

use super::{Kind, Model, ModelTensor, apply, input_tensor, is_model_class};
use crate::config::class_and_config;
use crate::error::{Error, Result};
use crate::layer::LayerRef;
use crate::layers::{CustomLayers, InputLayer, deserialize_with, no_custom_layers};

/// Layer, call and output that a tensor comes from.
type History = (String, usize, usize);

/// A call in a config: inputs and forced mode.
struct Call {
    inputs: Vec<History>,
    training: Option<bool>,
    /// Keras 2 counts a call of a model's own before its calls in others.
    keras2: bool,
}

impl Model {
    /// A model with new weights from what [`Model::to_json`] or Keras's `to_json()` gives: an object or its text.
    pub fn from_json(value: &Value) -> Result<Model> {
        Model::from_json_with(value, &no_custom_layers)
    }

    /// The same with custom layer classes.
    pub fn from_json_with(value: &Value, custom: CustomLayers<'_>) -> Result<Model> {
        if let Value::String(text) = value {
            let parsed: Value = serde_json::from_str(text)
                .map_err(|error| Error::config("model", format!("no valid JSON: {error}")))?;
            return if parsed.is_object() {
                Model::from_json_with(&parsed, custom)
            } else {
                Err(Error::config("model", "expected { class_name, config }"))
            };
        }
        let (class, config) = class_and_config("model", value)?;
        if !is_model_class(&class) {
            return Err(Error::config("model", format!("expected Sequential or Functional, received '{class}'")));
        }
        if class == "Sequential" { sequential(&config, custom) } else { functional(&config, custom) }
    }
}

fn sequential(config: &Value, custom: CustomLayers<'_>) -> Result<Model> {
    // Before Keras 2.2.3 the config was the list of layers.
    let layers = config.get("layers").unwrap_or(config).as_array();
    let layers = layers.ok_or_else(|| Error::config("Sequential", "the config has no list 'layers'"))?;
    let layers = layers.iter().map(|layer| read_layer(layer, custom)).collect::<Result<Vec<LayerRef>>>()?;
    let model = Model::sequential(layers, name(config))?;
    if !model.is_built()
        && let Some(shape) = config.get("build_input_shape").and_then(Value::as_array)
    {
        // The batch is that of the data which told Keras the shape; any other will do.
        let lengths = shape.iter().enumerate().map(|(axis, dim)| dim.as_u64().filter(|_| axis > 0));
        let dims = lengths.map(|length| length.map(|length| length as usize)).collect();
        model.build_sequential(dims)?;
    }
    read_trainable(&model, config);
    Ok(model)
}

fn name(config: &Value) -> Option<String> {
    config.get("name").and_then(Value::as_str).map(String::from)
}

/// The layers have flags of their own, so the model's changes nothing in them.
fn read_trainable(model: &Model, config: &Value) {
    model.0.trainable.set(config.get("trainable").and_then(Value::as_bool).unwrap_or(true));
}

/// A layer of a model; errors name it.
fn read_layer(json: &Value, custom: CustomLayers<'_>) -> Result<LayerRef> {
    let name = json.pointer("/config/name").or(json.get("name")).and_then(Value::as_str);
    deserialize_with(json, custom).map_err(|error| match (error, name) {
        (Error::Config { class, message }, Some(name)) if !class.starts_with("layer '") => {
            let owner = if class == "layer" { String::new() } else { format!(" ({class})") };
            Error::config(format!("layer '{name}'{owner}"), message)
        }
        (error, _) => error,
    })
}

fn functional(config: &Value, custom: CustomLayers<'_>) -> Result<Model> {
    let fail = |message: &str| Error::config("Functional", message);
    let layers =
        config.get("layers").and_then(Value::as_array).ok_or_else(|| fail("the config has no list 'layers'"))?;
    let mut graph = Graph::default();
    let mut pending = Vec::new();
    let needed = needed(config, layers);
    for json in layers {
        let mut rescaling = None;
        if let Some(operation) = operation(json) {
            let name = json.get("name").and_then(Value::as_str).unwrap_or_default();
            // Keras writes how masks are computed, which layers here do themselves.
            if !needed.contains(name) {
                continue;
            }
            rescaling = as_rescaling(operation, json);
            if rescaling.is_none() && !(KNOWN_OPERATIONS.contains(&operation) && takes_two_tensors(json)) {
                let message = format!(
                    "'{name}' is the operation {operation} of keras.ops; only layers and arithmetic with \
                     numbers can be loaded"
                );
                return Err(fail(&message));
            }
        }
        let layer = read_layer(rescaling.as_ref().unwrap_or(json), custom)?;
        // Calls refer to the name beside the config; it is the same unless somebody edited the file.
        let name = json.get("name").and_then(Value::as_str).unwrap_or(layer.name()).to_string();
        if layer.downcast::<InputLayer>().is_some() {
            graph.calls.insert(name.clone(), vec![vec![input_tensor(&layer)?]]);
        } else {
            let nodes = json.get("inbound_nodes").and_then(Value::as_array);
            let nodes = nodes.ok_or_else(|| fail(&format!("layer '{name}' has no list 'inbound_nodes'")))?;
            let calls = nodes.iter().map(|node| read_call(&name, node)).collect::<Result<Vec<Call>>>()?;
            pending.push((name.clone(), calls.into_iter()));
            graph.calls.insert(name.clone(), vec![]);
        }
        if graph.layers.insert(name.clone(), layer).is_some() {
            return Err(fail(&format!("two layers are named '{name}'")));
        }
    }
    graph.connect(pending)?;
    let ports = |key: &str| {
        let mut histories = Vec::new();
        read_histories(config.get(key).unwrap_or(&Value::Null), &mut histories);
        histories.iter().map(|history| graph.port(history)).collect::<Result<Vec<ModelTensor>>>()
    };
    let (inputs, outputs) = (ports("input_layers")?, ports("output_layers")?);
    let model = Model::functional(inputs, outputs, name(config))?;
    read_trainable(&model, config);
    Ok(model)
}

/// Operations of keras.ops between two tensors that are layers of the same name: `a + b`.
const KNOWN_OPERATIONS: [&str; 5] = ["Add", "Subtract", "Multiply", "Maximum", "Minimum"];

/// The class of an entry that is no layer but an operation of `keras.ops`.
fn operation(json: &Value) -> Option<&str> {
    let module = json.get("module").and_then(Value::as_str)?;
    let is_operation = module.starts_with("keras.src.ops") || module.starts_with("keras.ops");
    json.get("class_name").and_then(Value::as_str).filter(|_| is_operation)
}

fn takes_two_tensors(json: &Value) -> bool {
    let mut inputs = Vec::new();
    json.get("inbound_nodes").and_then(Value::as_array).into_iter().flatten().for_each(|n| read_inputs(n, &mut inputs));
    inputs.len() == 2
}

/// An operation of keras.ops between a tensor and a number as the layer that does the same: `2 * x`.
fn as_rescaling(operation: &str, json: &Value) -> Option<Value> {
    let [node] = json.get("inbound_nodes")?.as_array()?.as_slice() else { return None };
    let numbers: Vec<Option<f64>> = node.get("args")?.as_array()?.iter().map(Value::as_f64).collect();
    let (scale, offset) = match (operation, numbers.as_slice()) {
        ("Negative", [None]) => (-1.0, 0.0),
        ("Add", [None, Some(number)] | [Some(number), None]) => (1.0, *number),
        ("Subtract", [None, Some(number)]) => (1.0, -number),
        ("Subtract", [Some(number), None]) => (-1.0, *number),
        ("Multiply", [None, Some(number)] | [Some(number), None]) => (*number, 0.0),
        ("Divide" | "TrueDivide", [None, Some(number)]) => (1.0 / number, 0.0),
        _ => return None,
    };
    let name = json.get("name")?;
    Some(json!({ "class_name": "Rescaling", "config": { "name": name, "scale": scale, "offset": offset } }))
}

/// Names of the layers that the outputs need, leaving aside what only masks need.
fn needed(config: &Value, layers: &[Value]) -> HashSet<String> {
    let named = |json: &Value| Some((json.get("name")?.as_str()?.to_string(), json.get("inbound_nodes")?.clone()));
    let calls: HashMap<String, Value> = layers.iter().filter_map(named).collect();
    let mut found = Vec::new();
    read_histories(config.get("output_layers").unwrap_or(&Value::Null), &mut found);
    let mut needed = HashSet::new();
    while let Some((name, ..)) = found.pop() {
        if needed.insert(name.clone()) {
            let nodes = calls.get(&name).and_then(Value::as_array).into_iter().flatten();
            nodes.for_each(|node| read_inputs(node, &mut found));
        }
    }
    needed
}

#[derive(Default)]
struct Graph {
    layers: HashMap<String, LayerRef>,
    /// The outputs of each call of each layer.
    calls: HashMap<String, Vec<Vec<ModelTensor>>>,
    keras2: bool,
}

impl Graph {
    /// Makes the calls, each as soon as its inputs are there: a shared layer's may have to wait for others.
    fn connect(&mut self, mut pending: Vec<(String, std::vec::IntoIter<Call>)>) -> Result<()> {
        loop {
            let mut progress = false;
            for (name, calls) in &mut pending {
                while let Some(call) = calls.as_slice().first() {
                    self.keras2 |= call.keras2;
                    let inputs = call.inputs.iter().map(|history| self.tensor(history, call.keras2));
                    let Some(inputs) = inputs.collect::<Option<Vec<ModelTensor>>>() else { break };
                    let outputs = apply(&self.layers[name], &inputs, call.training)?;
                    self.calls.entry(name.clone()).or_default().push(outputs);
                    calls.next();
                    progress = true;
                }
            }
            pending.retain(|(_, calls)| !calls.as_slice().is_empty());
            if pending.is_empty() {
                return Ok(());
            }
            if !progress {
                let stuck: Vec<&str> = pending.iter().map(|(name, _)| name.as_str()).collect();
                let message = format!("layers refer to calls that do not exist, or in a circle: {}", stuck.join(", "));
                return Err(Error::config("Functional", message));
            }
        }
    }

    fn tensor(&self, (name, call, output): &History, keras2: bool) -> Option<ModelTensor> {
        let own = usize::from(keras2 && self.counts_own_call(name, true));
        self.calls.get(name)?.get(call.checked_sub(own)?)?.get(*output).cloned()
    }

    /// An input or output of the model.
    fn port(&self, history: &History) -> Result<ModelTensor> {
        let (name, call, output) = history;
        let own = usize::from(self.counts_own_call(name, self.keras2));
        let call = call.checked_sub(own);
        let tensor = call.and_then(|call| self.calls.get(name)?.get(call)?.get(*output).cloned());
        tensor.ok_or_else(|| {
            Error::config("Functional", format!("inputs and outputs refer to {history:?}, which does not exist"))
        })
    }

    /// Whether calls of the layer are counted after one of its own: for functional models, in Keras 2 also for
    /// sequential ones that know their input.
    fn counts_own_call(&self, name: &str, keras2: bool) -> bool {
        let model = self.layers.get(name).and_then(Model::from_layer);
        model.is_some_and(|model| model.kind() == Kind::Functional || (keras2 && model.is_built()))
    }
}

fn read_call(layer: &str, node: &Value) -> Result<Call> {
    let mut inputs = Vec::new();
    read_inputs(node, &mut inputs);
    let (keras2, options) = match node {
        Value::Object(node) => (false, node.get("kwargs").and_then(Value::as_object)),
        _ => (true, keras2_options(node)),
    };
    if inputs.is_empty() {
        return Err(Error::config("Functional", format!("layer '{layer}' has a call without inputs: {node}")));
    }
    Ok(Call { inputs, training: options.and_then(|options| options.get("training")?.as_bool()), keras2 })
}

/// The inputs of a call. A mask is none: layers here know the masks of their inputs.
fn read_inputs(node: &Value, found: &mut Vec<History>) {
    let Value::Object(node) = node else { return read_histories(node, found) };
    read_tensors(node.get("args").unwrap_or(&Value::Null), found);
    for (_, value) in
        node.get("kwargs").and_then(Value::as_object).into_iter().flatten().filter(|(name, _)| *name != "mask")
    {
        read_tensors(value, found);
    }
}

/// The tensors among the arguments of a call of Keras 3, in order.
fn read_tensors(value: &Value, found: &mut Vec<History>) {
    match value {
        Value::Object(object) => match value.pointer("/config/keras_history") {
            Some(history) => read_histories(history, found),
            None => object.values().for_each(|value| read_tensors(value, found)),
        },
        Value::Array(values) => values.iter().for_each(|value| read_tensors(value, found)),
        _ => {}
    }
}

/// `[layer, call, output]`, perhaps with options, or lists of such.
fn read_histories(value: &Value, found: &mut Vec<History>) {
    match value.as_array().map(Vec::as_slice) {
        Some([Value::String(layer), call, output, ..]) => {
            let number = |value: &Value| value.as_u64().and_then(|number| usize::try_from(number).ok());
            if let (Some(call), Some(output)) = (number(call), number(output)) {
                found.push((layer.clone(), call, output));
            }
        }
        Some(values) => values.iter().for_each(|value| read_histories(value, found)),
        None => value.as_object().into_iter().flat_map(Map::values).for_each(|value| read_histories(value, found)),
    }
}

/// The options of a call of Keras 2: the fourth entry of its first input.
fn keras2_options(value: &Value) -> Option<&Map<String, Value>> {
    match value.as_array()?.as_slice() {
        [Value::String(_), _, _, options, ..] => options.as_object(),
        [first, ..] => keras2_options(first),
        [] => None,
    }
}
