//! The weights of Keras 3 (and of the zip format of Keras 2): a group for each layer, named by class and number, in which
//! `vars/0`, `vars/1`, … are the layer's own variables.

use std::collections::BTreeMap;

use glorot_tensor::Tensor;
use serde_json::Value;

use super::error::Problem;
use super::hdf5::{Group, Hdf5, join};
use super::slots::{Slot, slots};
use super::{LayerWeights, RESUME_GROUP, Weight};

/// Deeper than any model; a group that contains itself ends here.
const DEEPEST: usize = 64;

/// Every layer's variables, by group.
pub struct Tree {
    variables: BTreeMap<String, Vec<Tensor>>,
}

impl Tree {
    pub fn read(file: &Hdf5) -> Result<Tree, Problem> {
        let mut tree = Tree { variables: BTreeMap::new() };
        let mut left = file.most_objects();
        tree.visit(&file.root()?, 0, &mut left)?;
        Ok(tree)
    }

    fn visit(&mut self, group: &Group<'_>, depth: usize, left: &mut u64) -> Result<(), Problem> {
        if depth > DEEPEST || *left == 0 {
            return Err(Problem::Nesting(group.path().into()));
        }
        *left -= 1;
        for name in group.groups()? {
            let inner = group.group(&name)?;
            if name == "vars" {
                self.variables.insert(modern(group.path()), variables(&inner)?);
            } else if !(depth == 0 && ["metrics", RESUME_GROUP].contains(&name.as_str())) {
                self.visit(&inner, depth + 1, left)?;
            }
        }
        Ok(())
    }

    /// The optimizer's variables; `None` if there are none.
    pub fn take_optimizer(&mut self) -> Option<Vec<(String, Tensor)>> {
        let variables = self.variables.remove("optimizer").filter(|variables| !variables.is_empty())?;
        let numbered = variables.into_iter().enumerate();
        Some(numbered.map(|(index, value)| (format!("optimizer/vars/{index}"), value)).collect())
    }

    /// Gives the variables to the layers of a model configuration. With `strict`, variables of layers that the model does
    /// not have are an error.
    pub fn place(mut self, config: &Value, strict: bool) -> Result<Vec<LayerWeights>, Problem> {
        let mut layers = Vec::new();
        for slot in slots(config) {
            let mut weights = Vec::new();
            self.take(&slot, &mut weights);
            layers.push(LayerWeights { layer: slot.name, weights });
        }
        let left = self.variables.iter().find(|(group, values)| group.starts_with("layers/") && !values.is_empty());
        match left {
            Some((group, _)) if strict => Err(Problem::UnknownWeights(group.clone())),
            _ => Ok(layers),
        }
    }

    fn take(&mut self, slot: &Slot, weights: &mut Vec<Weight>) {
        let variables = self.variables.remove(&slot.group).unwrap_or_default();
        for (index, value) in variables.into_iter().enumerate() {
            weights.push(Weight { path: format!("{}/vars/{index}", slot.group), value, trainable: true });
        }
        for inner in &slot.inner {
            self.take(inner, weights);
        }
    }
}

/// Keras 2.13 called the list of layers after an attribute, and wrote Windows's separators.
fn modern(path: &str) -> String {
    path.replace('\\', "/").replace("_layer_checkpoint_dependencies", "layers")
}

fn variables(group: &Group<'_>) -> Result<Vec<Tensor>, Problem> {
    let names = group.datasets()?;
    // The names are numbers, and HDF5 lists 10 before 2.
    let mut numbers: Vec<usize> = names.iter().filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable();
    if numbers.len() != names.len() || numbers.iter().enumerate().any(|(index, &number)| index != number) {
        let (group, last) = (group.path().into(), names.len().saturating_sub(1));
        return Err(Problem::Numbering { group, found: names, last });
    }
    numbers.iter().map(|number| group.tensor(&number.to_string())).collect()
}

/// The weights as groups and numbers. Weights in the order of the model.
pub fn arrange(config: &Value, layers: &[LayerWeights]) -> Result<Vec<(String, Tensor)>, String> {
    let mut arranged = Vec::new();
    for slot in slots(config) {
        let weights = layers.iter().find(|layer| layer.layer == slot.name).map_or(&[][..], |layer| &layer.weights);
        let rest = give(&slot, weights, &mut arranged);
        if let Some(weight) = rest.first() {
            return Err(format!("weight '{}' belongs to no layer of the configuration", weight.path));
        }
    }
    let known = slots(config);
    match layers.iter().find(|layer| !layer.weights.is_empty() && known.iter().all(|slot| slot.name != layer.layer)) {
        Some(layer) => Err(format!("layer '{}' is not in the configuration", layer.layer)),
        None => Ok(arranged),
    }
}

/// Gives a layer its weights, which come first; returns the others.
fn give<'a>(slot: &Slot, weights: &'a [Weight], arranged: &mut Vec<(String, Tensor)>) -> &'a [Weight] {
    if !slot.inner.is_empty() {
        return slot.inner.iter().fold(weights, |rest, inner| give(inner, rest, arranged));
    }
    let mut own = 0;
    for weight in weights {
        let layer = weight.path.rsplit_once('/').map_or("", |(layer, _)| layer);
        let mine = layer == slot.name || layer.ends_with(&format!("/{}", slot.name));
        // The same path again is a weight of a layer of the same name in another model.
        if !mine || weights[..own].iter().any(|other| other.path == weight.path) {
            break;
        }
        arranged.push((join(&slot.group, &format!("vars/{own}")), weight.value.clone()));
        own += 1;
    }
    &weights[own..]
}
