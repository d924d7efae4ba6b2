use glorot_graph::Sym;

use super::merge::{Merge, fold};
use crate::error::Result;

/// `(a + b + …) / n` of `n` inputs (two or more) of equal or broadcastable shapes.
#[derive(Default)]
pub struct Average;

impl Merge for Average {
    const CLASS: &'static str = "Average";

    fn merge(inputs: &[Sym]) -> Result<Sym> {
        Ok(fold(inputs, Sym::add)?.div_scalar(inputs.len() as f64)?)
    }
}
