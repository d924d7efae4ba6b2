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
        tree.visit(&file.root(), 0, &mut left)?;
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

    /// Gives the variables to the layers of a model configuration. Also the groups of those that are left.
    pub fn divide(mut self, config: &Value) -> (Vec<LayerWeights>, Vec<String>) {
        let mut layers = Vec::new();
        for slot in slots(config) {
            let mut weights = Vec::new();
            self.take(&slot, &mut 0, &mut weights);
            layers.push(LayerWeights { layer: slot.name, weights });
        }
        let left = self.variables.into_iter();
        let left = left.filter(|(group, values)| group.starts_with("layers/") && !values.is_empty());
        (layers, left.map(|(group, _)| group).collect())
    }

    fn take(&mut self, slot: &Slot, part: &mut usize, weights: &mut Vec<Weight>) {
        let variables = self.variables.remove(&slot.group).unwrap_or_default();
        for (index, value) in variables.into_iter().enumerate() {
            let path = format!("{}/vars/{index}", slot.group);
            weights.push(Weight { path, value, part: *part, trainable: true });
        }
        if !slot.is_model {
            *part += 1;
        }
        for inner in &slot.inner {
            self.take(inner, part, weights);
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
    let known = slots(config);
    for layer in layers.iter().filter(|layer| !layer.weights.is_empty()) {
        let slot = known.iter().find(|slot| slot.name == layer.layer);
        let slot = slot.ok_or_else(|| format!("layer '{}' is not in the configuration", layer.layer))?;
        let parts = slot.parts();
        let mut used = vec![0; parts.len()];
        for weight in &layer.weights {
            let part = parts.get(weight.part);
            let part =
                part.ok_or_else(|| format!("weight '{}' belongs to no layer of the configuration", weight.path))?;
            let number = &mut used[weight.part];
            arranged.push((join(&part.group, &format!("vars/{number}")), weight.value.clone()));
            *number += 1;
        }
    }
    Ok(arranged)
}
