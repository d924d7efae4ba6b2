use glorot_graph::Sym;

use super::merge::{Merge, fold};
use crate::error::Result;

/// `a · b · …`, element by element, of two or more inputs of equal or broadcastable shapes.
#[derive(Default)]
pub struct Multiply;

impl Merge for Multiply {
    const CLASS: &'static str = "Multiply";

    fn merge(inputs: &[Sym]) -> Result<Sym> {
        fold(inputs, Sym::mul)
    }
}
