//! Products whose rows are windows to be added up.

use glorot_graph::program::{BufferId, FoldWindowsKernel, Instr, Kernel, MatMulKernel, Program};
use glorot_tensor::Shape;

use super::{empty, is_passing};

/// Blocks of windows, and windows of a block, from which on each block is added up by one task.
const BLOCKS: usize = 8;
const WINDOWS: usize = 32;

/// Puts one kernel for a product and the overlap-add of its result, where nothing else reads it. Returns the kernels that
/// are not needed any more.
pub(super) fn fold(program: &mut Program) -> Vec<usize> {
    let mut gone = Vec::new();
    for index in 0..program.kernels.len() {
        let Kernel::MatMul(product) = &program.kernels[index] else { continue };
        let Some(windows) = result(product).filter(|&buffer| is_passing(program, buffer)) else { continue };
        let mut readers = program.kernels.iter().enumerate().filter(|(_, kernel)| kernel.reads().contains(&windows));
        let (Some((reader, Kernel::FoldWindows(fold))), None) = (readers.next(), readers.next()) else { continue };
        let FoldWindowsKernel { axes, outer, inner, .. } = fold;
        let positions: usize = axes.iter().map(|axis| axis.positions).product();
        let window: usize = axes.iter().map(|axis| axis.size).product::<usize>() * inner;
        if *outer >= BLOCKS && positions >= WINDOWS && product.m == outer * positions && product.n == window {
            // Where the product is: its operands may be written before the windows were added up.
            let product = Some(Box::new(product.clone()));
            program.kernels[index] = Kernel::FoldWindows(FoldWindowsKernel { product, ..fold.clone() });
            empty(program, windows);
            gone.push(reader);
        }
    }
    gone
}

/// Where a product of two matrices is stored, densely and as it is.
fn result(product: &MatMulKernel) -> Option<BufferId> {
    let MatMulKernel { batch: 1, m, n, k, a, b, epilogue } = product else { return None };
    let ([Instr::Accumulator], [store]) = (&epilogue.body.instrs[..], &epilogue.stores[..]) else { return None };
    let strides = Shape::from([1, *m, *n]).strides();
    let is_dense = store.view.offset == 0 && store.view.strides[1..] == strides[1..];
    let is_plain = a.loops.is_none() && b.loops.is_none() && m * n * k > 0;
    (is_dense && is_plain).then_some(store.buffer)
}

#[cfg(test)]
mod tests {
    use super::super::leave_out;
    use super::*;
    use glorot_graph::{Padding, Tracer, compile};
    use glorot_tensor::DType;

    /// Overlap-adds of the gradient of a batch of images, those of a product apart.
    fn folds(batch: usize, read_twice: bool) -> [usize; 2] {
        let tracer = Tracer::new();
        let (x, kernel) = (tracer.input([batch, 8, 8, 3], DType::F32), tracer.input([3, 3, 3, 5], DType::F32));
        let result = x.conv(&kernel, &[1, 1], Padding::Same, &[1, 1], 1).unwrap();
        let loss = result.square().unwrap().sum_all().unwrap();
        tracer.output(&tracer.gradients(&loss, std::slice::from_ref(&x)).unwrap().remove(0));
        let mut program = compile(&tracer.graph());
        if read_twice {
            let fold = program.kernels.iter().find(|kernel| matches!(kernel, Kernel::FoldWindows(_)));
            program.kernels.push(fold.unwrap().clone());
        }
        let arena = program.arena_bytes;
        leave_out(&mut program);
        assert!(read_twice || program.arena_bytes <= arena);
        let count = |of_product: bool| {
            let is_one =
                |kernel: &&Kernel| matches!(kernel, Kernel::FoldWindows(fold) if fold.product.is_some() == of_product);
            program.kernels.iter().filter(is_one).count()
        };
        [count(false), count(true)]
    }

    #[test]
    fn windows_are_added_up_as_they_are_computed() {
        assert_eq!(folds(BLOCKS, false), [0, 1]);
    }

    #[test]
    fn few_images_and_windows_that_others_read_stay() {
        assert_eq!(folds(BLOCKS - 1, false), [1, 0]);
        assert_eq!(folds(BLOCKS, true), [2, 0]);
    }
}
