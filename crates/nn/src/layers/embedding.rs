use glorot_graph::Sym;
use glorot_tensor::{DType, Shape};
use serde_json::{Map, Value, json};

use super::support::{WeightKeys, WeightOptions};
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::{Layer, WeightBuilder};
use crate::variable::Variable;

const EMBEDDINGS: WeightKeys = WeightKeys {
    initializer: "embeddings_initializer",
    regularizer: "embeddings_regularizer",
    constraint: "embeddings_constraint",
};

/// A trainable vector of `output_dim` numbers for each of the integers from 0 to `input_dim - 1`: `[batch, ...]` to
/// `[batch, ..., output_dim]`. Indices of float32 inputs are cut to integers; those out of range give NaN.
///
/// Weight: `embeddings [input_dim, output_dim]` (default: uniform in ±0.05). Its gradient is the sum, for each row, of
/// the gradients at the places that took it. With `mask_zero` (default false) index 0 is padding: layers and losses
/// after this one leave those places out, as far as they heed masks.
pub struct Embedding {
    input_dim: usize,
    output_dim: usize,
    mask_zero: bool,
    options: WeightOptions,
    embeddings: Option<Variable>,
}

impl FromOptions for Embedding {
    const CLASS: &'static str = "Embedding";

    fn from_options(options: &mut Options) -> Result<Embedding> {
        let embedding = Embedding {
            input_dim: options.positive("input_dim")?,
            output_dim: options.positive("output_dim")?,
            mask_zero: options.bool("mask_zero", false)?,
            options: WeightOptions::read(options, &EMBEDDINGS, "uniform")?,
            embeddings: None,
        };
        options.check("input_dim", embedding.input_dim, embedding.input_dim <= i32::MAX as usize, "less than 2^31")?;
        // Keras 2's: the length of the sequences.
        options.inert(&["input_length"])?;
        Ok(embedding)
    }
}

impl Layer for Embedding {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        let mut config = entries(json!({ "input_dim": self.input_dim, "output_dim": self.output_dim }));
        self.options.write(&EMBEDDINGS, &mut config);
        config.insert("mask_zero".into(), self.mask_zero.into());
        config
    }

    fn build(&mut self, weights: &mut WeightBuilder<'_>, inputs: &[Shape]) -> Result<()> {
        support::single(inputs)?;
        self.embeddings = Some(self.options.add(weights, "embeddings", [self.input_dim, self.output_dim])?);
        Ok(())
    }

    fn output_mask(&self, _: &Context, inputs: &[Sym], _: &[Option<Sym>]) -> Result<Option<Sym>> {
        if !self.mask_zero {
            return Ok(None);
        }
        let indices = support::single(inputs)?.cast(DType::I32)?;
        Ok(Some(indices.not_equal(&indices.scalar_like(0.0))?))
    }

    fn table_rows(&self) -> Option<usize> {
        Some(self.input_dim)
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let indices = support::single(inputs)?.cast(DType::I32)?;
        Ok(vec![ctx.read(support::built(&self.embeddings)?).gather(&indices)?])
    }
}
