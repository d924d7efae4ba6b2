//! Weights of a file become those of a model.

use std::collections::{HashMap, HashSet};

use glorot_io::keras::{LayerWeights, WeightOrder};
use glorot_nn::model::Model;
use glorot_nn::{LayerRef, Variable};
use glorot_tensor::Tensor;

use super::collect::unique;
use crate::error::{Failure, Result, code};

/// How layers are found, and what happens to weights that do not fit.
pub struct Assign {
    pub order: WeightOrder,
    pub by_name: bool,
    pub skip_mismatch: bool,
}

impl Assign {
    /// Assigns all or, at an error, nothing. Returns what was skipped.
    pub fn assign(&self, model: &Model, layers: &[LayerWeights]) -> Result<Vec<String>> {
        let targets: Vec<LayerRef> = model.layers().into_iter().filter(|layer| !layer.weights().is_empty()).collect();
        let sources: Vec<&LayerWeights> = layers.iter().filter(|layer| !layer.weights.is_empty()).collect();
        let pairs: Vec<(&LayerRef, &LayerWeights)> = if self.by_name {
            let by_name: HashMap<&str, &LayerWeights> =
                sources.iter().map(|&source| (source.layer.as_str(), source)).collect();
            targets.iter().filter_map(|target| Some((target, *by_name.get(target.name())?))).collect()
        } else {
            if sources.len() != targets.len() && !self.skip_mismatch {
                return Err(mismatch(format!(
                    "the file has weights of {} layers, model '{}' has {} layers with weights; load with byName or \
                     skipMismatch, or build the model that was saved",
                    sources.len(),
                    model.name(),
                    targets.len()
                )));
            }
            targets.iter().zip(sources).collect()
        };
        let mut skipped = Vec::new();
        let mut assignments = Vec::new();
        for (target, source) in pairs {
            match self.layer(target, source) {
                Ok(values) => assignments.extend(values),
                Err(message) if self.skip_mismatch => skipped.push(message),
                Err(message) => return Err(mismatch(message)),
            }
        }
        for (variable, value) in assignments {
            variable.assign(value)?;
        }
        Ok(skipped)
    }

    fn layer(&self, target: &LayerRef, source: &LayerWeights) -> std::result::Result<Vec<(Variable, Tensor)>, String> {
        let variables = ordered(target, self.order);
        if variables.len() != source.weights.len() {
            let (name, expected, received) = (target.name(), variables.len(), source.weights.len());
            return Err(format!(
                "layer '{name}': expected {expected} weights, the file has {received} for its layer '{}'",
                source.layer
            ));
        }
        let pairs = variables.into_iter().zip(&source.weights);
        pairs.map(|(variable, weight)| fit(target.name(), variable, &weight.path, &weight.value)).collect()
    }
}

/// The variables of a layer in the order of a file.
fn ordered(layer: &LayerRef, order: WeightOrder) -> Vec<Variable> {
    let variables = |weights: Vec<glorot_nn::Weight>| -> Vec<Variable> {
        let mut seen = HashSet::new();
        weights.into_iter().map(|weight| weight.variable).filter(|variable| seen.insert(variable.id())).collect()
    };
    let all = variables(layer.weights());
    match order {
        WeightOrder::Model => all,
        WeightOrder::TrainableFirst => {
            let first = variables(layer.trainable_weights());
            let rest = all.into_iter().filter(|variable| !first.contains(variable)).collect::<Vec<_>>();
            first.into_iter().chain(rest).collect()
        }
    }
}

fn fit(layer: &str, variable: Variable, path: &str, value: &Tensor) -> std::result::Result<(Variable, Tensor), String> {
    let spec = variable.spec();
    if spec.shape != *value.shape() {
        let (name, expected, received) = (variable.name(), &spec.shape, value.shape());
        return Err(format!("layer '{layer}', weight '{name}': expected shape {expected}, '{path}' has {received}"));
    }
    let value = if spec.dtype == value.dtype() {
        value.clone()
    } else {
        Tensor::from_f64(value.shape().clone(), spec.dtype, &value.to_f64()).map_err(|error| error.to_string())?
    };
    Ok((variable, value))
}

/// Assigns tensors whose names are the model's weight paths.
pub fn named(model: &Model, tensors: &[(String, Tensor)], skip_mismatch: bool) -> Result<Vec<String>> {
    let tensors: HashMap<&str, &Tensor> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let mut used = HashMap::new();
    let (mut skipped, mut assignments) = (Vec::new(), Vec::new());
    for (weight, path) in model.weights().into_iter().zip(model.weight_paths()) {
        let path = unique(&mut used, path);
        let found = tensors.get(path.as_str()).ok_or_else(|| format!("weight '{path}' is not in the file"));
        match found.and_then(|value| fit(model.name(), weight.variable, &path, value)) {
            Ok(assignment) => assignments.push(assignment),
            Err(message) if skip_mismatch => skipped.push(message),
            Err(message) => return Err(mismatch(message)),
        }
    }
    for (variable, value) in assignments {
        variable.assign(value)?;
    }
    Ok(skipped)
}

fn mismatch(message: String) -> Failure {
    Failure::Coded(code::INVALID, message)
}
