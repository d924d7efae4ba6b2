//! Which products a library can compute, and how they are said in its terms.

use glorot_graph::program::{BufferId, Instr, MatMulKernel, MatrixView};
use glorot_graph::{BinaryOp, UnaryOp};

use crate::codegen::Precision;

/// How the elements of a buffer are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// As their dtype says.
    Whole,
    /// float32 numbers in 16 bits.
    Half,
}

/// An operand in column-major terms; see [`crate::gpu::Matrix`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operand {
    pub buffer: BufferId,
    pub offset: usize,
    pub transposed: bool,
    pub leading: usize,
    pub stride: usize,
}

/// See [`crate::gpu::Product`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LibraryProduct {
    pub batch: usize,
    pub rows: usize,
    pub columns: usize,
    pub depth: usize,
    pub a: Operand,
    pub b: Operand,
    pub result: BufferId,
    pub bias: Option<BufferId>,
    pub relu: bool,
    pub precision: Precision,
}

/// The operands of a product, if the library can read them.
pub(super) fn operands(product: &MatMulKernel) -> Option<(Operand, Operand)> {
    Some((operand(&product.a, product.m, product.k)?, operand(&product.b, product.k, product.n)?))
}

/// A row-major matrix is the column-major one of its transpose. That is what the library gets: `transposed` says that
/// what lies there is not row-major.
fn operand(view: &MatrixView, rows: usize, columns: usize) -> Option<Operand> {
    let dense = |stride: usize, lines: usize, length: usize| match (stride >= length, lines) {
        (true, _) => Some(stride),
        (false, 1) => Some(length),
        // Overlapping lines, as those of windows.
        (false, _) => None,
    };
    let (leading, transposed) = match (view.columns == 1 || columns == 1, view.rows == 1 || rows == 1) {
        (true, _) if dense(view.rows, rows, columns).is_some() => (dense(view.rows, rows, columns)?, false),
        (_, true) => (dense(view.columns, columns, rows)?, true),
        _ => return None,
    };
    // The library counts in 32 bits.
    let fits = [leading, rows, columns].iter().all(|&length| length < i32::MAX as usize);
    fits.then_some(Operand { buffer: view.buffer, offset: view.offset, transposed, leading, stride: view.batch })
}

/// An epilogue that the library has: the product, perhaps with a bias, perhaps then only what is positive, stored once
/// and densely.
#[derive(Debug, PartialEq)]
pub(super) struct LibraryFinish {
    pub result: BufferId,
    pub bias: Option<BufferId>,
    pub relu: bool,
}

pub(super) fn finish(product: &MatMulKernel) -> Option<LibraryFinish> {
    let MatMulKernel { batch, m, n, ref epilogue, .. } = *product;
    let [store] = &epilogue.stores[..] else { return None };
    let moves = |stride: usize, length: usize, wanted: usize| length == 1 || stride == wanted;
    let view = &store.view;
    let is_dense = view.offset == 0
        && moves(view.strides[0], batch, m * n)
        && moves(view.strides[1], m, n)
        && moves(view.strides[2], n, 1);
    if !is_dense {
        return None;
    }
    let instrs = &epilogue.body.instrs;
    let bias_of = |number: u32| match &instrs[number as usize] {
        Instr::Load { buffer, view } => {
            let along_columns = view.offset == 0
                && moves(view.strides[0], batch, 0)
                && moves(view.strides[1], m, 0)
                && moves(view.strides[2], n, 1);
            along_columns.then_some(*buffer)
        }
        _ => None,
    };
    let sum_of = |number: u32| -> Option<Option<BufferId>> {
        match &instrs[number as usize] {
            Instr::Accumulator => Some(None),
            Instr::Binary(BinaryOp::Add, a, b) => match (&instrs[*a as usize], &instrs[*b as usize]) {
                (Instr::Accumulator, _) => bias_of(*b).map(Some),
                (_, Instr::Accumulator) => bias_of(*a).map(Some),
                _ => None,
            },
            _ => None,
        }
    };
    let (bias, relu) = match &instrs[store.value as usize] {
        Instr::Unary(UnaryOp::Relu, a) => (sum_of(*a)?, true),
        _ => (sum_of(store.value)?, false),
    };
    Some(LibraryFinish { result: store.buffer, bias, relu })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(rows: usize, columns: usize) -> MatrixView {
        MatrixView { buffer: BufferId(3), offset: 5, batch: 7, rows, columns, loops: None }
    }

    #[test]
    fn row_major_and_transposed_matrices_are_read_as_they_are() {
        let found = |rows, columns, m, n| operand(&view(rows, columns), m, n).map(|o| (o.leading, o.transposed));
        assert_eq!(found(20, 1, 10, 20), Some((20, false)));
        assert_eq!(found(32, 1, 10, 20), Some((32, false)));
        assert_eq!(found(1, 10, 10, 20), Some((10, true)));
        // A single row, a single column.
        assert_eq!(found(0, 1, 1, 20), Some((20, false)));
        assert_eq!(found(1, 0, 10, 1), Some((1, false)));
        assert_eq!(found(4, 0, 10, 1), Some((4, false)));
        // Windows overlap; a broadcast row repeats.
        assert_eq!(found(1, 1, 10, 20), None);
        assert_eq!(found(0, 1, 10, 20), None);
    }
}
