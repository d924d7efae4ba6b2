//! The overlap-add of windows that a matrix product computes: what the gradient of a convolution's input is.
//!
//! A task computes blocks of the output. A band of the product's rows, each a window, is computed in scratch memory that
//! stays in the caches, and added to the output at once. Windows are added in ascending order, as [`crate::fold_windows`]
//! does, so that cutting into bands does not show.

use std::ops::Range;

use glorot_graph::device::DeviceError;
use glorot_graph::program::{FoldAxis, FoldWindowsKernel, MatMulKernel};
use glorot_tensor::DType;

use crate::fold_windows::{check, product as lengths};
use crate::kernels::{Kernels, Multiply};
use crate::map::Placed;
use crate::matmul::{Block, PACKED_ROWS, SPEED, half_of, scratch_floats};
use crate::memory::Buffers;
use crate::schedule::{Footprint, Region};

/// Floats of a band, which should stay in the second-level cache beside the operands.
const BAND: usize = 96 * 1024;
/// The fewest rows of a band, for which the second operand is packed, if there are as many.
const ROWS: usize = 64;
/// Bands have a multiple of this many rows, which suits the tiles of all products.
const TILE: usize = 8;
/// Nanoseconds of adding an element.
const ADD: f64 = 0.03;

/// A fold of a product, cut into tasks of whole blocks of windows.
#[derive(Debug)]
pub(crate) struct FoldProductTasks {
    /// Blocks, and those of a task.
    blocks: usize,
    chunk: usize,
    /// Rows and columns of the product of a block, and steps.
    dims: [usize; 3],
    a: Placed,
    b: Placed,
    multiply: Multiply,
    band: usize,
    product_floats: usize,
    output: usize,
    block_len: usize,
    windows: Windows,
}

/// Where windows lie in a block of the output.
#[derive(Debug)]
pub(crate) struct Windows {
    /// The first element of each.
    starts: Vec<usize>,
    /// Elements of a window.
    len: usize,
    /// Contiguous runs of a window: place in the window, and from its first element in the output.
    runs: Vec<[usize; 2]>,
    run_len: usize,
}

impl FoldProductTasks {
    pub(crate) fn new(
        buffers: &Buffers,
        fold: &FoldWindowsKernel,
        product: &MatMulKernel,
        kernels: &Kernels,
        threads: usize,
    ) -> Result<FoldProductTasks, DeviceError> {
        let windows = Windows::of(&fold.axes, fold.inner)?;
        let MatMulKernel { m, n, k, .. } = *product;
        let rows = windows.starts.len();
        let block_len = lengths(fold.axes.iter().map(|axis| axis.length).chain([fold.inner]))?;
        if Some(m) != fold.outer.checked_mul(rows) || n != windows.len || product.batch != 1 || k == 0 {
            return Err(invalid());
        }
        let (a, a_span) = buffers.matrix(&product.a, [1, m, k])?;
        let (b, b_span) = buffers.matrix(&product.b, [1, k, n])?;
        if product.a.loops.is_some() || product.b.loops.is_some() {
            return Err(invalid());
        }
        let output_len = lengths([fold.outer, block_len])?;
        let output = buffers.dense_output(fold.output, DType::F32, output_len)?;
        for operand in [a_span, b_span] {
            buffers.expect_apart((output, output + output_len * 4), operand)?;
        }
        let band = (BAND / n.max(1)).clamp(ROWS, PACKED_ROWS) / TILE * TILE;
        // Small blocks share a band, as long as all threads have some.
        let chunk = (band / rows.max(1)).min(fold.outer / (2 * threads)).max(1);
        Ok(FoldProductTasks {
            blocks: fold.outer,
            chunk,
            dims: [rows, n, k],
            a,
            b,
            multiply: half_of(kernels, [m, n, k]).unwrap_or(kernels.multiply),
            band: band.min(chunk * rows),
            product_floats: scratch_floats(kernels.tile),
            output,
            block_len,
            windows,
        })
    }

    pub(crate) fn tasks(&self) -> usize {
        self.blocks.div_ceil(self.chunk)
    }

    /// Estimated nanoseconds of all tasks.
    pub(crate) fn cost(&self) -> f64 {
        let [m, n, k] = self.dims.map(|dim| dim as f64);
        self.blocks as f64 * m * n * (k / SPEED + ADD)
    }

    pub(crate) fn scratch_bytes(&self) -> usize {
        (self.product_floats + self.band * self.dims[1]) * 4
    }

    /// The blocks of a task.
    fn part(&self, task: usize) -> Range<usize> {
        task * self.chunk..((task + 1) * self.chunk).min(self.blocks)
    }

