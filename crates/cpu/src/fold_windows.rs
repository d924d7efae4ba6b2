//! Overlap-add of windows.
//!
//! An output row (all elements along the last folded axis) collects from every window over the other folded axes that
//! takes it; where these lie in the source is found once. Within a row, whole windows are added one after another.
//! Rows belong to one task each, so the order of additions is fixed.

use std::ops::Range;

use glorot_graph::device::DeviceError;
use glorot_graph::program::{FoldAxis, FoldWindowsKernel};
use glorot_tensor::DType;

use crate::memory::Buffers;
use crate::schedule::{Footprint, Region};

/// Nanoseconds that an element of the source takes.
const ADD: f64 = 0.25;
/// Elements of the source that a task adds.
const TASK_ELEMENTS: usize = 32 * 1024;

/// A fold kernel, cut into tasks of whole rows.
#[derive(Debug)]
pub(crate) struct FoldWindowsTasks {
    source: usize,
    output: usize,
    rows: usize,
    /// Rows of the output, and elements of the source, of one step along the outer axes.
    rows_per_block: usize,
    source_per_block: usize,
    /// Elements of a row, and of a window's part of a row.
    row_len: usize,
    window: Part,
    /// For each row of a block its first entry in `parts`; and one more, the end.
    first_part: Vec<usize>,
    /// Where the windows' parts of a row begin in the block's source, ascending.
    parts: Vec<usize>,
    chunk: usize,
}

/// How windows move along a row, in elements.
#[derive(Clone, Copy, Debug)]
struct Part {
    positions: usize,
    /// From one window to the next in the source and in the row.
    source_step: usize,
    row_step: usize,
    /// Contiguous runs of a window, with the distance between them in the row.
    runs: usize,
    run_len: usize,
    run_step: usize,
}

fn invalid() -> DeviceError {
    DeviceError("invalid program: windows to fold reach beyond the result".into())
}

/// The product of lengths, unless it is too large.
pub(crate) fn product(dims: impl IntoIterator<Item = usize>) -> Result<usize, DeviceError> {
    dims.into_iter().try_fold(1usize, |product, dim| product.checked_mul(dim)).ok_or_else(invalid)
}

/// Elements from the first to behind the last of `count` steps.
fn reach(count: usize, step: usize) -> Option<usize> {
    (count - 1).checked_mul(step)
}

/// Fails if a window reaches beyond its axis.
pub(crate) fn check(axis: &FoldAxis) -> Result<(), DeviceError> {
    if axis.positions == 0 || axis.size == 0 {
        return Err(invalid());
    }
    let last = reach(axis.positions, axis.stride).zip(reach(axis.size, axis.dilation));
    let last = last.and_then(|(window, element)| window.checked_add(element));
    if last.is_some_and(|last| last < axis.length) { Ok(()) } else { Err(invalid()) }
}

impl FoldWindowsTasks {
    pub(crate) fn new(buffers: &Buffers, kernel: &FoldWindowsKernel) -> Result<FoldWindowsTasks, DeviceError> {
        let FoldWindowsKernel { axes, outer, inner, .. } = kernel;
        let (outer, inner) = (*outer, *inner);
        axes.iter().try_for_each(check)?;
        let [leading @ .., last] = axes.as_slice() else { return Err(invalid()) };
        let sizes = || axes.iter().map(|axis| axis.size);
        let source_per_block = product(axes.iter().map(|axis| axis.positions).chain(sizes()).chain([inner]))?;
        let rows_per_block = product(leading.iter().map(|axis| axis.length))?;
        let row_len = product([last.length, inner])?;
        let (source_len, rows) = (product([outer, source_per_block])?, product([outer, rows_per_block])?);
        let output_len = product([rows, row_len])?;
        let source = buffers.dense(kernel.source, DType::F32, source_len)?;
        let output = buffers.dense_output(kernel.output, DType::F32, output_len)?;
        buffers.expect_apart((output, output + output_len * 4), (source, source + source_len * 4))?;

        let mut of_row: Vec<Vec<usize>> = vec![Vec::new(); rows_per_block];
        let window_len = product(sizes().chain([inner]))?;
        collect_parts(leading, last, window_len, &mut of_row);
        let mut first_part = Vec::with_capacity(rows_per_block + 1);
        let mut parts = Vec::new();
        for found in &mut of_row {
            first_part.push(parts.len());
            found.sort_unstable();
            parts.append(found);
        }
        first_part.push(parts.len());
        // Windows that step by one element, or have one, are single runs.
        let run = if last.dilation == 1 { last.size } else { 1 };
        let part = Part {
            positions: last.positions,
            source_step: window_len,
            row_step: last.stride.saturating_mul(inner),
            runs: last.size / run,
            run_len: run * inner,
            run_step: last.dilation.saturating_mul(inner),
        };
        let per_row = (source_per_block / rows_per_block).max(row_len).max(1);
        let chunk = (TASK_ELEMENTS / per_row).max(1);
        Ok(FoldWindowsTasks {
            source,
            output,
            rows,
            rows_per_block,
            source_per_block,
            row_len,
            window: part,
            first_part,
            parts,
            chunk,
        })
    }

