//! Models as Keras 3 writes them.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{CallNode, Kind, Model, ModelTensor, Topology};

impl Model {
    /// The model as Keras serializes it: `{ module, class_name, config, registered_name, build_config }`. The weights'
    /// values are not part of it.
    pub fn to_json(&self) -> Value {
        let mut json = self.as_layer().to_json();
        if let Some(topology) = &*self.0.topology.borrow() {
            let shapes: Vec<Value> = topology.inputs.iter().map(|tensor| json!(tensor.shape())).collect();
            let shape = if let [shape] = &shapes[..] { shape.clone() } else { shapes.into() };
            json["build_config"] = json!({ "input_shape": shape });
        }
        json
    }

    /// The part of the config that says which layers there are and how they are connected.
    pub(super) fn structure(&self) -> Map<String, Value> {
        let mut config = Map::new();
        match (self.kind(), &*self.0.topology.borrow()) {
            (Kind::Functional, Some(topology)) => {
                let calls = Calls::new(topology);
                let layers: Vec<Value> = topology.layers.iter().map(|layer| calls.layer(topology, layer)).collect();
                config.insert("layers".into(), layers.into());
                config.insert("input_layers".into(), calls.ports(&topology.inputs));
                config.insert("output_layers".into(), calls.ports(&topology.outputs));
            }
            (_, topology) => {
                config.insert("dtype".into(), "float32".into());
                let layers: Vec<Value> = self.0.stack.borrow().iter().map(|layer| layer.to_json()).collect();
                config.insert("layers".into(), layers.into());
                if let Some(topology) = topology {
                    config.insert("build_input_shape".into(), json!(topology.inputs[0].shape()));
                }
            }
        }
        config
    }
}

/// Numbers of calls: the calls of each layer in this model, counted from 0.
struct Calls(HashMap<u64, usize>);

impl Calls {
    fn new(topology: &Topology) -> Calls {
        let mut numbers = HashMap::new();
        for layer in &topology.layers {
            for (number, node) in topology.calls(layer).into_iter().enumerate() {
                numbers.insert(node.id, number);
            }
        }
        Calls(numbers)
    }

    /// A layer with the calls that it has in the model.
    fn layer(&self, topology: &Topology, layer: &crate::LayerRef) -> Value {
        let mut json = match Model::from_layer(layer) {
            Some(model) => model.to_json(),
            None => layer.to_json(),
        };
        let calls = topology.calls(layer).into_iter().filter(|node| !node.inputs.is_empty());
        json["name"] = layer.name().into();
        json["inbound_nodes"] = calls.map(|node| self.call(node)).collect();
        json
    }

    fn call(&self, node: &CallNode) -> Value {
        let tensors: Vec<Value> = node.inputs.iter().map(|tensor| self.tensor(tensor)).collect();
        let argument = if let [tensor] = &tensors[..] { tensor.clone() } else { tensors.into() };
        let options = node.training.map_or(json!({}), |training| json!({ "training": training }));
        json!({ "args": [argument], "kwargs": options })
    }

    fn tensor(&self, tensor: &ModelTensor) -> Value {
        let history = json!([tensor.layer().name(), self.0[&tensor.node().id], tensor.index()]);
        let (shape, dtype) = (tensor.shape(), tensor.dtype().name());
        let config = json!({ "shape": shape, "dtype": dtype, "keras_history": history });
        json!({ "class_name": "__keras_tensor__", "config": config })
    }

    fn ports(&self, tensors: &[ModelTensor]) -> Value {
        let port = |tensor: &ModelTensor| {
            // Keras counts a call of a functional model's own before those in other models, but only here.
            let own = usize::from(tensor.layer().layer().class_name() == "Functional");
            json!([tensor.layer().name(), self.0[&tensor.node().id] + own, tensor.index()])
        };
        if let [tensor] = tensors { port(tensor) } else { tensors.iter().map(port).collect() }
    }
}
