//! Kernels that treat each row of a batch by itself: then one block can take its rows from layer to layer, and need not
//! wait for the others.

use std::collections::HashMap;

use glorot_graph::program::{BufferId, Instr, MapKernel, MatMulKernel, ReduceKernel, Store, View};

/// The rows of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub rows: usize,
    /// How many of them a block does at a time.
    pub each: usize,
}

/// Fewer rows are too few blocks.
const ROWS: usize = 8;
/// Blocks for which a batch is cut, and rows at most that each of them does at a time.
const BLOCKS: usize = 16;
const EACH: usize = 8;

impl Batch {
    /// A batch of so many rows, if they are enough. A block does as many as divide them evenly.
    pub fn new(rows: usize) -> Option<Batch> {
        let divides = |each: &usize| rows.is_multiple_of(*each);
        let enough = (1..=EACH).filter(divides).find(|each| rows / each <= BLOCKS);
        let each = enough.or_else(|| (1..=EACH).rev().find(divides))?;
        (rows >= ROWS).then_some(Batch { rows, each })
    }
}

/// Where the rows of a batch lie in a kernel's domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowAxis {
    pub axis: usize,
    /// Points of a row along this axis.
    pub points: usize,
    /// Rows that a function does, from the row `first` on.
    pub rows: usize,
}

impl RowAxis {
    /// Points along the axis that a function does.
    pub fn length(&self) -> usize {
        self.points * self.rows
    }

    /// The length of an axis of a domain of which a function does some rows, if it does not do all.
    pub fn length_of(rows: Option<RowAxis>, domain: &[usize], axis: usize) -> usize {
        rows.filter(|rows| rows.axis == axis).map_or(domain[axis], |rows| rows.length())
    }
}

/// Of buffers of which a kernel writes and reads, in each row, that row alone: how many elements a row has side by side.
/// Element `e` belongs to row `e / size % rows`.
pub(crate) type Own = HashMap<BufferId, usize>;

/// The axis along which a loop's rows lie, and what is their own; `None` if its rows depend on each other, or it reads of
/// no row of `known`.
pub(crate) fn map(kernel: &MapKernel, batch: Batch, known: &Own) -> Option<(RowAxis, Own)> {
    let mut axes = (0..kernel.domain.rank()).filter(|&axis| kernel.domain[axis].is_multiple_of(batch.rows));
    axes.find_map(|axis| {
        let mut accesses = Accesses::new(&kernel.domain, axis, batch);
        accesses.loads(&kernel.body.instrs);
        accesses.stores(&kernel.stores)?;
        Some((accesses.axis(), accesses.own(known)?))
    })
}

/// The same of a reduction along other axes.
pub(crate) fn reduce(kernel: &ReduceKernel, batch: Batch, known: &Own) -> Option<(RowAxis, Own)> {
    if kernel.domain.contains(&0) {
        return None;
    }
    // Its results lie in the order of what is kept.
    let axis = (0..kernel.domain.rank()).find(|axis| kernel.domain[*axis] != 1 && !kernel.axes.contains(axis))?;
    if !kernel.domain[axis].is_multiple_of(batch.rows) {
        return None;
    }
    let kept: usize =
        (0..kernel.domain.rank()).filter(|axis| !kernel.axes.contains(axis)).map(|axis| kernel.domain[axis]).product();
    let mut accesses = Accesses::new(&kernel.domain, axis, batch);
    accesses.loads(&kernel.body.instrs);
    for reduction in &kernel.reductions {
        accesses.note(reduction.output, Some(kept / batch.rows));
    }
    Some((accesses.axis(), accesses.own(known)?))
}

/// Elements of a matrix that is read anew for each block's rows, at most.
const MATRIX: usize = 1 << 17;

/// The same of a product of rows with a matrix. With `sums`, its parts go there instead of to its epilogue.
pub(crate) fn mat_mul(
    kernel: &MatMulKernel,
    batch: Batch,
    known: &Own,
    sums: Option<BufferId>,
) -> Option<(RowAxis, Own)> {
    let &MatMulKernel { m, n, k, ref a, ref b, .. } = kernel;
    if kernel.batch != 1 || !m.is_multiple_of(batch.rows) || k * n > MATRIX || a.loops.is_some() || b.loops.is_some() {
        return None;
    }
    let (of_operand, of_result) = ([m, k], [1, m, n]);
    let mut operand = Accesses::new(&of_operand, 0, batch);
    operand.access(a.buffer, &View { offset: a.offset, strides: vec![a.rows, a.columns] });
    operand.note(b.buffer, None);
    let mut accesses = Accesses { domain: &of_result, axis: 1, ..operand };
    match sums {
        Some(sums) => accesses.note(sums, Some(m / batch.rows * n)),
        None => {
            accesses.loads(&kernel.epilogue.body.instrs);
            accesses.stores(&kernel.epilogue.stores)?;
        }
    }
    Some((accesses.axis(), accesses.own(known)?))
}

