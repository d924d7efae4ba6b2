use glorot_graph::Sym;
use serde_json::Value;

use super::Activation;
use crate::error::Result;

/// `log(sigmoid(x))`, computed as `-softplus(-x)`.
pub struct LogSigmoid;

impl Activation for LogSigmoid {
    fn apply(&self, x: &Sym) -> Result<Sym> {
        Ok(x.neg()?.softplus()?.neg()?)
    }

    fn to_json(&self) -> Value {
        "log_sigmoid".into()
    }
}
