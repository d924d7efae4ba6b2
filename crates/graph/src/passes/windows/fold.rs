//! Products whose rows are windows to be added up.

use glorot_tensor::Shape;

use super::{Windows, empty, is_passing};
use crate::program::{BufferId, FoldWindowsKernel, Instr, Kernel, MatMulKernel, Program};

/// Puts one kernel for a product and the overlap-add of its result, where nothing else reads it. Returns the kernels that
/// are not needed any more.
pub(super) fn fold(program: &mut Program, backend: &dyn Windows) -> Vec<usize> {
    let mut gone = Vec::new();
    for index in 0..program.kernels.len() {
        let Kernel::MatMul(product) = &program.kernels[index] else { continue };
        let Some(windows) = result(product).filter(|&buffer| is_passing(program, buffer)) else { continue };
        let mut readers = program.kernels.iter().enumerate().filter(|(_, kernel)| kernel.reads().contains(&windows));
        let (Some((reader, Kernel::FoldWindows(fold))), None) = (readers.next(), readers.next()) else { continue };
        let FoldWindowsKernel { axes, outer, inner, .. } = fold;
        let positions: usize = axes.iter().map(|axis| axis.positions).product();
        let window: usize = axes.iter().map(|axis| axis.size).product::<usize>() * inner;
        if product.m != outer * positions || product.n != window {
            continue;
        }
        let whole = FoldWindowsKernel { product: Some(Box::new(product.clone())), ..fold.clone() };
        if backend.folds(program, &whole) {
            // Where the product is: its operands may be written before the windows were added up.
            program.kernels[index] = Kernel::FoldWindows(whole);
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
    use super::super::tests::All;
    use super::*;
    use crate::{Padding, Tracer, compile};
    use glorot_tensor::DType;

    /// Overlap-adds of the gradient of a batch of images, those of a product apart.
    fn folds(read_twice: bool) -> [usize; 2] {
        let tracer = Tracer::new();
        let (x, kernel) = (tracer.input([2, 8, 8, 3], DType::F32), tracer.input([3, 3, 3, 5], DType::F32));
        let result = x.conv(&kernel, &[1, 1], Padding::Same, &[1, 1], 1).unwrap();
        let loss = result.square().unwrap().sum_all().unwrap();
        tracer.output(&tracer.gradients(&loss, std::slice::from_ref(&x)).unwrap().remove(0));
        let mut program = compile(&tracer.graph());
        if read_twice {
            let fold = program.kernels.iter().find(|kernel| matches!(kernel, Kernel::FoldWindows(_)));
            program.kernels.push(fold.unwrap().clone());
        }
        let arena = program.arena_bytes;
        leave_out(&mut program, &All);
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
        assert_eq!(folds(false), [0, 1]);
    }

    #[test]
    fn windows_that_others_read_stay() {
        assert_eq!(folds(true), [2, 0]);
    }
}
