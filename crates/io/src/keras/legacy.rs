//! The `.h5` layout of Keras 1 to 3: attributes list the layers and their weights, in order.

use glorot_tensor::Tensor;

use super::error::Problem;
use super::hdf5::Group;
use super::{LayerWeights, RESUME_GROUP, Weight};

/// The weights of the layers that the attribute `layer_names` lists.
pub fn layers(group: &Group<'_>) -> Result<Vec<LayerWeights>, Problem> {
    let mut layers = Vec::new();
    for layer in group.names("layer_names")? {
        let inner = group.group(&layer)?;
        let weights = named(&inner)?.into_iter();
        let weights = weights.map(|(path, value)| Weight { path, value, part: 0, trainable: true }).collect();
        layers.push(LayerWeights { layer, weights });
    }
    Ok(layers)
}

/// The optimizer's variables; `None` if the file has none.
pub fn optimizer(root: &Group<'_>) -> Result<Option<Vec<(String, Tensor)>>, Problem> {
    let own = root.find(RESUME_GROUP)?.map(|group| group.find("optimizer")).transpose()?.flatten();
    let Some(group) = own.map_or_else(|| root.find("optimizer_weights"), |own| Ok(Some(own)))? else { return Ok(None) };
    // Keras leaves the group empty for an optimizer that has not been used.
    if !group.has("weight_names")? { Ok(None) } else { named(&group).map(Some) }
}

/// The arrays that the attribute `weight_names` lists.
fn named(group: &Group<'_>) -> Result<Vec<(String, Tensor)>, Problem> {
    let names = group.names("weight_names")?.into_iter();
    names.map(|name| group.tensor(&name).map(|value| (name, value))).collect()
}
