use glorot_graph::Sym;

use super::merge::{Merge, fold, fold_counted};
use crate::error::Result;

/// The smallest element at each place of two or more inputs of equal or broadcastable shapes.
#[derive(Default)]
pub struct Minimum;

impl Merge for Minimum {
    const CLASS: &'static str = "Minimum";

    fn merge(inputs: &[Sym]) -> Result<Sym> {
        fold(inputs, Sym::minimum)
    }

    fn merge_masked(inputs: &[Sym], masks: &[Option<Sym>]) -> Result<Sym> {
        fold_counted(inputs, masks, Sym::minimum)
    }
}
