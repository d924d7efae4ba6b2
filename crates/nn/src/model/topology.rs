//! The calls between a model's inputs and outputs.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::tensor::{CallNode, ModelTensor, input, show_shape};
use crate::error::{Error, Result};
use crate::layer::LayerRef;
use crate::layers::InputLayer;

/// Inputs, outputs, and what lies between them.
pub struct Topology {
    pub inputs: Vec<ModelTensor>,
    pub outputs: Vec<ModelTensor>,
    /// The calls, each after those it needs.
    pub nodes: Vec<Rc<CallNode>>,
    /// Each layer once, in Keras's order: farthest from the outputs first, then in the order of a depth-first walk
    /// from the outputs.
    pub layers: Vec<LayerRef>,
    /// No branches and no shared layers: the calls form a chain.
    pub chain: bool,
}

impl Topology {
    pub fn new(model: &str, inputs: Vec<ModelTensor>, outputs: Vec<ModelTensor>) -> Result<Topology> {
        if inputs.is_empty() || outputs.is_empty() {
            let message = format!(
                "model '{model}': expected at least one input and one output, received {} and {}",
                inputs.len(),
                outputs.len()
            );
            return Err(Error::invalid(message));
        }
        if let Some((i, tensor)) =
            inputs.iter().enumerate().find(|(i, tensor)| inputs[..*i].iter().any(|other| other.key() == tensor.key()))
        {
            let name = tensor.layer().name();
            return Err(Error::invalid(format!("model '{model}': input {i}, '{name}', is among its inputs already")));
        }
        let (inputs, outputs) = with_input_layers(model, inputs, outputs)?;
        let nodes = walk(model, &inputs, &outputs)?;
        let depths = depths(&nodes, &outputs);
        let layers = layers_by_depth(&nodes, &depths, &inputs, &outputs);
        for (i, layer) in layers.iter().enumerate() {
            if layers[..i].iter().any(|other| other.name() == layer.name()) {
                let name = layer.name();
                let message =
                    format!("model '{model}': two layers are named '{name}'; give each layer a name of its own");
                return Err(Error::invalid(message));
            }
        }
        let distinct: HashSet<usize> = depths.values().copied().collect();
        let single = nodes.iter().all(|node| node.inputs.len() <= 1);
        let chain = distinct.len() == nodes.len() && single && layers.len() == nodes.len();
        Ok(Topology { inputs, outputs, nodes, layers, chain })
    }

    /// The calls of a layer, in the order they were made.
    pub fn calls(&self, layer: &LayerRef) -> Vec<&Rc<CallNode>> {
        let mut calls: Vec<&Rc<CallNode>> = self.nodes.iter().filter(|node| node.layer.same(layer)).collect();
        calls.sort_by_key(|node| node.id);
        calls
    }
}

/// Inputs that are results of other layers are replaced by new input layers, on which the layers are called again.
fn with_input_layers(
    model: &str,
    inputs: Vec<ModelTensor>,
    outputs: Vec<ModelTensor>,
) -> Result<(Vec<ModelTensor>, Vec<ModelTensor>)> {
    if inputs.iter().all(|tensor| tensor.layer().downcast::<InputLayer>().is_some()) {
        return Ok((inputs, outputs));
    }
    let mut replaced = HashMap::new();
    let mut new_inputs = Vec::new();
    for tensor in &inputs {
        let new = if tensor.layer().downcast::<InputLayer>().is_some() {
            tensor.clone()
        } else {
            let dtype = tensor.dtype().name();
            input(&serde_json::json!({ "batch_shape": tensor.shape(), "dtype": dtype }))?
        };
        replaced.insert(tensor.key(), new.clone());
        new_inputs.push(new);
    }
    for node in walk(model, &inputs, &outputs)? {
        let inputs: Vec<ModelTensor> = node.inputs.iter().map(|tensor| replaced[&tensor.key()].clone()).collect();
        if !inputs.is_empty() {
            let copy = CallNode::new(&node.layer, inputs, node.outputs.clone(), node.training);
            for index in 0..copy.outputs.len() {
                replaced.entry((node.id, index)).or_insert_with(|| ModelTensor::new(&copy, index));
            }
        }
    }
    let new_outputs = outputs.iter().map(|tensor| replaced[&tensor.key()].clone()).collect();
    Ok((new_inputs, new_outputs))
}

