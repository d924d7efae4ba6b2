//! What a file holds of a model.

use std::collections::{HashMap, HashSet};

use glorot_io::keras::{LayerWeights, ModelFile, Weight, WeightOrder};
use glorot_nn::model::Model;
use glorot_tensor::Tensor;
use glorot_train::SharedOptimizer;
use serde_json::Value;

use super::state;

/// The weights of each top-level layer in the model's order; those that two layers share belong to the first.
pub fn layers(model: &Model) -> Vec<LayerWeights> {
    let paths: HashMap<u64, String> =
        model.weights().iter().map(|weight| weight.variable.id()).zip(model.weight_paths()).collect();
    let mut seen = HashSet::new();
    let mut layers = Vec::new();
    for layer in model.layers() {
        let trainable: HashSet<u64> = layer.trainable_weights().iter().map(|weight| weight.variable.id()).collect();
        let fresh: Vec<_> = layer.weights().into_iter().filter(|weight| seen.insert(weight.variable.id())).collect();
        let weights = fresh.into_iter().map(|weight| {
            let id = weight.variable.id();
            Weight {
                path: paths.get(&id).cloned().unwrap_or_default(),
                value: weight.variable.value(),
                trainable: trainable.contains(&id),
            }
        });
        layers.push(LayerWeights { layer: layer.name().into(), weights: weights.collect() });
    }
    layers
}

/// Weights by path; a path that appears twice gets a number.
pub fn named(layers: Vec<LayerWeights>) -> Vec<(String, Tensor)> {
    let mut used: HashMap<String, usize> = HashMap::new();
    let weights = layers.into_iter().flat_map(|layer| layer.weights);
    let named = weights.map(|weight| (unique(&mut used, weight.path), weight.value));
    named.collect()
}

/// The path, with a number behind it if it is used already.
pub fn unique(used: &mut HashMap<String, usize>, path: String) -> String {
    let count = used.entry(path.clone()).and_modify(|count| *count += 1).or_insert(0);
    if *count == 0 { path } else { format!("{path}_{count}") }
}

/// The model with the state of its optimizer.
pub fn model_file(model: &Model, compile: Option<Value>, optimizer: Option<SharedOptimizer>) -> ModelFile {
    let optimizer = optimizer.map(|optimizer| {
        let optimizer = optimizer.borrow();
        let class = optimizer.class_name().to_lowercase();
        let variables = optimizer.variables().into_iter();
        variables.map(|variable| (format!("{class}/{}", variable.name()), variable.value())).collect()
    });
    ModelFile {
        config: model.to_json(),
        compile,
        weights: layers(model),
        order: WeightOrder::Model,
        optimizer,
        resume: Some(state::resume(model)),
        keras_version: None,
    }
}
