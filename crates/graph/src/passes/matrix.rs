//! Operands of matrix products: which strided views the kernel can read.

use glorot_tensor::Shape;

use super::access::Access;
use crate::program::{BufferId, MatrixView};

/// True if at most one batch axis (all axes but the last two) has more than one element.
pub fn has_one_batch_axis(shape: &Shape) -> bool {
    shape[..shape.rank() - 2].iter().filter(|&&dim| dim != 1).count() <= 1
}

/// True if the access can be a matrix operand: the batch axes step evenly and rows or columns are contiguous.
pub fn fits(access: &Access) -> bool {
    view(access, BufferId(0), false).is_some()
}

/// The matrix view of an access; `transposed`: its last two axes are swapped.
pub fn view(access: &Access, buffer: BufferId, transposed: bool) -> Option<MatrixView> {
    let rank = access.shape.rank();
    let batch = batch_stride(&access.shape[..rank - 2], &access.strides[..rank - 2])?;
    let stride = |axis: usize| if access.shape[axis] == 1 { 1 } else { access.strides[axis] };
    let (rows, columns) = (stride(rank - 2), stride(rank - 1));
    if rows != 1 && columns != 1 {
        return None;
    }
    // Rows (or columns) that overlap, as those of windows do, are no matrix for every backend.
    let overlap = |axis: usize, across: usize| {
        access.shape[axis] != 1 && access.strides[axis] != 0 && access.strides[axis] < access.shape[across]
    };
    if (columns == 1 && overlap(rank - 2, rank - 1)) || (columns != 1 && overlap(rank - 1, rank - 2)) {
        return None;
    }
    let (rows, columns) = if transposed { (columns, rows) } else { (rows, columns) };
    Some(MatrixView { buffer, offset: access.offset, batch, rows, columns, loops: None })
}

/// The one stride that steps through all batch axes, if there is one.
fn batch_stride(dims: &[usize], strides: &[usize]) -> Option<usize> {
    let mut axes = dims.iter().zip(strides).rev().filter(|&(&dim, _)| dim != 1);
    let Some((&dim, &stride)) = axes.next() else { return Some(0) };
    let mut next = dim * stride;
    for (&dim, &outer) in axes {
        if outer != next {
            return None;
        }
        next = dim * outer;
    }
    Some(stride)
}
