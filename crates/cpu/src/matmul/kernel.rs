use std::ops::Range;

use glorot_graph::device::DeviceError;
use glorot_graph::program::{Instr, MatMulKernel};
use glorot_tensor::DType;

use super::ahead::Operands;
use super::block::{Block, FEW_ROWS, LONG, PACKED_ROWS, scratch_floats};
use super::cut::{Along, SPEED, cut, cut_along, half_of, parts};
use super::micro::Onto;
use super::offsets::Offsets;
use super::pack::Source;
use crate::kernels::{Kernels, Multiply};
use crate::launch::Grain;
use crate::map::{Accumulator, Fused, Options, Placed, Runner, lower};
use crate::memory::{Aligned, Buffers, span};
use crate::schedule::{Footprint, Region};
use crate::simd::MAX_LANES;

/// Floats of a product in scratch memory that stay in the nearest caches until the epilogue has read them.
const CACHED: usize = 8000;
/// Bytes of all states that stay in a second-level cache from step to step, so that nothing needs to be fetched ahead.
const NEAR: usize = 1 << 20;
/// Floats of a packed `b` that leave room in the second-level cache.
const PACKED: usize = 128 * 1024;
/// The greatest depth of a `b` that is packed whole: its panels of a tile's width stay in the first-level cache.
const PACKED_DEPTH: usize = 128;

/// A matrix product with its epilogue, cut into tasks.
#[derive(Debug)]
pub(crate) struct MatMulTasks {
    dims: [usize; 4],
    a: Placed,
    /// Where its elements lie if strides cannot say it.
    offsets: Option<Offsets>,
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
    /// What the epilogue reads that is fetched while a band is multiplied.
    ahead: Operands,
    /// Length of the rows that a task packs its `b` to, once for all bands; 0: it does not.
    packed_row: usize,
    /// The loop that multiplies in bfloat16, if this product does.
    half: Option<Multiply>,
    /// Parts that `k` is cut into, whose sums are added in order.
    parts: usize,
    /// The sums of each part, where tasks compute so many rows of one part each: rows as long as `pitch`.
    sums: Option<Aligned>,
    part_rows: usize,
    pitch: usize,
    /// Floats of scratch memory of the product itself, and of its result.
    product_floats: usize,
    result_floats: usize,
}

fn not_gathered() -> DeviceError {
    DeviceError("invalid program: a matrix product cannot read an operand that lies so".into())
}

/// A part of the result: rows and columns of one batch element.
struct Piece {
    batch: usize,
    rows: Range<usize>,
    columns: Range<usize>,
}

