use glorot_graph::Sym;

use super::merge::{Merge, fold};
use crate::error::Result;

/// The smallest element at each place of two or more inputs of equal or broadcastable shapes.
#[derive(Default)]
pub struct Minimum;

impl Merge for Minimum {
    const CLASS: &'static str = "Minimum";

    fn merge(inputs: &[Sym]) -> Result<Sym> {
        fold(inputs, Sym::minimum)
    }
}
