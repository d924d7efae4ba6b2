use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, axis, function};
use crate::config::Options;
use crate::error::Result;

/// `x - log(sum(exp(x)))` along an axis, without overflow. Default: the last axis.
pub struct LogSoftmax {
    pub axis: i64,
}

impl LogSoftmax {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        Ok(Rc::new(LogSoftmax { axis: options.int("axis", -1)? }))
    }
}

impl Activation for LogSoftmax {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let axis = axis("log_softmax", self.axis, x)?;
        // The result does not depend on the shift, so neither does the gradient.
        let shifted = x.sub(&x.max(&[axis], true)?.stop_gradient()?)?;
        Ok(shifted.sub(&shifted.exp()?.sum(&[axis], true)?.log()?)?)
    }

    fn to_json(&self) -> Value {
        if self.axis == -1 { "log_softmax".into() } else { function("log_softmax", json!({ "axis": self.axis })) }
    }
}
