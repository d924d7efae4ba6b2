use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Constraint, serialized};
use crate::config::Options;
use crate::error::Result;

/// Replaces negative elements by 0.
pub struct NonNeg;

impl NonNeg {
    pub(super) fn from_options(_: &mut Options) -> Result<Rc<dyn Constraint>> {
        Ok(Rc::new(NonNeg))
    }
}

impl Constraint for NonNeg {
    fn project(&self, weight: &Sym) -> Result<Sym> {
        Ok(weight.relu()?)
    }

    fn to_json(&self) -> Value {
        serialized("NonNeg", json!({}))
    }
}
