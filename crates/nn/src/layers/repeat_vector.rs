use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// Repeats each sample `n` times (at least 1): `[batch, features]` to `[batch, n, features]`. Any dtype.
pub struct RepeatVector {
    n: usize,
}

impl FromOptions for RepeatVector {
    const CLASS: &'static str = "RepeatVector";

    fn from_options(options: &mut Options) -> Result<RepeatVector> {
        Ok(RepeatVector { n: options.positive("n")? })
    }
}

impl Layer for RepeatVector {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "n": self.n }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::single(inputs)?;
        let shape = x.shape();
        let [batch, features] = shape[..] else {
            let message =
                format!("expected inputs of shape [batch, features], received {}", support::any_batch(&shape));
            return Err(Error::invalid(message));
        };
        Ok(vec![x.reshape([batch, 1, features])?.broadcast_to([batch, self.n, features])?])
    }
}
