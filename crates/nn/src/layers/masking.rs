use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// Marks the steps of sequences `[batch, steps, features]` that count: those in which some feature differs from
/// `mask_value` (default 0). The others become 0, and layers and losses after this one leave them out, as far as they
/// heed masks.
pub struct Masking {
    mask_value: f64,
}

impl Masking {
    /// Which steps count, with the last axis kept.
    fn counts(&self, x: &Sym) -> Result<Sym> {
        if x.rank() < 2 {
            let message = format!("expected inputs of rank 2 or more ([batch, …, features]), received {}", x.shape());
            return Err(Error::invalid(message));
        }
        let differs = x.not_equal(&x.scalar_like(self.mask_value))?;
        let last = x.rank() - 1;
        let some = differs.cast(glorot_tensor::DType::F32)?.max(&[last], true)?;
        Ok(some.greater(&some.scalar_like(0.0))?)
    }
}

impl FromOptions for Masking {
    const CLASS: &'static str = "Masking";

    fn from_options(options: &mut Options) -> Result<Masking> {
        Ok(Masking { mask_value: options.float("mask_value", 0.0)? })
    }
}

impl Layer for Masking {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "mask_value": self.mask_value }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        Ok(vec![self.counts(&x)?.select(&x, &x.scalar_like(0.0))?])
    }

    fn output_mask(&self, _: &Context, inputs: &[Sym], _: &[Option<Sym>]) -> Result<Option<Sym>> {
        let x = support::to_float(support::single(inputs)?)?;
        let counts = self.counts(&x)?;
        let steps = counts.shape()[..x.rank() - 1].to_vec();
        Ok(Some(counts.reshape(steps)?))
    }
}
