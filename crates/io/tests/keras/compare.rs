//! Comparing weights.

use glorot_io::keras::LayerWeights;
use glorot_tensor::Tensor;

pub fn values(layers: &[LayerWeights]) -> Vec<&Tensor> {
    layers.iter().flat_map(|layer| &layer.weights).map(|weight| &weight.value).collect()
}

pub fn assert_same(name: &str, found: &[&Tensor], wanted: &[Tensor]) {
    assert_eq!(found.len(), wanted.len(), "{name}: number of tensors");
    for (index, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert_eq!(found.shape(), wanted.shape(), "{name}: shape of {index}");
        assert_eq!(found.to_f64(), wanted.to_f64(), "{name}: values of {index}");
    }
}
