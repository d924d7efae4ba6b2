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

    fn call(&self, _: &Context, inputs: &[Sym], _: bool) -> Result<Vec<Sym>> {
        Ok(vec![M::merge(&aligned(inputs)?)?])
    }
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
