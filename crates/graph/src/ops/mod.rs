//! The op set, a family a file: constructor with shape rule and folding, gradient, plain f64 reference.
//!
//! What the constructors fold (`x + 0`, functions of constants, reductions of nothing) is computed in f64 and may differ
//! from float32 arithmetic in the last bit and in the sign of a zero.

pub(crate) mod binary;
pub(crate) mod cast;
pub(crate) mod compare;
pub(crate) mod concat;
pub(crate) mod gather;
pub(crate) mod leaves;
pub(crate) mod matmul;
pub(crate) mod movement;
pub(crate) mod pad;
pub mod random;
pub(crate) mod reduce;
pub(crate) mod select;
pub(crate) mod surrogate;
#[cfg(test)]
mod testing;
pub(crate) mod unary;
pub(crate) mod windows;

use glorot_tensor::Shape;

use crate::error::{GraphError, Result};

/// The shape with the given dims, if its elements can be numbered and addressed.
pub(crate) fn checked_shape(op: &'static str, dims: impl IntoIterator<Item = Option<usize>>) -> Result<Shape> {
    let too_large = || GraphError::new(op, "the result has more elements than memory can hold");
    let dims = dims.into_iter().collect::<Option<Vec<usize>>>().ok_or_else(too_large)?;
    // Zeros are left out: strides are products of the other dims.
    let bytes = dims.iter().filter(|&&dim| dim > 0).try_fold(8usize, |bytes, &dim| bytes.checked_mul(dim));
    match bytes {
        Some(bytes) if bytes <= isize::MAX as usize => Ok(Shape::from(dims)),
        _ => Err(too_large()),
    }
}
