//! How layers write categories, which are integers from 0 on, as numbers that dense layers can use.

use glorot_graph::Sym;
use glorot_tensor::DType;

use super::support;
use crate::config::Options;
use crate::error::{Error, Result};

/// What becomes of categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// They stay: int32.
    Int,
    /// A vector for each category, 1 at its index: `[...]` (or `[..., 1]`, but not `[1]`) to `[..., depth]`.
    OneHot,
    /// A vector for each sample, 1 where a category occurs: `[batch, n]` to `[batch, depth]`.
    MultiHot,
    /// A vector for each sample, with the number of times that a category occurs.
    Count,
}

const WORDS: [(&str, Encoding); 5] = [
    ("int", Encoding::Int),
    ("one_hot", Encoding::OneHot),
    ("multi_hot", Encoding::MultiHot),
    ("count", Encoding::Count),
    // Keras 2's name.
    ("binary", Encoding::MultiHot),
];

impl Encoding {
    /// The option `output_mode`; of `Discretization` alone it may be `int`.
    pub fn read(options: &mut Options, default: Encoding) -> Result<Encoding> {
        let words = if default == Encoding::Int { &WORDS[..4] } else { &WORDS[1..] };
        // There are no sparse tensors.
        options.unsupported(&["sparse"])?;
        options.choice("output_mode", words, default)
    }

    /// Keras's name.
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(_, encoding)| *encoding == self).map_or("int", |(word, _)| word)
    }

    /// Encodes categories less than `depth`; others become zeros.
    pub fn apply(self, categories: &Sym, depth: usize) -> Result<Sym> {
        let categories = categories.cast(DType::I32)?;
        let shape = categories.shape();
        let mut dims: Vec<usize> = shape.iter().copied().collect();
        match self {
            Encoding::Int => return Ok(categories),
            Encoding::OneHot => {
                if dims.len() > 1 && dims.last() == Some(&1) {
                    dims.pop();
                }
            }
            Encoding::MultiHot | Encoding::Count if dims.len() == 2 => {}
            Encoding::MultiHot | Encoding::Count => {
                return Err(Error::invalid(format!(
                    "output_mode '{}' expects inputs of shape [batch, n], received {}; flatten them, or take 'one_hot'",
                    self.word(),
                    support::any_batch(&shape)
                )));
            }
        }
        dims.push(1);
        let all = categories.tracer().iota([depth], 0, DType::I32)?;
        let hot = categories.reshape(dims)?.equal(&all)?.cast(DType::F32)?;
        Ok(match self {
            Encoding::MultiHot => hot.sum(&[1], false)?.minimum_scalar(1.0)?,
            Encoding::Count => hot.sum(&[1], false)?,
            Encoding::Int | Encoding::OneHot => hot,
        })
    }
}
