use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;
use crate::regularizers::{L1L2, Regularizer};

/// The identity, which adds `l1 * sum(|x|) + l2 * sum(x^2)`, divided by the number of samples, to the loss. Defaults: 0.
pub struct ActivityRegularization {
    regularizer: L1L2,
}

impl FromOptions for ActivityRegularization {
    const CLASS: &'static str = "ActivityRegularization";

    fn from_options(options: &mut Options) -> Result<ActivityRegularization> {
        Ok(ActivityRegularization { regularizer: L1L2::read(options)? })
    }
}

impl Layer for ActivityRegularization {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "l1": self.regularizer.l1, "l2": self.regularizer.l2 }))
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        // Per sample, so that the batch size does not change its strength.
        let samples = x.shape().first().copied().unwrap_or(1);
        ctx.add_loss(self.regularizer.penalty(&x)?.div_scalar(samples as f64)?);
        Ok(vec![x])
    }

    fn passes_mask(&self) -> bool {
        true
    }
}
