use std::ops::Range;

use glorot_graph::device::DeviceError;
use glorot_graph::program::MapKernel;

use super::lower::{Fused, Options, lower};
use super::order::order;
use super::runner::Runner;
use crate::kernels::Kernels;
use crate::launch::Grain;
use crate::memory::Buffers;
use crate::schedule::Footprint;

/// A map kernel, cut into tasks.
#[derive(Debug)]
pub(crate) struct MapTasks {
    fused: Fused,
    /// Loops cut: outer indices, rows, columns of a task.
    chunk: [usize; 3],
    counts: [usize; 3],
}

impl MapTasks {
    pub(crate) fn new(buffers: &Buffers, kernel: &MapKernel, grain: Grain) -> Result<MapTasks, DeviceError> {
        let rank = kernel.domain.rank();
        let order = order(kernel);
        let options = Options { order: &order, groups: &vec![0; rank], accumulator: None, max_columns: usize::MAX };
        let (fused, _) = lower(buffers, &kernel.domain, &kernel.body, &kernel.stores, &[], &options)?;
        let outer: usize = fused.outer.iter().product();
        let all = outer * fused.rows * fused.columns;
        let points = all.div_ceil(grain.tasks(all as f64 * fused.cost)).max(1);
        let row_points = fused.columns.max(1);
        // Whole outer indices where they are small, else whole rows, else parts of a row.
        let chunk = if points >= row_points * fused.rows {
            [(points / (row_points * fused.rows).max(1)).max(1), fused.rows, fused.columns]
        } else if points >= row_points {
            [1, (points / row_points).next_multiple_of(fused.tile_rows), fused.columns]
        } else {
            [1, fused.tile_rows, points.next_multiple_of(fused.tile_columns)]
        };
        let counts = [
            outer.div_ceil(chunk[0].max(1)),
            fused.rows.div_ceil(chunk[1].max(1)),
            fused.columns.div_ceil(chunk[2].max(1)),
        ];
        Ok(MapTasks { fused, chunk, counts })
    }

    pub(crate) fn tasks(&self) -> usize {
        self.counts.iter().product()
    }

    /// Estimated nanoseconds of all tasks.
    pub(crate) fn cost(&self) -> f64 {
        let outer: usize = self.fused.outer.iter().product();
        self.fused.cost * (outer * self.fused.rows * self.fused.columns) as f64
    }

    pub(crate) fn scratch_bytes(&self) -> usize {
        Runner::scratch_bytes(&self.fused)
    }

    /// The loops of a task: outer indices, rows, columns.
    fn part(&self, task: usize) -> [Range<usize>; 3] {
        let [_, rows, columns] = self.counts;
        let index = [task / (rows * columns), task / columns % rows, task % columns];
        let outer: usize = self.fused.outer.iter().product();
        let ends = [outer, self.fused.rows, self.fused.columns];
        std::array::from_fn(|i| index[i] * self.chunk[i]..((index[i] + 1) * self.chunk[i]).min(ends[i]))
    }

    /// The memory that a task touches.
    pub(crate) fn footprint(&self, task: usize) -> Footprint {
        let [outer, rows, columns] = self.part(task);
        self.fused.footprint(outer, rows, columns)
    }

    /// # Safety
    /// The buffers are alive, `scratch` is as [`Runner::new`] asks, and each task runs once at a time.
    pub(crate) unsafe fn run(&self, kernels: &'static Kernels, task: usize, scratch: *mut u8) {
        let [outer, rows, columns] = self.part(task);
        // SAFETY: tasks are disjoint parts of the domain; the rest is the caller's.
        unsafe {
            let mut runner = Runner::new(&self.fused, kernels, scratch, 0);
            for outer in outer {
                runner.set_outer(outer);
                runner.region(rows.clone(), columns.clone());
            }
        }
    }
}
