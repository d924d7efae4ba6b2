use std::rc::Rc;

use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Map, Value};

use super::{Initializer, serialized};
use crate::config::Options;
use crate::error::Result;

/// All elements are 0.
pub struct Zeros;

impl Zeros {
    pub(super) fn from_options(_: &mut Options) -> Result<Rc<dyn Initializer>> {
        Ok(Rc::new(Zeros))
    }
}

impl Initializer for Zeros {
    fn initialize(&self, shape: &Shape, dtype: DType) -> Result<Tensor> {
        Ok(Tensor::zeros(shape.clone(), dtype))
    }

    fn to_json(&self) -> Value {
        serialized("Zeros", Map::new())
    }
}
