//! Convolutions without matrices of windows.
//!
//! A program copies the windows of a convolution to a matrix, each element of an image as often as windows take it, and
//! multiplies that; the gradient of the image is such a matrix, which is added up. Both are much larger than the images,
//! and a backend may need neither: [`gather`] lets products read windows where they lie, [`fold`] adds rows of a product up
//! as soon as they are computed.

mod fold;
mod gather;

use glorot_tensor::Shape;

use super::{Sharing, rearrange};
use crate::program::{BufferId, FoldWindowsKernel, Kernel, MatMulKernel, Place, Program};

/// What a backend can do without a matrix of windows.
pub trait Windows {
    /// True if it computes a product whose first operand is windows that lie in an image ([`MatrixView::loops`]).
    ///
    /// [`MatrixView::loops`]: crate::program::MatrixView::loops
    fn gathers(&self, program: &Program, product: &MatMulKernel) -> bool;

    /// True if it computes a product and the overlap-add of its rows as one kernel ([`FoldWindowsKernel::product`]).
    fn folds(&self, program: &Program, fold: &FoldWindowsKernel) -> bool;
}

/// Leaves matrices of windows out where the backend can do without. Places buffers anew then.
pub fn leave_out(program: &mut Program, backend: &dyn Windows) {
    let mut gone = gather::gather(program, backend);
    gone.extend(fold::fold(program, backend));
    if !gone.is_empty() {
        let kept: Vec<usize> = (0..program.kernels.len()).filter(|index| !gone.contains(index)).collect();
        rearrange(program, &kept, Sharing { apart: 0, together: usize::MAX });
    }
}

/// Whether a buffer holds something that one kernel computes for others of the same step.
fn is_passing(program: &Program, buffer: BufferId) -> bool {
    let in_arena = matches!(program.buffers[buffer.index()].place, Place::Arena { .. });
    let writers = program.kernels.iter().filter(|kernel| kernel.writes().contains(&buffer)).count();
    in_arena && writers == 1 && !program.outputs.contains(&buffer)
}

/// Takes the memory of a buffer that no kernel uses any more.
fn empty(program: &mut Program, buffer: BufferId) {
    let buffer = &mut program.buffers[buffer.index()];
    (buffer.spec.shape, buffer.place) = (Shape::from([0]), Place::Arena { offset: 0 });
}

/// Whether one of the kernels writes the memory of a buffer.
fn is_written(program: &Program, kernels: &[Kernel], buffer: BufferId) -> bool {
    let place = |buffer: BufferId| &program.buffers[buffer.index()].place;
    kernels.iter().flat_map(Kernel::writes).any(|written| match (place(written), place(buffer)) {
        (Place::State(written), Place::State(read)) => written == read,
        _ => written == buffer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A backend that needs no windows.
    pub(super) struct All;

    impl Windows for All {
        fn gathers(&self, _: &Program, _: &MatMulKernel) -> bool {
            true
        }

        fn folds(&self, _: &Program, _: &FoldWindowsKernel) -> bool {
            true
        }
    }
}
