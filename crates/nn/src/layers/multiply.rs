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

    /// What does not count is a factor of 1; what counts nowhere is 0.
    fn merge_masked(inputs: &[Sym], masks: &[Option<Sym>]) -> Result<Sym> {
        let factor = |(x, mask): (&Sym, &Option<Sym>)| match mask {
            Some(mask) => mask.select(x, &x.scalar_like(1.0)),
            None => Ok(x.clone()),
        };
        let factors = inputs.iter().zip(masks).map(factor).collect::<glorot_graph::Result<Vec<Sym>>>()?;
        let product = fold(&factors, Sym::mul)?;
        match masks.iter().cloned().collect::<Option<Vec<Sym>>>() {
            Some(masks) => Ok(fold(&masks, Sym::or)?.select(&product, &product.scalar_like(0.0))?),
            None => Ok(product),
        }
    }
}
