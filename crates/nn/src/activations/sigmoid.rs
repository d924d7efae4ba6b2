use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// `1 / (1 + exp(-x))`. A crossentropy of its result starts from `x`.
pub struct Sigmoid;

impl Activation for Sigmoid {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        let probabilities = x.sigmoid()?;
        probabilities.remember_logits(x);
        Ok(probabilities)
    }

    fn to_json(&self) -> Value {
        "sigmoid".into()
    }
}
