use glorot_graph::device::DeviceError;
use glorot_graph::program::{Instr, MatMulKernel};
use glorot_tensor::DType;

use super::block::{Block, PACKED_ROWS, scratch_floats};
use crate::kernels::Kernels;
use crate::map::{Accumulator, Fused, Options, Placed, Runner, lower};
use crate::memory::{Buffers, span};

/// Multiply-adds in a nanosecond that a task is planned with.
const SPEED: f64 = 45.0;
/// Nanoseconds of an instruction of the epilogue at one point, of its choice for a tile, of reading a float.
const STEP: f64 = 0.03;
const SHORT_TILE: f64 = 5.0;
const FLOAT: f64 = 0.1;
/// A task should take about this long, in nanoseconds; a third as long where it is one of two.
const TASK: f64 = 16_000.0;
/// The most tasks of one batch element.
const MAX_TASKS: usize = 32;
/// Floats of a product in scratch memory that stay in the first-level cache until the epilogue has read them.
const CACHED: usize = 4096;

/// A matrix product with its epilogue, cut into tasks.
#[derive(Debug)]
pub(crate) struct MatMulTasks {
    dims: [usize; 4],
    a: Placed,
    b: Placed,
    /// Where the product goes before the epilogue; scratch memory if `None`.
    c: Option<Placed>,
    /// `None`: the product is the result.
    epilogue: Option<Fused>,
    /// Rows and columns of a task.
    chunk: [usize; 2],
    counts: [usize; 2],
    /// Rows of a task that pass through the epilogue together.
    band: usize,
    /// Floats of scratch memory of the product itself, and of its result.
    product_floats: usize,
    result_floats: usize,
}

impl MatMulTasks {
    pub(crate) fn new(buffers: &Buffers, kernel: &MatMulKernel, kernels: &Kernels) -> Result<MatMulTasks, DeviceError> {
        let MatMulKernel { batch, m, n, k, epilogue, .. } = kernel;
        let (batch, m, n, k) = (*batch, *m, *n, *k);
        if epilogue.domain.dims() != [batch, m, n] {
            let detail = format!("expected an epilogue over [{batch}, {m}, {n}], received {}", epilogue.domain);
            return Err(DeviceError(format!("matrix product: {detail}")));
        }
        let a = buffers.matrix(&kernel.a, [batch, m, k])?;
        let b = buffers.matrix(&kernel.b, [batch, k, n])?;
        let domain = [batch, m, n];
        for store in &epilogue.stores {
            let written = span(&buffers.stored_view(store.buffer, &store.view, &domain)?, &domain);
            buffers.expect_apart(written, span(&a, &[batch, m, k]))?;
            buffers.expect_apart(written, span(&b, &[batch, k, n]))?;
        }

        let (chunk, counts) = cut([m, n, k], epilogue.body.instrs.len(), kernels.tile);
        let c = destination(buffers, kernel)?;
        let trivial = matches!(epilogue.body.instrs[..], [Instr::Accumulator]) && epilogue.stores.len() == 1;
        let accumulator = match &c {
            Some(placed) => Accumulator::View(placed.clone()),
            None => Accumulator::Scratch(chunk[1]),
        };
        let options = Options {
            order: &[0, 1, 2],
            groups: &[0; 3],
            accumulator: Some(accumulator),
            max_columns: if counts[1] > 1 { chunk[1] } else { usize::MAX },
        };
        let (fused, _) = lower(buffers, &domain, &epilogue.body, &epilogue.stores, &[], &options)?;
        let epilogue = if trivial && c.is_some() { None } else { Some(fused) };
        let mut tasks = MatMulTasks {
            dims: [batch, m, n, k],
            a,
            b,
            c,
            epilogue,
            chunk,
            counts,
            band: chunk[0],
            product_floats: scratch_floats(kernels.tile),
            result_floats: 0,
        };
        if tasks.epilogue.is_some() && tasks.block(0, [0, 0], chunk).in_place(kernels.tile) {
            let rows = (CACHED / chunk[1].max(1)).max(1).next_multiple_of(kernels.tile.0);
            tasks.band = rows.min(chunk[0]);
        }
        if tasks.c.is_none() {
            tasks.result_floats = (tasks.band * chunk[1]).next_multiple_of(16);
        }
        Ok(tasks)
    }

    /// The product from (row, column) on; where it goes to is left open if that is scratch memory.
    fn block(&self, batch: usize, [row, column]: [usize; 2], [rows, columns]: [usize; 2]) -> Block {
        let at = |view: &Placed, i: usize, j: usize| {
            view.address + batch * view.strides[0] + i * view.strides[1] + j * view.strides[2]
        };
        let (c, c_row) = match &self.c {
            Some(view) => (at(view, row, column), view.strides[1] / 4),
            None => (0, self.chunk[1]),
        };
        Block {
            m: rows,
            n: columns,
            k: self.dims[3],
            a: at(&self.a, row, 0) as *const f32,
            a_row: self.a.strides[1] / 4,
            a_column: self.a.strides[2] / 4,
            b: at(&self.b, 0, column) as *const f32,
            b_row: self.b.strides[1] / 4,
            b_column: self.b.strides[2] / 4,
            c: c as *mut f32,
            c_row,
        }
    }

    pub(crate) fn tasks(&self) -> usize {
        self.dims[0] * self.counts[0] * self.counts[1]
    }

