use glorot_graph::Sym;

use super::merge::Merge;
use crate::error::{Error, Result};

/// `a - b` of two inputs of equal or broadcastable shapes.
#[derive(Default)]
pub struct Subtract;

impl Merge for Subtract {
    const CLASS: &'static str = "Subtract";

    fn merge(inputs: &[Sym]) -> Result<Sym> {
        match inputs {
            [a, b] => Ok(a.sub(b)?),
            _ => Err(Error::invalid(format!("expected two inputs, received {}", inputs.len()))),
        }
    }
}
