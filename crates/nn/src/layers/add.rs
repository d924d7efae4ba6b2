use glorot_graph::Sym;

use super::merge::{Merge, fold};
use crate::error::Result;

/// `a + b + …` of two or more inputs of equal or broadcastable shapes.
#[derive(Default)]
pub struct Add;

impl Merge for Add {
    const CLASS: &'static str = "Add";

    fn merge(inputs: &[Sym]) -> Result<Sym> {
        fold(inputs, Sym::add)
    }
}