    fn out(&self, block: usize) -> usize {
        self.output + block * self.block_len * 4
    }

    /// The memory that a task touches.
    pub(crate) fn footprint(&self, task: usize) -> Footprint {
        let ([rows, n, k], blocks) = (self.dims, self.part(task));
        let a = Region::of_view(&self.a, &[0..1, blocks.start * rows..blocks.end * rows, 0..k]);
        let b = Region::of_view(&self.b, &[0..1, 0..k, 0..n]);
        let written = Region::bytes(self.out(blocks.start), blocks.len() * self.block_len * 4);
        Footprint { reads: a.into_iter().chain(b).collect(), writes: vec![written] }
    }

    /// # Safety
    /// The buffers are alive, `scratch` is 64-byte aligned with [`FoldProductTasks::scratch_bytes`], each task runs once
    /// at a time.
    pub(crate) unsafe fn run(&self, kernels: &'static Kernels, task: usize, scratch: *mut u8) {
        let ([rows, n, k], blocks) = (self.dims, self.part(task));
        let result = scratch.cast::<f32>().wrapping_add(self.product_floats);
        let (out, end) = (self.out(blocks.start) as *mut f32, blocks.end * rows);
        // SAFETY: views and the output were checked against their buffers; a band fits into scratch memory, and windows
        // lie inside the block.
        unsafe {
            std::slice::from_raw_parts_mut(out, blocks.len() * self.block_len).fill(0.0);
            for first in (blocks.start * rows..end).step_by(self.band) {
                let last = (first + self.band).min(end);
                let block = Block {
                    m: last - first,
                    n,
                    k,
                    a: (self.a.address + first * self.a.strides[1]) as *const f32,
                    a_row: self.a.strides[1] / 4,
                    a_column: self.a.strides[2] / 4,
                    b: self.b.address as *const f32,
                    b_row: self.b.strides[1] / 4,
                    b_column: self.b.strides[2] / 4,
                    ..Block::onto_nothing(result, n)
                };
                (self.multiply)(&block, scratch.cast());
                // Windows of one block at a time.
                let mut row = first;
                while row < last {
                    let block = row / rows;
                    let until = last.min((block + 1) * rows);
                    let from = result.add((row - first) * n);
                    let range = row - block * rows..until - block * rows;
                    (kernels.add_windows)(&self.windows, range, from, self.out(block) as *mut f32);
                    row = until;
                }
            }
        }
    }
}

impl Windows {
    fn of(axes: &[FoldAxis], inner: usize) -> Result<Windows, DeviceError> {
        let (mut starts, mut elements) = (vec![0usize], vec![0usize]);
        for (axis, FoldAxis { positions, size, stride, dilation, .. }) in axes.iter().enumerate() {
            check(&axes[axis])?;
            let step = lengths(axes[axis + 1..].iter().map(|axis| axis.length).chain([inner]))?;
            let spread = |from: Vec<usize>, count: usize, by: usize| -> Vec<usize> {
                from.iter().flat_map(|&at| (0..count).map(move |turn| at + turn * by * step)).collect()
            };
            (starts, elements) = (spread(starts, *positions, *stride), spread(elements, *size, *dilation));
        }
        // Elements of the last axis that lie next to each other are one run.
        let joined = match axes.last() {
            Some(last) if last.dilation == 1 => last.size,
            Some(_) => 1,
            None => return Err(invalid()),
        };
        let run = |(number, &place): (usize, &usize)| [number * inner, place];
        let runs = elements.iter().enumerate().step_by(joined).map(run).collect();
        Ok(Windows { starts, len: elements.len() * inner, runs, run_len: joined * inner })
    }
}

fn invalid() -> DeviceError {
    DeviceError("invalid program: windows of a product do not fit the result".into())
}

/// Adds windows, which lie one after the other from `from` on, to a block of the output.
///
/// # Safety
/// All windows of the range can be read, the block can be written.
#[inline(always)]
pub(crate) unsafe fn add_windows(windows: &Windows, range: Range<usize>, from: *const f32, out: *mut f32) {
    for (number, &start) in windows.starts[range].iter().enumerate() {
        for &[place, to] in &windows.runs {
            // SAFETY: runs lie inside of windows, windows inside of the block.
            let (sums, values) = unsafe {
                let from = from.add(number * windows.len + place);
                let to = out.add(start + to);
                (std::slice::from_raw_parts_mut(to, windows.run_len), std::slice::from_raw_parts(from, windows.run_len))
            };
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
        }
    }
}
