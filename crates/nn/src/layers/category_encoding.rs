use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::categories::Encoding;
use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::Result;
use crate::layer::Layer;

/// Integers from 0 to `num_tokens - 1` as numbers that dense layers can use. `output_mode`: `multi_hot` (default),
/// `one_hot` or `count`; see [`Encoding`]. Integers out of range become zeros where they are computed; where they are
/// inputs of a model they are errors.
pub struct CategoryEncoding {
    num_tokens: usize,
    encoding: Encoding,
}

impl FromOptions for CategoryEncoding {
    const CLASS: &'static str = "CategoryEncoding";

    fn from_options(options: &mut Options) -> Result<CategoryEncoding> {
        let num_tokens = options.positive("num_tokens")?;
        options.check("num_tokens", num_tokens, num_tokens <= i32::MAX as usize, "less than 2^31")?;
        Ok(CategoryEncoding { num_tokens, encoding: Encoding::read(options, Encoding::MultiHot)? })
    }
}

impl Layer for CategoryEncoding {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "num_tokens": self.num_tokens, "output_mode": self.encoding.word() }))
    }

    fn table_rows(&self) -> Option<usize> {
        Some(self.num_tokens)
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        Ok(vec![self.encoding.apply(support::single(inputs)?, self.num_tokens)?])
    }
}
