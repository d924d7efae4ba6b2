use glorot_graph::Sym;
use glorot_tensor::Shape;
use serde_json::{Map, Value, json};

use super::{FromOptions, entries, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// Gives each sample another shape: `target_shape`, without the batch; one length may be -1, what is left of the
/// elements. Any dtype.
pub struct Reshape {
    target_shape: Vec<i64>,
}

impl FromOptions for Reshape {
    const CLASS: &'static str = "Reshape";

    fn from_options(options: &mut Options) -> Result<Reshape> {
        let target_shape = options.optional_ints("target_shape")?;
        let target_shape =
            target_shape.ok_or_else(|| options.missing("target_shape", "the shape of a sample: [28, 28]"))?;
        let fits =
            target_shape.iter().all(|&dim| dim >= -1) && target_shape.iter().filter(|&&dim| dim == -1).count() <= 1;
        options.check("target_shape", json!(target_shape), fits, "lengths of at least 0, at most one of them -1")?;
        Ok(Reshape { target_shape })
    }
}

impl Reshape {
    /// The shape of the output for an input of the given shape.
    fn resolve(&self, input: &Shape) -> Result<Vec<usize>> {
        let elements: usize = input.iter().skip(1).product();
        let known = self
            .target_shape
            .iter()
            .filter(|&&dim| dim >= 0)
            .try_fold(1usize, |product, &dim| product.checked_mul(usize::try_from(dim).ok()?));
        let inferred = known.filter(|&known| known > 0 && elements.is_multiple_of(known)).map(|known| elements / known);
        let has_inferred = self.target_shape.contains(&-1);
        if known != Some(elements) && !(has_inferred && inferred.is_some()) {
            return Err(Error::invalid(format!(
                "expected inputs of as many elements as option 'target_shape', {}, says; received shape {} with \
                 {elements} elements a sample",
                json!(self.target_shape),
                support::any_batch(input)
            )));
        }
        let batch = input.first().copied().unwrap_or(1);
        let dims = self.target_shape.iter().map(|&dim| usize::try_from(dim).unwrap_or(inferred.unwrap_or(1)));
        Ok(std::iter::once(batch).chain(dims).collect())
    }
}

impl Layer for Reshape {
    fn class_name(&self) -> &str {
        Self::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        entries(json!({ "target_shape": self.target_shape }))
    }

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let x = support::single(inputs)?;
        Ok(vec![x.reshape(self.resolve(&x.shape())?)?])
    }
}
