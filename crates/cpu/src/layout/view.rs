//! Views of a matrix that is stored column by column.

use glorot_graph::program::{MatrixView, View};

/// Lengths of a matrix: rows, columns.
pub(crate) type Matrix = [usize; 2];

/// A view of a matrix with rows one after the other as the view of the same elements with columns one after the other;
/// `None` if a loop moves along both.
pub(super) fn turn(view: &View, domain: &[usize], [rows, columns]: Matrix) -> Option<View> {
    if view.strides.len() != domain.len() {
        return None;
    }
    let mut column = view.offset % columns;
    let offset = column * rows + view.offset / columns;
    let mut strides = Vec::with_capacity(domain.len());
    for (&stride, &dim) in view.strides.iter().zip(domain) {
        strides.push(match stride {
            _ if dim <= 1 => 0,
            stride if stride % columns == 0 => stride / columns,
            stride => {
                column += stride * (dim - 1);
                stride * rows
            }
        });
    }
    // Loops along columns that leave their row would go on in the next.
    (column < columns && !domain.contains(&0)).then_some(View { offset, strides })
}

/// As [`turn`] for an operand of a product, `batch` times `first × second`.
pub(super) fn turn_matrix(view: &MatrixView, dims: [usize; 3], matrix: Matrix) -> Option<MatrixView> {
    if view.loops.is_some() {
        return None;
    }
    let as_view = View { offset: view.offset, strides: vec![view.batch, view.rows, view.columns] };
    let View { offset, strides } = turn(&as_view, &dims, matrix)?;
    let [batch, rows, columns] = strides[..] else { return None };
    // An axis of one element may step as it likes; kernels want one of the two contiguous.
    let single = |stride: usize, dim: usize| if dim <= 1 { 1 } else { stride };
    let view = MatrixView {
        buffer: view.buffer,
        offset,
        batch,
        rows: single(rows, dims[1]),
        columns: single(columns, dims[2]),
        loops: None,
    };
    (view.rows == 1 || view.columns == 1).then_some(view)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements of a view, in order.
    fn elements(view: &View, domain: &[usize]) -> Vec<usize> {
        let mut all = vec![view.offset];
        for (&stride, &dim) in view.strides.iter().zip(domain) {
            all = all.iter().flat_map(|&at| (0..dim).map(move |i| at + i * stride)).collect();
        }
        all
    }

    #[test]
    fn the_same_elements_are_named() {
        let matrix = [4, 6];
        let turned = |element: usize| element % 6 * 4 + element / 6;
        let cases: [(usize, &[usize], &[usize]); 8] = [
            (0, &[6, 1], &[4, 6]),
            (0, &[1, 6], &[6, 4]),
            (8, &[6, 1], &[3, 3]),
            (2, &[0, 1], &[5, 4]),
            (5, &[12, 0], &[2, 3]),
            (1, &[6, 2], &[4, 3]),
            (0, &[6, 3, 1], &[4, 2, 3]),
            (7, &[9, 1], &[1, 5]),
        ];
        for (offset, strides, domain) in cases {
            let view = View { offset, strides: strides.to_vec() };
            let got = turn(&view, domain, matrix).unwrap();
            let want: Vec<usize> = elements(&view, domain).into_iter().map(turned).collect();
            assert_eq!(elements(&got, domain), want, "{view:?} over {domain:?}");
        }
    }

    #[test]
    fn a_loop_over_several_rows_cannot_be_turned() {
        let flat = View { offset: 0, strides: vec![1] };
        assert_eq!(turn(&flat, &[24], [4, 6]), None);
        assert_eq!(turn(&flat, &[7], [4, 6]), None);
        let beyond = View { offset: 4, strides: vec![6, 1] };
        assert_eq!(turn(&beyond, &[3, 3], [4, 6]), None);
        let diagonal = View { offset: 0, strides: vec![7] };
        assert_eq!(turn(&diagonal, &[4], [4, 6]), None);
    }

    #[test]
    fn an_operand_keeps_a_contiguous_axis() {
        let view = MatrixView {
            buffer: glorot_graph::program::BufferId(0),
            offset: 0,
            batch: 0,
            rows: 6,
            columns: 1,
            loops: None,
        };
        let turned = turn_matrix(&view, [1, 4, 6], [4, 6]).unwrap();
        assert_eq!((turned.rows, turned.columns), (1, 4));
        let row = turn_matrix(&view, [1, 1, 6], [4, 6]).unwrap();
        assert_eq!((row.rows, row.columns), (1, 4));
    }
}
