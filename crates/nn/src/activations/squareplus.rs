use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, function};
use crate::config::Options;
use crate::error::Result;

/// `(x + sqrt(x^2 + b)) / 2` (Barron, 2021). Default: b 4; it must be greater than 0.
pub struct Squareplus {
    pub b: f64,
}

impl Squareplus {
    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        let b = options.float("b", 4.0)?;
        options.check("b", b, b > 0.0, "greater than 0")?;
        Ok(Rc::new(Squareplus { b }))
    }
}

impl Activation for Squareplus {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.add(&x.square()?.add_scalar(self.b)?.sqrt()?)?.mul_scalar(0.5)?)
    }

    fn to_json(&self) -> Value {
        if self.b == 4.0 { "squareplus".into() } else { function("squareplus", json!({ "b": self.b })) }
    }
}
