use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, axis, function};
use crate::config::Options;
use crate::error::{Error, Result};

/// Gated linear unit: the first half along an axis times the sigmoid of the second (Dauphin et al., 2017). The axis,
/// whose length must be even, is half as long in the result. Default: the last axis.
pub struct Glu {
    pub axis: i64,
}

impl Glu {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        Ok(Rc::new(Glu { axis: options.int("axis", -1)? }))
    }
}

impl Activation for Glu {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let axis = axis("glu", self.axis, x)?;
        let mut size = x.shape().to_vec();
        if !size[axis].is_multiple_of(2) {
            let (length, shape) = (size[axis], x.shape());
            let message =
                format!("expected an axis of even length to halve, received {length} (input of shape {shape})");
            return Err(Error::config("glu", message));
        }
        size[axis] /= 2;
        let first = vec![0; size.len()];
        let mut second = first.clone();
        second[axis] = size[axis];
        Ok(x.slice(&first, &size)?.mul(&x.slice(&second, &size)?.sigmoid()?)?)
    }

    fn to_json(&self) -> Value {
        if self.axis == -1 { "glu".into() } else { function("glu", json!({ "axis": self.axis })) }
    }
}