impl MatMulTasks {
    pub(crate) fn new(
        buffers: &Buffers,
        kernel: &MatMulKernel,
        kernels: &Kernels,
        grain: Grain,
    ) -> Result<MatMulTasks, DeviceError> {
        let MatMulKernel { batch, m, n, k, epilogue, .. } = kernel;
        let (batch, m, n, k) = (*batch, *m, *n, *k);
        if epilogue.domain.dims() != [batch, m, n] {
            let detail = format!("expected an epilogue over [{batch}, {m}, {n}], received {}", epilogue.domain);
            return Err(DeviceError(format!("matrix product: {detail}")));
        }
        let (a, a_span) = buffers.matrix(&kernel.a, [batch, m, k])?;
        let (b, b_span) = buffers.matrix(&kernel.b, [batch, k, n])?;
        let offsets = match &kernel.a.loops {
            _ if kernel.b.loops.is_some() => return Err(not_gathered()),
            None => None,
            Some(_) if batch > 1 || kernel.b.columns != 1 => return Err(not_gathered()),
            Some(loops) => Some(Offsets::of(loops).ok_or_else(not_gathered)?),
        };
        let half = half_of(kernels, [m, n, k]).filter(|_| offsets.as_ref().is_none_or(Offsets::pairs));
        let domain = [batch, m, n];
        for store in &epilogue.stores {
            let written = span(&buffers.stored_view(store.buffer, &store.view, &domain)?, &domain);
            buffers.expect_apart(written, a_span)?;
            buffers.expect_apart(written, b_span)?;
        }

        let mut tasks = MatMulTasks {
            dims: [batch, m, n, k],
            a,
            offsets,
            b,
            c: destination(buffers, kernel)?,
            epilogue: None,
            chunk: [m.max(1), n.max(1)],
            counts: [1; 2],
            band: m.max(1),
            ahead: Operands::default(),
            packed_row: 0,
            half,
            parts: if buffers.is_state(kernel.a.buffer) { parts(batch, n, m, k) } else { parts(batch, m, n, k) },
            sums: None,
            part_rows: m.max(1),
            pitch: n.next_multiple_of(MAX_LANES),
            product_floats: scratch_floats(kernels.tile),
            result_floats: 0,
        };
        let in_place = || tasks.block(0, [0, 0], [m, n]).in_place(kernels.tile);
        if tasks.parts > 1 && (tasks.offsets.is_some() || (half.is_none() && !in_place())) {
            tasks.parts = 1;
        }
        let (dims, steps) = ([m, n, k], epilogue.body.instrs.len());
        let along = match [kernel.a.buffer, kernel.b.buffer].map(|buffer| buffers.is_state(buffer)) {
            // Between samples and weights.
            [false, true] => Some(if n >= m && tasks.parts == 1 { Along::Columns } else { Along::Rows }),
            [true, false] => Some(if m >= n && tasks.parts == 1 { Along::Rows } else { Along::Columns }),
            _ => None,
        };
        (tasks.chunk, tasks.counts) = match (tasks.parts, along) {
            (1, None) => cut(dims, steps, kernels.tile, grain),
            (1, Some(along)) => cut_along(along, dims, steps, kernels, grain),
            (_, along) => cut_along(along.unwrap_or(Along::Rows), [m, n, tasks.parts], steps, kernels, grain),
        };
        // Packed panels are not as deep as parts, whose sums cannot be added to a result piece by piece.
        if tasks.parts > 1 && (grain.threads > 1 || half.is_some()) {
            tasks.sums = Some(Aligned::zeroed(tasks.parts * m * tasks.pitch * 4)?);
            // Threads that no part is left for take rows.
            tasks.part_rows = m.div_ceil(grain.threads.div_ceil(tasks.parts)).next_multiple_of(kernels.tile.0).min(m);
            if half.is_some() {
                tasks.part_rows = tasks.part_rows.min(PACKED_ROWS);
            }
        }
        tasks.band = tasks.chunk[0];
        let accumulator = match &tasks.c {
            Some(placed) => Accumulator::View(placed.clone()),
            None => Accumulator::Scratch(tasks.chunk[1]),
        };
        let options = Options {
            order: &[0, 1, 2],
            groups: &[0; 3],
            accumulator: Some(accumulator),
            max_columns: if tasks.counts[1] > 1 { tasks.chunk[1] } else { usize::MAX },
        };
        let (fused, _) = lower(buffers, &domain, &epilogue.body, &epilogue.stores, &[], &options)?;
        let trivial = matches!(epilogue.body.instrs[..], [Instr::Accumulator]) && epilogue.stores.len() == 1;
        tasks.epilogue = if trivial && tasks.c.is_some() { None } else { Some(fused) };
        let whole = tasks.block(0, [0, 0], tasks.chunk);
        let row = tasks.chunk[1].next_multiple_of(kernels.tile.1);
        if tasks.parts == 1
            && half.is_none()
            && whole.packs_b_alone(kernels.tile)
            && k <= PACKED_DEPTH
            && k * row <= PACKED
        {
            tasks.packed_row = row;
            tasks.product_floats = k * row;
        }
        let rereads = match &tasks.offsets {
            Some(_) => n < 4 * kernels.tile.1,
            None => whole.in_place(kernels.tile),
        };
        let in_bands = tasks.packed_row > 0 || (rereads && k <= LONG && half.is_none());
        if tasks.epilogue.is_some() && tasks.parts == 1 && in_bands {
            let rows = (CACHED / tasks.chunk[1].max(1)).max(1).next_multiple_of(kernels.tile.0);
            tasks.band = rows.min(tasks.chunk[0]);
        }
        // What is fetched for a longer band would be gone before the band is multiplied.
        let short = tasks.counts[1] == 1 && tasks.band * n <= 2 * CACHED;
        if let Some(fused) = &tasks.epilogue
            && short
            && buffers.state_bytes() > NEAR
        {
            tasks.ahead = Operands::of(fused, k, kernels.lanes);
        }
        if tasks.c.is_none() {
            tasks.result_floats = (tasks.band * tasks.chunk[1]).next_multiple_of(MAX_LANES);
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
            a_column: self.offsets.as_ref().map_or(self.a.strides[2] / 4, |offsets| offsets.step),
            gathered: self.offsets.as_ref().map(|offsets| offsets.from(row)),
            b: at(&self.b, 0, column) as *const f32,
            b_row: self.b.strides[1] / 4,
            b_column: self.b.strides[2] / 4,
            c: c as *mut f32,
            c_row,
            few_rows: self.dims[1] <= FEW_ROWS,
            onto: Onto::Nothing,
            padded: false,
            ahead: std::ptr::null_mut(),
        }
    }

    /// Whether tasks compute parts that [`MatMulTasks::combine`] adds.
    pub(crate) fn is_in_parts(&self) -> bool {
        self.sums.is_some()
    }

