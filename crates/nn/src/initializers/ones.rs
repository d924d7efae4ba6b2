use std::rc::Rc;

use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Map, Value};

use super::{Initializer, serialized};
use crate::config::Options;
use crate::error::Result;

/// All elements are 1.
pub struct Ones;

impl Ones {
    pub(super) fn from_options(_: &mut Options) -> Result<Rc<dyn Initializer>> {
        Ok(Rc::new(Ones))
    }
}

impl Initializer for Ones {
    fn initialize(&self, shape: &Shape, dtype: DType) -> Result<Tensor> {
        Ok(Tensor::from_f64(shape.clone(), dtype, &vec![1.0; shape.numel()])?)
    }

    fn to_json(&self) -> Value {
        serialized("Ones", Map::new())
    }
}