    pub(crate) fn tasks(&self) -> usize {
        if self.row_len == 0 { 0 } else { self.rows.div_ceil(self.chunk) }
    }

    fn part(&self, task: usize) -> Range<usize> {
        task * self.chunk..((task + 1) * self.chunk).min(self.rows)
    }

    /// The memory that a task touches.
    pub(crate) fn footprint(&self, task: usize) -> Footprint {
        let rows = self.part(task);
        let blocks = rows.start / self.rows_per_block..rows.end.div_ceil(self.rows_per_block);
        let read = Region::bytes(
            self.source + blocks.start * self.source_per_block * 4,
            blocks.len() * self.source_per_block * 4,
        );
        let written = Region::bytes(self.output + rows.start * self.row_len * 4, rows.len() * self.row_len * 4);
        Footprint { reads: vec![read], writes: vec![written] }
    }

    /// Estimated nanoseconds of all tasks.
    pub(crate) fn cost(&self) -> f64 {
        (self.rows / self.rows_per_block * self.source_per_block) as f64 * ADD
    }
}

/// Finds for each row of a block the windows' parts that it collects.
fn collect_parts(leading: &[FoldAxis], last: &FoldAxis, window_len: usize, of_row: &mut [Vec<usize>]) {
    let count = |of: fn(&FoldAxis) -> usize| leading.iter().map(of).product::<usize>();
    let (windows, elements) = (count(|axis| axis.positions), count(|axis| axis.size));
    let part_len = window_len / elements;
    for window in 0..windows {
        for element in 0..elements {
            let (mut row, mut row_step) = (0, 1);
            let (mut window_rest, mut element_rest) = (window, element);
            for axis in leading.iter().rev() {
                let place = window_rest % axis.positions * axis.stride + element_rest % axis.size * axis.dilation;
                row += place * row_step;
                row_step *= axis.length;
                window_rest /= axis.positions;
                element_rest /= axis.size;
            }
            of_row[row].push(window * last.positions * window_len + element * part_len);
        }
    }
}

/// Runs one task.
///
/// # Safety
/// The buffers are alive and each task runs once at a time.
#[inline(always)]
pub(crate) unsafe fn fold_windows(tasks: &FoldWindowsTasks, task: usize) {
    let part = tasks.window;
    for row in tasks.part(task) {
        let (block, row_of_block) = (row / tasks.rows_per_block, row % tasks.rows_per_block);
        let starts = &tasks.parts[tasks.first_part[row_of_block]..tasks.first_part[row_of_block + 1]];
        // SAFETY: buffers hold all rows and blocks; every element of a window lies in its row, as `new` has checked.
        unsafe {
            let to = (tasks.output as *mut f32).add(row * tasks.row_len);
            let from = (tasks.source as *const f32).add(block * tasks.source_per_block);
            std::slice::from_raw_parts_mut(to, tasks.row_len).fill(0.0);
            for &start in starts {
                for position in 0..part.positions {
                    let from = from.add(start + position * part.source_step);
                    let to = to.add(position * part.row_step);
                    for run in 0..part.runs {
                        add(from.add(run * part.run_len), to.add(run * part.run_step), part.run_len);
                    }
                }
            }
        }
    }
}

/// Adds `len` elements to others.
///
/// # Safety
/// Both are valid for `len` elements and apart.
#[inline(always)]
unsafe fn add(from: *const f32, to: *mut f32, len: usize) {
    // SAFETY: the caller vouches for both.
    let (from, to) = unsafe { (std::slice::from_raw_parts(from, len), std::slice::from_raw_parts_mut(to, len)) };
    to.iter_mut().zip(from).for_each(|(sum, value)| *sum += value);
}
