use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::{Activation, layer};
use crate::config::Options;
use crate::error::Result;

/// `x` where positive, else `alpha (exp(x) - 1)` (Clevert et al., 2015). Default: alpha 1.
pub struct Elu {
    pub alpha: f64,
}

impl Elu {
    pub(crate) fn read(options: &mut Options) -> Result<Elu> {
        Ok(Elu { alpha: options.float("alpha", 1.0)? })
    }

    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Activation>> {
        Ok(Rc::new(Elu::read(options)?))
    }
}

impl Activation for Elu {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.elu(self.alpha)?)
    }

    fn to_json(&self) -> Value {
        if self.alpha == 1.0 { "elu".into() } else { layer("ELU", json!({ "alpha": self.alpha })) }
    }
}
