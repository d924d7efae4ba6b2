//! What a file holds of a model.

use std::collections::{HashMap, HashSet};

use glorot_io::keras::{LayerWeights, Weight};
use glorot_nn::LayerRef;
use glorot_nn::model::Model;
use glorot_tensor::Tensor;

/// The weights of each top-level layer in the model's order. A weight of a layer that models inside of this one share is
/// there for each of them, since files have no place for what is shared.
pub fn layers(model: &Model) -> Vec<LayerWeights> {
    let paths: HashMap<u64, String> =
        model.weights().iter().map(|weight| weight.variable.id()).zip(model.weight_paths()).collect();
    let collect = |layer: LayerRef| {
        let trainable: HashSet<u64> = layer.trainable_weights().iter().map(|weight| weight.variable.id()).collect();
        let mut weights = Vec::new();
        for (part, layer) in parts(&layer).into_iter().enumerate() {
            weights.extend(layer.weights().into_iter().map(|weight| {
                let id = weight.variable.id();
                Weight {
                    path: paths.get(&id).cloned().unwrap_or_default(),
                    value: weight.variable.value(),
                    part,
                    trainable: trainable.contains(&id),
                }
            }));
        }
        LayerWeights { layer: layer.name().into(), weights }
    };
    model.layers().into_iter().map(collect).collect()
}

/// The layer itself or, of a model, its layers and those of models in it, without the models.
fn parts(layer: &LayerRef) -> Vec<LayerRef> {
    match Model::from_layer(layer) {
        Some(model) => model.layers().iter().flat_map(parts).collect(),
        None => vec![layer.clone()],
    }
}

/// The weights by their names in files: their paths without the model's own name, which is another one in each process
/// unless it was given. A name that appears twice gets a number.
pub fn named(model: &Model) -> Vec<(String, glorot_nn::Weight)> {
    let own = format!("{}/", model.name());
    let mut used: HashMap<String, usize> = HashMap::new();
    let mut unique = |path: String| {
        let path = path.strip_prefix(&own).map(str::to_owned).unwrap_or(path);
        let count = used.entry(path.clone()).and_modify(|count| *count += 1).or_insert(0);
        if *count == 0 { path } else { format!("{path}_{count}") }
    };
    model.weights().into_iter().zip(model.weight_paths()).map(|(weight, path)| (unique(path), weight)).collect()
}

/// Values by their names in files.
pub fn named_values(model: &Model) -> Vec<(String, Tensor)> {
    named(model).into_iter().map(|(name, weight)| (name, weight.variable.value())).collect()
}
