//! Weights of a file become those of a model.

use std::collections::{HashMap, HashSet};

use glorot_io::keras::{LayerWeights, WeightOrder};
use glorot_nn::model::Model;
use glorot_nn::{LayerRef, Variable};
use glorot_tensor::Tensor;

use crate::error::{Failure, Result, code};

/// How layers are found, and what happens to weights that do not fit.
#[derive(Clone, Copy)]
pub struct Assign {
    pub order: WeightOrder,
    pub by_name: bool,
    pub skip_mismatch: bool,
    /// Take weights that are NaN.
    pub allow_nan: bool,
}

impl Assign {
    /// Assigns all or, at an error, nothing. Returns what was skipped.
    pub fn assign(&self, model: &Model, layers: &[LayerWeights]) -> Result<Vec<String>> {
        let targets: Vec<LayerRef> = model.layers().into_iter().filter(|layer| !layer.weights().is_empty()).collect();
        let sources: Vec<&LayerWeights> = layers.iter().filter(|layer| !layer.weights.is_empty()).collect();
        let names = || (list(sources.iter().map(|source| &*source.layer)), list(targets.iter().map(LayerRef::name)));
        let pairs: Vec<(&LayerRef, &LayerWeights)> = if self.by_name {
            let by_name: HashMap<&str, &LayerWeights> =
                sources.iter().map(|&source| (source.layer.as_str(), source)).collect();
            let pairs: Vec<_> =
                targets.iter().filter_map(|target| Some((target, *by_name.get(target.name())?))).collect();
            if pairs.is_empty() && !targets.is_empty() {
                let (file, model) = names();
                return Err(mismatch(format!(
                    "byName: no layer has the same name in the file ({file}) and in the model ({model})"
                )));
            }
            pairs
        } else {
            if sources.len() != targets.len() && !self.skip_mismatch {
                let (file, names) = names();
                return Err(mismatch(format!(
                    "the file has weights of {} layers ({file}), model '{}' has {} layers with weights ({names}); load \
                     with byName or skipMismatch, or build the model that was saved",
                    sources.len(),
                    model.name(),
                    targets.len()
                )));
            }
            targets.iter().zip(sources).collect()
        };
        let mut end =
            Assignments { skip_mismatch: self.skip_mismatch, allow_nan: self.allow_nan, ..Assignments::default() };
        for (target, source) in pairs {
            end.add(self.layer(target, source))?;
        }
        end.run()
    }

    fn layer(&self, target: &LayerRef, source: &LayerWeights) -> Fits {
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

/// `a, b, c and 4 more`.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let names: Vec<&str> = names.collect();
    match names.len() {
        0 => "none".into(),
        count if count > SHOWN => format!("{} and {} more", names[..SHOWN].join(", "), count - SHOWN),
        _ => names.join(", "),
    }
}

/// New values, or why they do not fit.
type Fits = std::result::Result<Vec<(Variable, Tensor)>, String>;

/// New values that are assigned together.
#[derive(Default)]
struct Assignments {
    skip_mismatch: bool,
    allow_nan: bool,
    values: Vec<(Variable, Tensor)>,
    skipped: Vec<String>,
}

impl Assignments {
    fn add(&mut self, values: Fits) -> Result<()> {
        match values {
            Ok(values) => self.values.extend(values),
            Err(message) if self.skip_mismatch => self.skipped.push(message),
            Err(message) => return Err(mismatch(message)),
        }
        Ok(())
    }

    /// Returns what was skipped.
    fn run(self) -> Result<Vec<String>> {
        for (variable, value) in self.values.iter().filter(|_| !self.allow_nan) {
            let Ok(values) = value.as_f32() else { continue };
            let count = values.iter().filter(|value| value.is_nan()).count();
            if count > 0 {
                let (path, all) = (variable.path(), values.len());
                return Err(mismatch(format!(
                    "weight '{path}': {count} of {all} values are NaN; give allowNaN: true to load them all the same"
                )));
            }
        }
        for (variable, value) in self.values {
            variable.assign(value)?;
        }
        Ok(self.skipped)
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

fn mismatch(message: String) -> Failure {
    Failure::Coded(code::INVALID, message)
}

/// How tensors with names of their own become weights.
pub struct AssignNamed<'a> {
    /// Take those whose names are the model's, and leave the other weights alone.
    pub by_name: bool,
    pub skip_mismatch: bool,
    pub allow_nan: bool,
    /// The names in the order of the model that was saved, if the file says it.
    pub order: Option<&'a [String]>,
}

impl AssignNamed<'_> {
    /// Assigns all or, at an error, nothing. Returns what was skipped.
    pub fn assign(&self, model: &Model, tensors: &[(String, Tensor)]) -> Result<Vec<String>> {
        let targets = super::collect::named(model);
        let sources: HashMap<&str, &Tensor> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let known: HashSet<&str> = targets.iter().map(|(name, _)| name.as_str()).collect();
        let missing: Vec<&str> = known.iter().copied().filter(|name| !sources.contains_key(name)).collect();
        let unknown: Vec<&str> = sources.keys().copied().filter(|name| !known.contains(name)).collect();
        let complete = missing.is_empty() && unknown.is_empty();
        // Layers that were given no names are numbered, and so have others in another program.
        let order = self.order.filter(|order| {
            !complete
                && !self.by_name
                && order.len() == targets.len()
                && order.iter().all(|name| sources.contains_key(&**name))
        });
        if order.is_none() && !self.by_name && !self.skip_mismatch && !complete {
            let sorted = |mut names: Vec<&str>| {
                names.sort_unstable();
                list(names.into_iter())
            };
            return Err(mismatch(format!(
                "the file does not fit model '{}': weights that it does not have: {}; tensors that the model does not \
                 have: {}; load with byName or skipMismatch to take those that fit",
                model.name(),
                sorted(missing),
                sorted(unknown)
            )));
        }
        if self.by_name && missing.len() == known.len() && !known.is_empty() {
            let (file, model) = (list(unknown.into_iter()), list(missing.into_iter()));
            return Err(mismatch(format!(
                "byName: no weight has the same name in the file ({file}) and in the model ({model})"
            )));
        }
        let mut end =
            Assignments { skip_mismatch: self.skip_mismatch, allow_nan: self.allow_nan, ..Assignments::default() };
        for (number, (name, weight)) in targets.into_iter().enumerate() {
            let source = order.map_or(name.as_str(), |order| &order[number]);
            let layer = name.rsplit_once('/').map_or(model.name(), |(layer, _)| layer);
            match sources.get(source) {
                Some(value) => end.add(fit(layer, weight.variable, source, value).map(|value| vec![value]))?,
                None if self.by_name => {}
                None => end.add(Err(format!("layer '{layer}': weight '{name}' is not in the file")))?,
            }
        }
        end.run()
    }
}
