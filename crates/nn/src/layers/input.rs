use glorot_graph::Sym;
use glorot_tensor::DType;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// The most elements of a sample.
const MAX_ELEMENTS: usize = 1 << 31;

/// Where data enters a model. Options: `shape` without the batch axis (or `batch_shape` with it), `batch_size` (default:
/// any; batches of other lengths are taken too), `dtype` (default float32) that the model sees; data of another dtype is converted.
pub struct InputLayer {
    /// The shape, batch axis included; `None` is any length.
    pub shape: Vec<Option<usize>>,
    pub dtype: DType,
}

impl FromOptions for InputLayer {
    const CLASS: &'static str = "InputLayer";

    fn from_options(options: &mut Options) -> Result<InputLayer> {
        let shape = options.optional_shape("shape")?;
        let with_batch = support::input_shape(options)?;
        let batch = with_batch.as_ref().and_then(|shape| shape.first().copied()).flatten();
        let shape = shape.map(|shape| std::iter::once(batch).chain(shape).collect()).or(with_batch);
        let shape: Vec<Option<usize>> =
            shape.ok_or_else(|| options.missing("shape", "the shape of one sample: [28, 28]"))?;
        if let Some(axis) = (1..shape.len()).find(|&axis| shape[axis].is_none()) {
            return Err(options.error(format!("the length of axis {axis} must be known; received {}", json!(shape))));
        }
        let elements = shape.iter().flatten().try_fold(1usize, |product, &dim| product.checked_mul(dim));
        if elements.is_none_or(|elements| elements > MAX_ELEMENTS) {
            let message = format!("a sample of shape {} has more than {MAX_ELEMENTS} elements", json!(shape));
            return Err(options.error(message));
        }
        let name = match options.value("dtype")? {
            Some(value) => value.pointer("/config/name").unwrap_or(&value).as_str().unwrap_or_default().to_string(),
            None => "float32".into(),
        };
        let dtype = DType::from_name(&name).ok_or_else(|| {
            options.error(format!("option 'dtype' must be float32, int32, uint8 or bool; received '{name}'"))
        })?;
        options.unsupported(&["sparse", "ragged", "optional"])?;
        Ok(InputLayer { shape, dtype })
    }
}

impl Layer for InputLayer {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let dtype = self.dtype.name();
        entries(json!({ "batch_shape": self.shape, "dtype": dtype, "sparse": false, "ragged": false }))
    }

    /// Keras refuses `trainable` here.
    fn serialized_config(&self, name: &str, _: bool) -> Map<String, Value> {
        let mut config = self.config();
        config.extend(entries(json!({ "name": name, "optional": false })));
        config
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        Ok(inputs.to_vec())
    }
}