    pub(crate) fn tasks(&self) -> usize {
        match self.is_in_parts() {
            true => self.parts * self.dims[1].div_ceil(self.part_rows),
            false => self.combine_tasks(),
        }
    }

    /// Tasks of [`MatMulTasks::combine`].
    pub(crate) fn combine_tasks(&self) -> usize {
        self.dims[0] * self.counts[0] * self.counts[1]
    }

    /// Estimated nanoseconds of all tasks without the epilogue, and of the epilogue.
    pub(crate) fn costs(&self) -> [f64; 2] {
        let [batch, m, n, k] = self.dims.map(|dim| dim as f64);
        let points = batch * m * n;
        [points * k / SPEED, points * self.epilogue.as_ref().map_or(0.0, |fused| fused.cost)]
    }

    pub(crate) fn scratch_bytes(&self) -> usize {
        let runner = self.epilogue.as_ref().map_or(0, Runner::scratch_bytes);
        (self.product_floats + self.result_floats) * 4 + runner
    }

    fn piece(&self, task: usize) -> Piece {
        let [_, m, n, _] = self.dims;
        let per_batch = self.counts[0] * self.counts[1];
        let (batch, block) = (task / per_batch, task % per_batch);
        let (row, column) = (block / self.counts[1] * self.chunk[0], block % self.counts[1] * self.chunk[1]);
        Piece { batch, rows: row..(row + self.chunk[0]).min(m), columns: column..(column + self.chunk[1]).min(n) }
    }

    /// Steps along `k` of a part.
    fn steps(&self, part: usize) -> Range<usize> {
        let k = self.dims[3];
        part * k / self.parts..(part + 1) * k / self.parts
    }

    /// Row 0 of the sums of a part.
    fn sums(&self, part: usize) -> usize {
        self.sums.as_ref().map_or(0, |sums| sums.address() + part * self.dims[1] * self.pitch * 4)
    }

    /// The part of a task that computes one, and the result that it is a part of.
    fn part(&self, task: usize) -> (usize, Piece) {
        let [_, m, n, _] = self.dims;
        let row = task / self.parts * self.part_rows;
        (task % self.parts, Piece { batch: 0, rows: row..(row + self.part_rows).min(m), columns: 0..n })
    }

    /// The memory that a task of [`MatMulTasks::run`] touches.
    pub(crate) fn footprint(&self, task: usize) -> Footprint {
        if self.is_in_parts() {
            let (part, piece) = self.part(task);
            let sums = self.sums(part) + piece.rows.start * self.pitch * 4;
            let mut footprint = self.operands(&piece, self.steps(part));
            footprint.writes.push(Region::bytes(sums, piece.rows.len() * self.pitch * 4));
            return footprint;
        }
        let piece = self.piece(task);
        let mut footprint = self.operands(&piece, 0..self.dims[3]);
        footprint.extend(self.results(&piece));
        footprint
    }

    /// The memory that a task of [`MatMulTasks::combine`] touches.
    pub(crate) fn combine_footprint(&self, task: usize) -> Footprint {
        let piece = self.piece(task);
        let mut footprint = self.results(&piece);
        for part in 0..self.parts {
            let sums = self.sums(part) + piece.rows.start * self.pitch * 4;
            footprint.reads.push(Region::bytes(sums, piece.rows.len() * self.pitch * 4));
        }
        footprint
    }

    fn operands(&self, piece: &Piece, steps: Range<usize>) -> Footprint {
        let batch = piece.batch..piece.batch + 1;
        let a = match &self.offsets {
            Some(offsets) => offsets.region(&self.a, piece.rows.clone()),
            None => Region::of_view(&self.a, &[batch.clone(), piece.rows.clone(), steps.clone()]),
        };
        let b = Region::of_view(&self.b, &[batch, steps, piece.columns.clone()]);
        Footprint { reads: a.into_iter().chain(b).collect(), writes: Vec::new() }
    }

    fn results(&self, piece: &Piece) -> Footprint {
        let batch = piece.batch..piece.batch + 1;
        let mut footprint = Footprint::default();
        if let Some(fused) = &self.epilogue {
            footprint = fused.footprint(batch.clone(), piece.rows.clone(), piece.columns.clone());
        }
        if let Some(c) = &self.c {
            footprint.writes.extend(Region::of_view(c, &[batch, piece.rows.clone(), piece.columns.clone()]));
        }
        footprint
    }