/// What a kernel accesses, if rows lie along an axis.
struct Accesses<'a> {
    domain: &'a [usize],
    axis: usize,
    batch: Batch,
    /// Elements of a row; `None` if another row may be accessed.
    found: HashMap<BufferId, Option<usize>>,
    /// True if a view reaches farther than 32 bits count.
    is_far: bool,
}

impl Accesses<'_> {
    fn new(domain: &[usize], axis: usize, batch: Batch) -> Accesses<'_> {
        Accesses { domain, axis, batch, found: HashMap::new(), is_far: false }
    }

    fn axis(&self) -> RowAxis {
        RowAxis { axis: self.axis, points: self.domain[self.axis] / self.batch.rows, rows: self.batch.each }
    }

    /// Elements of a row, if each row accesses its own.
    fn row_size(&self, view: &View) -> Option<usize> {
        let RowAxis { axis, points, .. } = self.axis();
        let size = view.strides[axis] * points;
        if size == 0 {
            return None;
        }
        let whole = size * self.batch.rows;
        let mut reach = view.offset % whole + view.strides[axis] * (points - 1);
        for (other, &dim) in self.domain.iter().enumerate() {
            if other != axis && dim > 1 && !view.strides[other].is_multiple_of(whole) {
                reach += view.strides[other] * (dim - 1);
            }
        }
        (reach < size).then_some(size)
    }

    fn access(&mut self, buffer: BufferId, view: &View) {
        self.is_far |= view.strides[self.axis].saturating_mul(self.domain[self.axis]) >= i32::MAX as usize;
        self.note(buffer, self.row_size(view));
    }

    fn note(&mut self, buffer: BufferId, size: Option<usize>) {
        let known = self.found.entry(buffer).or_insert(size);
        if *known != size {
            *known = None;
        }
    }

    fn loads(&mut self, instrs: &[Instr]) {
        for instr in instrs {
            match instr {
                Instr::Load { buffer, view } => self.access(*buffer, view),
                Instr::Random { state, .. } => self.note(*state, None),
                _ => {}
            }
        }
    }

    /// `None` if rows do not write what is their own.
    fn stores(&mut self, stores: &[Store]) -> Option<()> {
        for store in stores {
            self.access(store.buffer, &store.view);
            self.found[&store.buffer]?;
        }
        Some(())
    }

    /// `None` if nothing of `known` is read.
    fn own(self, known: &Own) -> Option<Own> {
        if self.is_far {
            return None;
        }
        let own: Own = self.found.into_iter().filter_map(|(buffer, size)| Some((buffer, size?))).collect();
        own.iter().any(|(buffer, size)| known.get(buffer) == Some(size)).then_some(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_divide_a_batch_evenly() {
        let batch = |rows, each| Some(Batch { rows, each });
        assert_eq!(Batch::new(7), None);
        assert_eq!(Batch::new(8), batch(8, 1));
        assert_eq!(Batch::new(32), batch(32, 2));
        assert_eq!(Batch::new(100), batch(100, 5));
        assert_eq!(Batch::new(128), batch(128, 8));
        assert_eq!(Batch::new(23), batch(23, 1));
        assert_eq!(Batch::new(512), batch(512, 8));
    }

    #[test]
    fn rows_are_found_in_views() {
        let batch = Batch { rows: 8, each: 1 };
        let size = |domain: &[usize], axis, offset, strides: &[usize]| {
            Accesses::new(domain, axis, batch).row_size(&View { offset, strides: strides.to_vec() })
        };
        assert_eq!(size(&[8, 5], 0, 0, &[5, 1]), Some(5));
        // A row of two points along the axis.
        assert_eq!(size(&[16, 5], 0, 0, &[5, 1]), Some(10));
        // A column, and what is the same for all rows.
        assert_eq!(size(&[8, 5], 0, 3, &[5, 0]), Some(5));
        assert_eq!(size(&[8, 5], 0, 0, &[0, 1]), None);
        // Parts, of which each has all rows.
        assert_eq!(size(&[3, 8, 5], 1, 0, &[40, 5, 1]), Some(5));
        assert_eq!(size(&[8, 5], 0, 80, &[5, 1]), Some(5));
        // The next row, and a transpose.
        assert_eq!(size(&[8, 5], 0, 5, &[5, 1]), None);
        assert_eq!(size(&[8, 5], 0, 0, &[1, 8]), Some(1));
        assert_eq!(size(&[8, 5], 0, 0, &[1, 4]), None);
    }
}
