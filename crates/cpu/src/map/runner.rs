use super::code::{Frame, Operand};
use super::lower::{Fused, Slot};
use crate::kernels::Kernels;
use crate::simd::MAX_LANES;

/// Runs the tiles of one task of a fused loop.
pub(crate) struct Runner<'a> {
    fused: &'a Fused,
    kernels: &'static Kernels,
    /// Addresses of the slots.
    slots: *mut *mut f32,
    /// Address of each view for the current tile, then for row 0, column 0 of the current outer index.
    views: *mut usize,
    bases: *mut usize,
    /// The column block that the column steps were run for.
    block: Option<(usize, usize)>,
}

impl<'a> Runner<'a> {
    /// Bytes of scratch memory that a runner needs.
    pub(crate) fn scratch_bytes(fused: &Fused) -> usize {
        fused.lanes * 4 + (fused.slots.len() + 2 * fused.views.len()) * 8
    }

    /// Prepares a task: everything that is computed once, and the outer index it begins with.
    ///
    /// # Safety
    /// `scratch` is 64-byte aligned, has [`Runner::scratch_bytes`] bytes and belongs to this runner; the memory behind
    /// the views is alive and is not written by others while the runner lives.
    pub(crate) unsafe fn new(
        fused: &'a Fused,
        kernels: &'static Kernels,
        scratch: *mut u8,
        outer: usize,
    ) -> Runner<'a> {
        // SAFETY: the three tables and the lanes fit by `scratch_bytes`; tables lie behind the lanes, 8-byte aligned.
        unsafe {
            let lanes = scratch.cast::<f32>();
            let slots = scratch.add(fused.lanes * 4).cast::<*mut f32>();
            let views = slots.add(fused.slots.len()).cast::<usize>();
            let bases = views.add(fused.views.len());
            for (i, slot) in fused.slots.iter().enumerate() {
                let lane = if let Slot::Scratch(lane) = slot { *lane } else { 0 };
                slots.add(i).write(lanes.add(lane));
            }
            for (i, view) in fused.views.iter().enumerate() {
                bases.add(i).write(view.address);
                views.add(i).write(view.address);
            }
            let mut runner = Runner { fused, kernels, slots, views, bases, block: None };
            let frame = runner.frame(1, 1);
            (kernels.exec)(&fused.once, &frame, MAX_LANES);
            runner.set_outer(outer);
            runner
        }
    }

    fn frame(&self, rows: usize, columns: usize) -> Frame {
        Frame { slots: self.slots, views: self.views, row_steps: self.fused.row_steps.as_ptr(), rows, columns }
    }

    /// Tells an epilogue where row 0, column 0 of its product would lie.
    pub(crate) fn set_accumulator(&mut self, address: usize) {
        if let Some(view) = self.fused.accumulator {
            // SAFETY: the table has an entry for each view.
            unsafe { self.bases.add(view).write(address) };
        }
    }

    /// Moves to an index over the outer loops, counted row-major.
    pub(crate) fn set_outer(&mut self, index: usize) {
        if self.fused.outer.is_empty() {
            return;
        }
        for (v, view) in self.fused.views.iter().enumerate() {
            if self.fused.accumulator == Some(v) {
                continue;
            }
            let (mut rest, mut address) = (index, view.address);
            for (&dim, &stride) in self.fused.outer.iter().zip(&view.strides).rev() {
                address += rest % dim * stride;
                rest /= dim;
            }
            // SAFETY: the table has an entry for each view.
            unsafe { self.bases.add(v).write(address) };
        }
    }

    /// Runs the tile of `rows × columns` points from (row, column) on.
    ///
    /// # Safety
    /// The tile lies inside the loop nest and is no larger than `tile_rows × tile_columns`; with more than one row it
    /// has all columns, unless tiles are narrow. No other runner writes its points.
    pub(crate) unsafe fn tile(&mut self, row: usize, rows: usize, column: usize, columns: usize) {
        let fused = self.fused;
        // SAFETY: tables have an entry for each view and slot; bounds are the caller's.
        unsafe {
            for (v, view) in fused.views.iter().enumerate() {
                let [row_stride, column_stride] = view.strides[view.strides.len() - 2..] else { continue };
                self.views.add(v).write(*self.bases.add(v) + row * row_stride + column * column_stride);
            }
            for (i, slot) in fused.slots.iter().enumerate() {
                if let Slot::View(view) = *slot {
                    self.slots.add(i).write(*self.views.add(view as usize) as *mut f32);
                }
            }
            if !fused.column.is_empty() && self.block != Some((column, columns)) {
                self.block = Some((column, columns));
                // Later tiles of the block may have more rows than this one.
                let rows = fused.tile_rows;
                (self.kernels.exec)(&fused.column, &self.frame(rows, columns), rows * columns);
            }
            let frame = self.frame(rows, columns);
            if !fused.row.is_empty() {
                (self.kernels.exec)(&fused.row, &frame, MAX_LANES);
            }
            (self.kernels.exec)(&fused.tile, &frame, rows * columns);
        }
    }

    /// Runs all tiles of a rectangle. With more than one tile row it must have all columns.
    ///
    /// # Safety
    /// As for [`Runner::tile`].
    pub(crate) unsafe fn region(&mut self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) {
        let (tile_rows, tile_columns) = (self.fused.tile_rows, self.fused.tile_columns);
        // Column steps run once for each block if its tiles come one after the other.
        let by_block = !self.fused.column.is_empty();
        let row_starts = || rows.clone().step_by(tile_rows);
        let column_starts = || columns.clone().step_by(tile_columns);
        let mut tile = |row: usize, column: usize| {
            let (height, width) = (tile_rows.min(rows.end - row), tile_columns.min(columns.end - column));
            // SAFETY: the rectangle is the caller's.
            unsafe { self.tile(row, height, column, width) }
        };
        if !by_block {
            row_starts().for_each(|row| column_starts().for_each(|column| tile(row, column)));
        } else {
            column_starts().for_each(|column| row_starts().for_each(|row| tile(row, column)));
        }
    }

    /// Address of a value after a tile; `varying` values have a lane for each point, others 16 equal ones.
    pub(crate) fn value(&self, operand: Operand) -> *const f32 {
        // SAFETY: operands come from the same fused loop, so the slot is in the table.
        unsafe { *self.slots.add(operand.slot as usize) }
    }
}
