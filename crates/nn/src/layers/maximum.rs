use glorot_graph::Sym;

use super::merge::{Merge, fold, fold_counted};
use crate::error::Result;

/// The largest element at each place of two or more inputs of equal or broadcastable shapes.
#[derive(Default)]
pub struct Maximum;

impl Merge for Maximum {
    const CLASS: &'static str = "Maximum";

    fn merge(inputs: &[Sym]) -> Result<Sym> {
        fold(inputs, Sym::maximum)
    }

    fn merge_masked(inputs: &[Sym], masks: &[Option<Sym>]) -> Result<Sym> {
        fold_counted(inputs, masks, Sym::maximum)
    }
}
