use std::rc::Rc;

use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value, json};

use super::{Initializer, entries, serialized};
use crate::config::Options;
use crate::error::{Error, Result};

/// `gain` on the diagonal of a matrix, square or not, and 0 elsewhere. Default: gain 1.
pub struct Identity {
    pub gain: f64,
}

impl Identity {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Initializer>> {
        Ok(Rc::new(Identity { gain: options.float("gain", 1.0)? }))
    }
}

impl Initializer for Identity {
    fn initialize(&self, shape: &Shape, dtype: DType) -> Result<Tensor> {
        let [rows, columns] = shape[..] else {
            return Err(Error::config("Identity", format!("expected a weight of rank 2, received shape {shape}")));
        };
        let mut values = vec![0.0; rows * columns];
        values.iter_mut().step_by(columns + 1).take(rows.min(columns)).for_each(|value| *value = self.gain);
        Ok(Tensor::from_f64(shape.clone(), dtype, &values)?)
    }

    fn to_json(&self) -> Value {
        // Keras reads the gain, though it does not write it.
        serialized("Identity", entries(json!({ "gain": self.gain })))
    }
}
