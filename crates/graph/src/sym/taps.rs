//! The elements of windows, one tensor for each place in the window: strided views, so that what combines them is one
//! elementwise loop.

use super::Sym;
use crate::error::{GraphError, Result};
use crate::op::BinaryOp;
use crate::reference::indices;
use glorot_tensor::Shape;

/// Up to this many elements of a window are combined element by element.
pub(super) const SMALL: usize = 25;

/// The lengths of some axes.
pub(super) fn lengths(x: &Sym, axes: &[usize]) -> Shape {
    let shape = x.shape();
    axes.iter().map(|&axis| shape[axis]).collect()
}

/// One tensor for each index along the axes, which vanish; in row-major order.
pub(super) fn taps(x: &Sym, axes: &[usize]) -> Result<Vec<Sym>> {
    let shape = x.shape();
    let (mut start, mut size) = (vec![0; shape.rank()], shape.dims().to_vec());
    axes.iter().for_each(|&axis| size[axis] = 1);
    let tap = |index: Vec<usize>| {
        axes.iter().zip(index).for_each(|(&axis, i)| start[axis] = i);
        x.slice(&start, &size)?.reshape(shape.reduced(axes, false))
    };
    indices(&lengths(x, axes)).map(tap).collect()
}

/// What a window has for each of its places, combined one after the other.
pub(super) fn combined(terms: impl IntoIterator<Item = Result<Sym>>, op: BinaryOp) -> Result<Sym> {
    let mut terms = terms.into_iter();
    let first = terms.next().ok_or_else(|| GraphError::new(op.name(), "a window without elements"))??;
    terms.try_fold(first, |combined, term| combined.binary(op, &term?))
}
