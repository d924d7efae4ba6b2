use glorot_graph::Sym;
use serde_json::Value;

use super::{Activation, HardSigmoid};
use crate::error::Result;

/// `x hard_sigmoid(x)`, also called hard swish (Howard et al., 2019).
pub struct HardSilu;

impl Activation for HardSilu {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.mul(&HardSigmoid::DEFAULT.apply(x)?)?)
    }

    fn to_json(&self) -> Value {
        "hard_silu".into()
    }
}