    /// Estimated nanoseconds of all tasks.
    pub(crate) fn cost(&self) -> f64 {
        let [batch, m, n, k] = self.dims.map(|dim| dim as f64);
        let points = batch * m * n;
        points * (k / SPEED + self.epilogue.as_ref().map_or(0.0, |fused| fused.cost))
    }

    pub(crate) fn scratch_bytes(&self) -> usize {
        let runner = self.epilogue.as_ref().map_or(0, Runner::scratch_bytes);
        (self.product_floats + self.result_floats) * 4 + runner
    }

    /// # Safety
    /// The buffers are alive, `scratch` is 64-byte aligned with [`MatMulTasks::scratch_bytes`], each task runs once at
    /// a time.
    pub(crate) unsafe fn run(&self, kernels: &'static Kernels, task: usize, scratch: *mut u8) {
        let [_, m, n, k] = self.dims;
        let per_batch = self.counts[0] * self.counts[1];
        let (batch, block) = (task / per_batch, task % per_batch);
        let (first, column) = (block / self.counts[1] * self.chunk[0], block % self.counts[1] * self.chunk[1]);
        let (end, columns) = ((first + self.chunk[0]).min(m), self.chunk[1].min(n - column));
        let result = scratch.wrapping_add(self.product_floats * 4);
        let own = result.wrapping_add(self.result_floats * 4);
        // SAFETY: views were checked against their buffers; tasks are disjoint blocks of the result; scratch memory
        // holds the packed panels, the result where it has no buffer, and the runner's part.
        unsafe {
            let mut runner = self.epilogue.as_ref().map(|fused| Runner::new(fused, kernels, own, batch));
            for row in (first..end).step_by(self.band) {
                let rows = self.band.min(end - row);
                let mut product = self.block(batch, [row, column], [rows, columns]);
                if self.c.is_none() {
                    product.c = result.cast();
                }
                if k == 0 {
                    product.clear();
                } else {
                    (kernels.multiply)(&product, scratch.cast());
                }
                if let Some(runner) = &mut runner {
                    // The address of row 0, column 0, as views count from there.
                    runner.set_accumulator((product.c as usize).wrapping_sub((row * product.c_row + column) * 4));
                    runner.region(row..row + rows, column..column + columns);
                }
            }
        }
    }
}

/// The first stored matrix whose rows are contiguous and whose memory the epilogue does not read.
fn destination(buffers: &Buffers, kernel: &MatMulKernel) -> Result<Option<Placed>, DeviceError> {
    let domain = [kernel.batch, kernel.m, kernel.n];
    let mut read = Vec::new();
    for instr in &kernel.epilogue.body.instrs {
        if let Instr::Load { buffer, view } = instr {
            read.push(span(&buffers.view(*buffer, view, &domain)?, &domain));
        }
    }
    for store in &kernel.epilogue.stores {
        let view = buffers.stored_view(store.buffer, &store.view, &domain)?;
        let (first, end) = span(&view, &domain);
        let contiguous = view.strides[2] == 4 || kernel.n == 1;
        let untouched = read.iter().all(|&(from, to)| to <= first || end <= from);
        if buffers.dtype(store.buffer)? == DType::F32 && contiguous && untouched {
            return Ok(Some(view));
        }
    }
    Ok(None)
}

/// Rows and columns of a task, and how many there are. `steps`: instructions of the epilogue.
fn cut([m, n, k]: [usize; 3], steps: usize, tile: (usize, usize)) -> ([usize; 2], [usize; 2]) {
    let points = (m * n) as f64;
    let time = points * (k as f64 / SPEED + steps as f64 * STEP);
    let wanted = if time < TASK / 3.0 { 1 } else { ((time / TASK) as usize).clamp(2, MAX_TASKS) };
    let (bands, panels) = (m.div_ceil(tile.0).max(1), n.div_ceil(tile.1).max(1));
    let mut best = (f64::INFINITY, [m.max(1), n.max(1)]);
    for column_tasks in 1..=panels.min(wanted) {
        let columns = (panels.div_ceil(column_tasks) * tile.1).min(n.max(1));
        let row_tasks = wanted.div_ceil(column_tasks).min(bands);
        let rows = (bands.div_ceil(row_tasks) * tile.0).min(PACKED_ROWS).min(m.max(1));
        let counts = [m.div_ceil(rows).max(1), n.div_ceil(columns).max(1)];
        // Floats that are read: every row of tasks reads all of `b`, every column of tasks all of `a`. An epilogue over
        // short pieces of rows takes far longer than over whole ones.
        let reads = (counts[0] * k * n + counts[1] * m * k) as f64;
        let pieces = if counts[1] > 1 { points * steps as f64 * SHORT_TILE / columns as f64 } else { 0.0 };
        // Too few tasks leave threads idle, and so do tasks of different sizes.
        let tasks = counts[0] * counts[1];
        let missing = (1.0 - tasks as f64 / wanted as f64).max(0.0);
        let uneven = (rows * columns * tasks) as f64 / points.max(1.0) - 1.0;
        let cost = reads + (pieces + time * 0.5 * (missing + uneven)) / FLOAT;
        if cost < best.0 {
            best = (cost, [rows, columns]);
        }
    }
    let [rows, columns] = best.1;
    ([rows, columns], [m.div_ceil(rows), n.div_ceil(columns)])
}
