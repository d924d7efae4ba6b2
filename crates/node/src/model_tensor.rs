//! Symbolic tensors of models under construction.

use glorot_nn::model;
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;

use crate::config::parse;
use crate::error::Result;
use crate::layer::Layer;

/// A tensor of a model under construction: what `input()` gives, and what layers give that are called on one.
#[napi]
pub struct ModelTensor {
    tensor: model::ModelTensor,
}

impl ModelTensor {
    pub fn of(tensor: model::ModelTensor) -> ModelTensor {
        ModelTensor { tensor }
    }

    pub fn tensor(&self) -> &model::ModelTensor {
        &self.tensor
    }
}

#[napi]
impl ModelTensor {
    /// The input of a model; options as JSON.
    #[napi(factory, catch_unwind)]
    pub fn input(json: String) -> Result<ModelTensor> {
        Ok(ModelTensor::of(model::input(&parse(&json)?)?))
    }

    /// Lengths of the axes, the batch first; `null` is any length.
    #[napi(getter, catch_unwind)]
    pub fn shape(&self) -> Vec<Option<u32>> {
        dims(self.tensor.shape())
    }

    #[napi(getter, catch_unwind, ts_return_type = "'float32' | 'int32' | 'uint8' | 'bool'")]
    pub fn dtype(&self) -> &'static str {
        self.tensor.dtype().name()
    }

    /// The layer that gives it.
    #[napi(catch_unwind)]
    pub fn layer(&self) -> Layer {
        Layer::of(self.tensor.layer().clone())
    }
}

/// A shape with axes of any length as JavaScript numbers.
pub fn dims(shape: &[Option<usize>]) -> Vec<Option<u32>> {
    shape.iter().map(|dim| dim.map(|dim| dim as u32)).collect()
}

/// The tensors of JavaScript objects.
pub fn tensors(tensors: &[ClassInstance<'_, ModelTensor>]) -> Vec<model::ModelTensor> {
    tensors.iter().map(|tensor| tensor.tensor.clone()).collect()
}
