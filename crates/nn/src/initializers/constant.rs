use std::rc::Rc;

use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value, json};

use super::{Initializer, entries, serialized};
use crate::config::Options;
use crate::error::Result;

/// All elements have one value. Default 0.
pub struct Constant {
    pub value: f64,
}

impl Constant {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Initializer>> {
        Ok(Rc::new(Constant { value: options.float("value", 0.0)? }))
    }
}

impl Initializer for Constant {
    fn initialize(&self, shape: &Shape, dtype: DType) -> Result<Tensor> {
        Ok(Tensor::from_f64(shape.clone(), dtype, &vec![self.value; shape.numel()])?)
    }

    fn to_json(&self) -> Value {
        serialized("Constant", entries(json!({ "value": self.value })))
    }
}
