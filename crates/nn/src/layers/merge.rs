//! Layers that combine several inputs element by element.

use glorot_graph::Sym;
use serde_json::{Map, Value};

use super::{FromOptions, support};
use crate::config::Options;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::layer::Layer;

/// A layer without options that combines inputs of equal or broadcastable shapes.
pub trait Merge: Default + 'static {
    const CLASS: &'static str;

    /// Combines two or more float32 inputs that broadcast together.
    fn merge(inputs: &[Sym]) -> Result<Sym>;

    /// The same where some inputs have masks (bool, the shape of the input but for its last axis): what does not count
    /// may have to be left out.
    fn merge_masked(inputs: &[Sym], masks: &[Option<Sym>]) -> Result<Sym> {
        let _ = masks;
        Self::merge(inputs)
    }
}

impl<M: Merge> FromOptions for M {
    const CLASS: &'static str = M::CLASS;

    fn from_options(_: &mut Options) -> Result<M> {
        Ok(M::default())
    }
}

impl<M: Merge> Layer for M {
    fn class_name(&self) -> &str {
        <M as Merge>::CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::new()
    }

    fn call(&self, ctx: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        let aligned = aligned(inputs)?;
        let masks: Vec<Option<Sym>> = inputs.iter().map(|input| ctx.mask(input)).collect();
        if masks.iter().all(Option::is_none) {
            return Ok(vec![M::merge(&aligned)?]);
        }
        let masks = masks.iter().zip(&aligned).map(|(mask, x)| mask.as_ref().map(|mask| like(mask, x)).transpose());
        Ok(vec![M::merge_masked(&aligned, &masks.collect::<Result<Vec<_>>>()?)?])
    }

    /// A step counts if it does in one of the inputs, of which all must have masks.
    fn output_mask(&self, _: &Context, _: &[Sym], masks: &[Option<Sym>]) -> Result<Option<Sym>> {
        let Some(masks) = masks.iter().cloned().collect::<Option<Vec<Sym>>>() else { return Ok(None) };
        Ok(Some(fold(&masks, Sym::or)?))
    }
}

/// A mask in the shape of an input.
pub fn like(mask: &Sym, x: &Sym) -> Result<Sym> {
    let (given, wanted) = (mask.shape(), x.shape());
    let column = [&given[..], &[1]].concat();
    // The input may have got axes of length 1 after the batch.
    let missing = wanted.rank().saturating_sub(column.len());
    let shape = [&column[..1], &vec![1; missing][..], &column[1..]].concat();
    Ok(mask.reshape(shape)?.broadcast_to(wanted)?)
}

/// `combine` applied where both sides count, and the one that counts elsewhere: for functions without a neutral element.
pub fn fold_counted(
    inputs: &[Sym],
    masks: &[Option<Sym>],
    combine: impl Fn(&Sym, &Sym) -> glorot_graph::Result<Sym>,
) -> Result<Sym> {
    let mut pairs = inputs.iter().zip(masks);
    let Some((first, mask)) = pairs.next() else { return Err(Error::invalid("expected inputs, received none")) };
    let (mut result, mut counts) = (first.clone(), mask.clone());
    for (x, mask) in pairs {
        let mut x = x.clone();
        if let Some(mask) = mask {
            x = mask.select(&x, &result)?;
        }
        if let Some(counts) = &counts {
            result = counts.select(&result, &x)?;
        }
        counts = counts.zip(mask.as_ref()).map(|(a, b)| a.or(b)).transpose()?;
        result = combine(&result, &x)?;
    }
    Ok(result)
}

/// `combine` applied from left to right.
pub fn fold(inputs: &[Sym], combine: impl Fn(&Sym, &Sym) -> glorot_graph::Result<Sym>) -> Result<Sym> {
    let (first, others) = inputs.split_first().ok_or_else(|| Error::invalid("expected inputs, received none"))?;
    Ok(others.iter().try_fold(first.clone(), |result, x| combine(&result, x))?)
}

/// The inputs as float32 tensors that broadcast together: to those of lower rank, axes of length 1 are added after the
/// batch, as Keras does.
fn aligned(inputs: &[Sym]) -> Result<Vec<Sym>> {
    if inputs.len() < 2 {
        return Err(Error::invalid(format!(
            "expected two or more inputs, received {}; apply the layer to an array of tensors",
            inputs.len()
        )));
    }
    let rank = inputs.iter().map(Sym::rank).max().unwrap_or_default();
    let mut common = None;
    let mut aligned = Vec::new();
    for input in inputs {
        let shape = input.shape();
        let Some((&batch, rest)) = shape.split_first() else {
            return Err(Error::invalid("expected inputs with a batch axis, received a scalar"));
        };
        let x = support::to_float(input)?.reshape([&[batch], &vec![1; rank - shape.rank()][..], rest].concat())?;
        let shape = x.shape();
        let joined = common.as_ref().map_or(Some(shape.clone()), |common| shape.broadcast(common));
        common = Some(joined.ok_or_else(|| {
            let shapes: Vec<String> = inputs.iter().map(|input| support::any_batch(&input.shape())).collect();
            Error::invalid(format!(
                "expected inputs of equal or broadcastable shapes, received {}",
                shapes.join(" and ")
            ))
        })?);
        aligned.push(x);
    }
    Ok(aligned)
}