    /// # Safety
    /// The buffers are alive, `scratch` is 64-byte aligned with [`MatMulTasks::scratch_bytes`], each task runs once at
    /// a time.
    pub(crate) unsafe fn run(&self, kernels: &'static Kernels, task: usize, scratch: *mut u8) {
        // SAFETY: views were checked against their buffers; tasks are disjoint blocks of the result or of the parts'
        // sums; scratch memory holds the packed panels, the result where it has no buffer, and the runner's part.
        unsafe {
            if self.is_in_parts() {
                let (part, piece) = self.part(task);
                let mut product = self.block(piece.batch, [piece.rows.start, 0], [piece.rows.len(), self.dims[2]]);
                product.c = (self.sums(part) as *mut f32).add(piece.rows.start * self.pitch);
                product.c_row = self.pitch;
                return self.multiply(kernels, product, part..part + 1, scratch);
            }
            let piece = self.piece(task);
            let result = scratch.wrapping_add(self.product_floats * 4);
            let mut epilogue = self.start_epilogue(kernels, &piece, result);
            if self.packed_row > 0 {
                let block = self.block(piece.batch, [piece.rows.start, piece.columns.start], [0, piece.columns.len()]);
                let Block { b: from, b_row: step, b_column: column, k, n: columns, .. } = block;
                (kernels.pack)(&Source { from, step, column, k, columns }, self.packed_row, scratch.cast());
            }
            for row in piece.rows.clone().step_by(self.band) {
                let rows = row..(row + self.band).min(piece.rows.end);
                let mut product =
                    self.block(piece.batch, [row, piece.columns.start], [rows.len(), piece.columns.len()]);
                if self.packed_row > 0 {
                    let b = scratch.cast_const().cast();
                    product = Block { b, b_row: self.packed_row, b_column: 1, padded: true, ..product };
                }
                if self.c.is_none() {
                    product.c = result.cast();
                }
                let mut ahead = self.ahead.rows(&rows);
                product.ahead = ahead.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
                self.multiply(kernels, product, 0..self.parts, scratch);
                self.apply(&mut epilogue, &product, rows, &piece.columns);
            }
        }
    }

    /// Adds the sums of the parts and runs the epilogue over some rows.
    ///
    /// # Safety
    /// As for [`MatMulTasks::run`], all tasks of which have ended.
    pub(crate) unsafe fn combine(&self, kernels: &'static Kernels, task: usize, scratch: *mut u8) {
        let piece = self.piece(task);
        let columns = piece.columns.len();
        let result = scratch.wrapping_add(self.product_floats * 4);
        // SAFETY: as above.
        unsafe {
            let mut epilogue = self.start_epilogue(kernels, &piece, result);
            let mut product = self.block(0, [piece.rows.start, piece.columns.start], [piece.rows.len(), columns]);
            if self.c.is_none() {
                product.c = result.cast();
            }
            for (i, row) in piece.rows.clone().enumerate() {
                let from = (self.sums(0) as *const f32).add(row * self.pitch + piece.columns.start);
                let to = product.c.add(i * product.c_row);
                (kernels.add_rows)(from, self.dims[1] * self.pitch, self.parts, to, columns);
            }
            self.apply(&mut epilogue, &product, piece.rows.clone(), &piece.columns);
        }
    }

    unsafe fn start_epilogue(&self, kernels: &'static Kernels, piece: &Piece, result: *mut u8) -> Option<Runner<'_>> {
        let own = result.wrapping_add(self.result_floats * 4);
        // SAFETY: scratch memory holds the runner's part behind the result; the rest is the caller's.
        self.epilogue.as_ref().map(|fused| unsafe { Runner::new(fused, kernels, own, piece.batch) })
    }

    /// The product over some parts of `k`, one after the other.
    unsafe fn multiply(&self, kernels: &'static Kernels, product: Block, parts: Range<usize>, scratch: *mut u8) {
        let first = parts.start;
        for part in parts {
            let steps = self.steps(part);
            let block = Block {
                k: steps.len(),
                a: product.a.wrapping_add(steps.start * product.a_column),
                b: product.b.wrapping_add(steps.start * product.b_row),
                onto: if part == first { Onto::Nothing } else { Onto::Total },
                ..product
            };
            // SAFETY: the steps lie inside the operands; the rest is the caller's.
            unsafe {
                if block.k == 0 {
                    block.clear();
                } else {
                    self.half.unwrap_or(kernels.multiply)(&block, scratch.cast());
                }
            }
        }
    }

    /// Runs the epilogue over rows whose product is there.
    unsafe fn apply(
        &self,
        epilogue: &mut Option<Runner<'_>>,
        product: &Block,
        rows: Range<usize>,
        columns: &Range<usize>,
    ) {
        let Some(runner) = epilogue else { return };
        // The address of row 0, column 0, as views count from there.
        let first = rows.start * product.c_row + columns.start;
        runner.set_accumulator((product.c as usize).wrapping_sub(first * 4));
        // SAFETY: rows and columns belong to the caller's task.
        unsafe { runner.region(rows, columns.clone()) };
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