/// The calls that the outputs need, each after those it needs itself, by a depth-first walk that ends at the inputs.
fn walk(model: &str, inputs: &[ModelTensor], outputs: &[ModelTensor]) -> Result<Vec<Rc<CallNode>>> {
    let given: HashSet<(u64, usize)> = inputs.iter().map(ModelTensor::key).collect();
    let mut done: HashSet<u64> = HashSet::new();
    let mut nodes = Vec::new();
    // A node is visited twice: before and after those it needs.
    let mut pending: Vec<(ModelTensor, bool)> = outputs.iter().rev().map(|tensor| (tensor.clone(), false)).collect();
    while let Some((tensor, entered)) = pending.pop() {
        let node = tensor.node();
        let is_input = node.inputs.is_empty();
        if done.contains(&node.id) || (given.contains(&tensor.key()) && !is_input) {
            continue;
        }
        if is_input && !given.contains(&tensor.key()) {
            let message = format!(
                "model '{model}': its outputs depend on the input '{}' of shape {}, which is not among its inputs; add \
                 it to `inputs`",
                node.layer.name(),
                show_shape(tensor.shape())
            );
            return Err(Error::invalid(message));
        }
        if entered || is_input {
            done.insert(node.id);
            nodes.push(node.clone());
            continue;
        }
        let needed: Vec<ModelTensor> = node.inputs.iter().rev().cloned().collect();
        pending.push((tensor, true));
        pending.extend(needed.into_iter().map(|tensor| (tensor, false)));
    }
    for tensor in inputs {
        if tensor.node().inputs.is_empty() && done.insert(tensor.node().id) {
            nodes.push(tensor.node().clone());
        }
    }
    Ok(nodes)
}

/// For each call, the largest number of calls between it and an output; a shared layer's calls are as deep as its
/// deepest one so far.
fn depths(nodes: &[Rc<CallNode>], outputs: &[ModelTensor]) -> HashMap<u64, usize> {
    let mut depths: HashMap<u64, usize> = outputs.iter().map(|tensor| (tensor.node().id, 0)).collect();
    let mut of_layers: Vec<(LayerRef, usize)> = Vec::new();
    for node in nodes.iter().rev() {
        let mut depth = depths.get(&node.id).copied().unwrap_or(0);
        match of_layers.iter_mut().find(|(layer, _)| layer.same(&node.layer)) {
            Some((_, known)) => {
                depth = depth.max(*known);
                *known = depth;
            }
            None => of_layers.push((node.layer.clone(), depth)),
        }
        depths.insert(node.id, depth);
        for tensor in &node.inputs {
            let below = depths.entry(tensor.node().id).or_insert(0);
            *below = (*below).max(depth + 1);
        }
    }
    depths
}

fn layers_by_depth(
    nodes: &[Rc<CallNode>],
    depths: &HashMap<u64, usize>,
    inputs: &[ModelTensor],
    outputs: &[ModelTensor],
) -> Vec<LayerRef> {
    let first_seen = visiting_order(outputs);
    let mut layers: Vec<(usize, i64, LayerRef)> = Vec::new();
    let unused: Vec<&Rc<CallNode>> = inputs.iter().map(ModelTensor::node).collect();
    for node in nodes.iter().chain(unused) {
        let depth = depths.get(&node.id).copied().unwrap_or(0);
        let seen = first_seen.get(&node.id).map_or(-1, |&order| order as i64);
        match layers.iter_mut().find(|(_, _, layer)| layer.same(&node.layer)) {
            Some(known) => *known = (known.0.max(depth), known.1.min(seen), known.2.clone()),
            None => layers.push((depth, seen, node.layer.clone())),
        }
    }
    layers.sort_by_key(|&(depth, seen, _)| (std::cmp::Reverse(depth), seen));
    layers.into_iter().map(|(_, _, layer)| layer).collect()
}

/// When a depth-first walk from the outputs first meets each call.
fn visiting_order(outputs: &[ModelTensor]) -> HashMap<u64, usize> {
    let mut order = HashMap::new();
    let mut pending: Vec<ModelTensor> = outputs.iter().rev().cloned().collect();
    while let Some(tensor) = pending.pop() {
        let next = order.len();
        if let std::collections::hash_map::Entry::Vacant(entry) = order.entry(tensor.node().id) {
            entry.insert(next);
            pending.extend(tensor.node().inputs.iter().rev().cloned());
        }
    }
    order
}
