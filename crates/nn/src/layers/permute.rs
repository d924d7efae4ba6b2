use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// Puts the axes of each sample into another order: `dims` names for each axis of the output that of the input, counted
/// from 1 (axis 0 is the batch, which stays). `dims` `[2, 1]` swaps the axes of `[batch, 3, 5]`. Any dtype.
pub struct Permute {
    dims: Vec<usize>,
}

impl FromOptions for Permute {
    const CLASS: &'static str = "Permute";

    fn from_options(options: &mut Options) -> Result<Permute> {
        let dims = options.optional_ints("dims")?;
        let dims = dims.ok_or_else(|| options.missing("dims", "the new order, as [2, 1]"))?;
        let mut sorted = dims.clone();
        sorted.sort_unstable();
        let fits = sorted.iter().copied().eq(1..=dims.len() as i64);
        options.check("dims", json!(dims), fits, "a list of the axes from 1 on, each once")?;
        Ok(Permute { dims: dims.iter().map(|&dim| dim as usize).collect() })
    }
}

impl Layer for Permute {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "dims": self.dims }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::single(inputs)?;
        if x.rank() != self.dims.len() + 1 {
            return Err(Error::invalid(format!(
                "option 'dims' is {}, so inputs need {} axes after the batch; received shape {}",
                json!(self.dims),
                self.dims.len(),
                support::any_batch(&x.shape())
            )));
        }
        Ok(vec![x.transpose(&[&[0], &self.dims[..]].concat())?])
    }
}
