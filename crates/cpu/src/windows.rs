//! Which convolutions are computed without a matrix of windows.

use glorot_graph::program::{FoldWindowsKernel, MatMulKernel, Program};
use glorot_graph::windows::Windows;

use crate::matmul::gathers;

/// Blocks of windows, and windows of a block, from which on each block is added up by one task.
const BLOCKS: usize = 8;
const WINDOWS: usize = 32;

/// What the kernels of this backend can do.
pub(crate) struct Windowless;

impl Windows for Windowless {
    fn gathers(&self, _: &Program, product: &MatMulKernel) -> bool {
        product.a.loops.as_ref().is_some_and(gathers)
    }

    fn folds(&self, _: &Program, fold: &FoldWindowsKernel) -> bool {
        let positions: usize = fold.axes.iter().map(|axis| axis.positions).product();
        fold.outer >= BLOCKS && positions >= WINDOWS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glorot_graph::program::{BufferId, FoldAxis};

    #[test]
    fn few_images_are_added_up_apart() {
        let fold = |outer: usize, positions: usize| {
            let axis = FoldAxis { length: positions + 2, positions, size: 3, stride: 1, dilation: 1 };
            let (source, output) = (BufferId(0), BufferId(1));
            let fold = FoldWindowsKernel { source, product: None, output, outer, axes: vec![axis], inner: 1 };
            let program = Program { buffers: vec![], inputs: vec![], outputs: vec![], kernels: vec![], arena_bytes: 0 };
            Windowless.folds(&program, &fold)
        };
        assert!(fold(BLOCKS, WINDOWS));
        assert!(!fold(BLOCKS - 1, WINDOWS));
        assert!(!fold(BLOCKS, WINDOWS - 1));
    }
}
