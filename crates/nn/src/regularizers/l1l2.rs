use std::rc::Rc;

use glorot_graph::Sym;
use serde_json::{Value, json};

use super::Regularizer;
use crate::config::Options;
use crate::error::Result;

/// `l1 * sum(|w|) + l2 * sum(w^2)`. `L1` and `L2` are the cases with one of the terms; their factor is 0.01 by default,
/// those of `L1L2` are 0.
pub struct L1L2 {
    pub l1: f64,
    pub l2: f64,
    class: &'static str,
}

impl L1L2 {
    pub(crate) fn read(options: &mut Options) -> Result<L1L2> {
        let (l1, l2) = (factor(options, "l1", 0.0)?, factor(options, "l2", 0.0)?);
        Ok(L1L2 { l1, l2, class: "L1L2" })
    }

    pub(super) fn from_options(options: &mut Options) -> Result<Rc<dyn Regularizer>> {
        Ok(Rc::new(L1L2::read(options)?))
    }

    pub(super) fn l1_from_options(options: &mut Options) -> Result<Rc<dyn Regularizer>> {
        Ok(Rc::new(L1L2 { l1: factor(options, "l1", 0.01)?, l2: 0.0, class: "L1" }))
    }

    pub(super) fn l2_from_options(options: &mut Options) -> Result<Rc<dyn Regularizer>> {
        Ok(Rc::new(L1L2 { l1: 0.0, l2: factor(options, "l2", 0.01)?, class: "L2" }))
    }
}

fn factor(options: &mut Options, name: &'static str, default: f64) -> Result<f64> {
    let factor = options.float(name, default)?;
    options.check(name, factor, factor >= 0.0 && factor.is_finite(), "at least 0 and finite")?;
    Ok(factor)
}

impl Regularizer for L1L2 {
    fn penalty(&self, weight: &Sym) -> Result<Sym> {
        let absolute = || weight.abs()?.sum_all()?.mul_scalar(self.l1);
        let squared = || weight.square()?.sum_all()?.mul_scalar(self.l2);
        match (self.l1 != 0.0, self.l2 != 0.0) {
            (true, true) => Ok(absolute()?.add(&squared()?)?),
            (true, false) => Ok(absolute()?),
            (false, true) => Ok(squared()?),
            (false, false) => Ok(weight.tracer().scalar(0.0)),
        }
    }

    fn to_json(&self) -> Value {
        let config = match self.class {
            "L1" => json!({ "l1": self.l1 }),
            "L2" => json!({ "l2": self.l2 }),
            _ => json!({ "l1": self.l1, "l2": self.l2 }),
        };
        json!({ "module": "keras.regularizers", "class_name": self.class, "config": config, "registered_name": null })
    }
}
