//! Layers that combine several inputs element by element.

use glorot_graph::Sym;

use super::support;
use crate::error::{Error, Result};

/// The inputs as float32 tensors that broadcast together: to those of lower rank, axes of length 1 are added after the
/// batch, as Keras does.
pub fn aligned(inputs: &[Sym]) -> Result<Vec<Sym>> {
    if inputs.len() < 2 {
        return Err(Error::invalid(format!("expected two or more inputs, received {}", inputs.len())));
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
