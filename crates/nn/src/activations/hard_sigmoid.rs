use glorot_graph::Sym;
use serde_json::Value;

use super::{Activation, Relu6};
use crate::error::Result;

/// `relu6(x + 3) / 6`: 0 up to -3, 1 from 3 on, a line between them. Its derivative at both kinks is 0. (Keras 2 had
/// `0.2 x + 0.5` between 0 and 1.)
pub struct HardSigmoid;

impl Activation for HardSigmoid {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(Relu6.apply(&x.add_scalar(3.0)?)?.div_scalar(6.0)?)
    }

    fn to_json(&self) -> Value {
        "hard_sigmoid".into()
    }
}
