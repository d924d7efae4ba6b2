use glorot_graph::device::DeviceError;
use glorot_graph::program::ReduceKernel;
use glorot_tensor::DType;

use super::accumulate::{Kind, arg_max};
use super::plan::error;
use crate::kernels::Kernels;
use crate::map::{Fused, Options, Runner, lower};
use crate::memory::{Aligned, Buffers, span};
use crate::schedule::{Footprint, Region};

/// A task should take about this long, in nanoseconds.
const TASK: f64 = 8_000.0;
/// Rows that are added in float32 before their sum goes to float64.
const FLOAT_ROWS: usize = 128;
/// The most parts that the elements behind one result are cut into.
const MAX_SPLITS: usize = 64;

/// One reduced value and where it goes.
#[derive(Debug)]
struct Output {
    kind: Kind,
    output: *mut u32,
}

/// Loops as `kept × reduced`, see [`Form`].
#[derive(Debug)]
pub(crate) struct ReduceTasks {
    fused: Fused,
    form: Form,
    results: Vec<Output>,
    /// Results of the kept loops (but for the columns in [`Form::Columns`]).
    kept: usize,
    /// Turns of the reduced loops among the outer ones.
    reduced: usize,
    /// Kept results, columns of a task; parts that the reduced loops are cut into.
    chunk: usize,
    chunk_columns: usize,
    splits: usize,
    /// Accumulators of `splits × results × (kept × columns)`, where there is more than one split.
    partials: Option<Aligned>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Each row of a tile is one result: loops `kept…, row, [columns]`, a row fits into a tile.
    Rows,
    /// A whole tile goes into one result: loops `kept…, [reduced…, columns]`.
    Tiles,
    /// Each column of a tile is one result: loops `kept…, [reduced…], columns`.
    Columns,
}

// SAFETY: the output addresses are written by tasks that are disjoint, while the session holds the memory.
unsafe impl Send for ReduceTasks {}
// SAFETY: as above.
unsafe impl Sync for ReduceTasks {}

impl ReduceTasks {
    /// Cuts a kernel of more than one element for each result.
    pub(super) fn new(buffers: &Buffers, kernel: &ReduceKernel) -> Result<ReduceTasks, DeviceError> {
        let (domain, rank) = (kernel.domain.dims(), kernel.domain.rank());
        let reduced = |axis: &usize| kernel.axes.contains(axis);
        let values: Vec<u32> = kernel.reductions.iter().map(|reduction| reduction.value).collect();
        // Kept loops inside of all reduced ones stay there, and all others go out.
        let last_reduced = (0..rank).rev().find(|axis| reduced(axis) && domain[*axis] > 1);
        let mut inner: Vec<usize> =
            (0..rank).filter(|&axis| Some(axis) > last_reduced && !reduced(&axis) && domain[axis] > 1).collect();
        let (mut fused, groups) = loop {
            let outer_kept = (0..rank).filter(|axis| !reduced(axis) && !inner.contains(axis));
            let order: Vec<usize> = outer_kept.chain((0..rank).filter(reduced)).chain(inner.iter().copied()).collect();
            let group = |axis: usize| if reduced(&axis) { 1 } else { 2 * usize::from(inner.contains(&axis)) };
            let groups: Vec<usize> = (0..rank).map(group).collect();
            let options = Options { order: &order, groups: &groups, accumulator: None, max_columns: usize::MAX };
            let (fused, groups) = lower(buffers, domain, &kernel.body, &[], &values, &options)?;
            if groups.iter().filter(|&&group| group == 2).count() <= 1 {
                break (fused, groups);
            }
            // They do not become one loop: only the innermost can stay.
            inner.drain(..inner.len() - 1);
        };
        let by_column = !inner.is_empty();
        fused.cost += 0.05 * values.len() as f64;

        let count: usize = kernel.axes.iter().map(|&axis| domain[axis]).product();
        let total: usize = (0..rank).filter(|axis| !reduced(axis)).map(|axis| domain[axis]).product();
        let mut results = Vec::new();
        for reduction in &kernel.reductions {
            let dtype = kernel.body.dtypes[reduction.value as usize];
            let Some(kind) = Kind::of(reduction.kind, dtype) else { return Err(error(format!("of {dtype}"))) };
            let dtype = if let Kind::ArgMax(_) = kind { DType::I32 } else { dtype };
            let address = buffers.dense_output(reduction.output, dtype, total)?;
            for view in &fused.views {
                let dims: Vec<usize> = fused.outer.iter().copied().chain([fused.rows, fused.columns]).collect();
                buffers.expect_apart((address, address + 4 * total), span(view, &dims))?;
            }
            results.push(Output { kind, output: address as *mut u32 });
        }

        let reduced_loops = groups.iter().filter(|&&group| group == 1).count();
        let form = match groups.last() {
            Some(2) => Form::Columns,
            _ if reduced_loops == 1 && fused.columns <= fused.tile_columns => Form::Rows,
            _ => Form::Tiles,
        };
        // The rows are a reduced loop but where the columns are the only one.
        let rows_kept = form != Form::Columns && reduced_loops == 1;
        let per_turn = if rows_kept { fused.columns } else { fused.rows * if by_column { 1 } else { fused.columns } };
        let kept = total / if by_column { fused.columns.max(1) } else { 1 };
        let mut tasks = ReduceTasks {
            reduced: count / per_turn.max(1),
            kept,
            form,
            results,
            chunk: 1,
            chunk_columns: fused.columns,
            splits: 1,
            partials: None,
            fused,
        };
        tasks.cut(count)?;
        Ok(tasks)
    }

    /// Chooses the size of tasks; `count` elements go into each result.
    fn cut(&mut self, count: usize) -> Result<(), DeviceError> {
        let points = ((TASK / self.fused.cost) as usize).max(1);
        let width = if self.form == Form::Columns { self.fused.columns } else { 1 };
        self.chunk = (points / (count * width).max(1)).max(1);
        match self.form {
            Form::Rows => {
                self.chunk = self.chunk.next_multiple_of(self.fused.tile_rows);
                return Ok(());
            }
            Form::Tiles => {}
            Form::Columns => {
                if self.fused.tile_rows == 1 {
                    let blocks = (points / count).max(1).div_ceil(self.fused.tile_columns);
                    self.chunk_columns = (blocks * self.fused.tile_columns).min(self.fused.columns);
                }
            }
        }
        let tasks = self.kept.div_ceil(self.chunk) * self.fused.columns.div_ceil(self.chunk_columns);
        let parallel = if self.form == Form::Columns { tasks } else { self.kept.div_ceil(self.chunk) };
        let work = count * self.chunk_columns_of_result();
        if parallel < 8 && work > 2 * points {
            self.splits = (work / points).min(MAX_SPLITS).min(self.units());
            let lanes = self.splits * self.results.len() * self.kept * width;
            self.partials = Some(Aligned::zeroed(lanes * 8)?);
        }
        Ok(())
    }

    /// Points of the domain behind the results that one task of one turn computes.
    fn chunk_columns_of_result(&self) -> usize {
        if self.form == Form::Columns { self.chunk_columns } else { 1 }
    }

    /// Whether the rows are a reduced loop.
    fn rows_reduced(&self) -> bool {
        let rows_turns = self.kept * self.reduced;
        let outer: usize = self.fused.outer.iter().product();
        self.form == Form::Columns || (self.form == Form::Tiles && rows_turns == outer)
    }

    /// Tiles along the reduced loops of one result, which splits share out.
    fn units(&self) -> usize {
        let row_tiles = if self.rows_reduced() { self.fused.rows.div_ceil(self.fused.tile_rows) } else { 1 };
        let blocks = if self.form == Form::Columns { 1 } else { self.fused.columns.div_ceil(self.fused.tile_columns) };
        self.reduced * row_tiles * blocks
    }

    fn column_chunks(&self) -> usize {
        if self.form == Form::Columns { self.fused.columns.div_ceil(self.chunk_columns) } else { 1 }
    }

    pub(crate) fn tasks(&self) -> usize {
        self.kept.div_ceil(self.chunk) * self.column_chunks() * self.splits
    }

    /// Estimated nanoseconds of all tasks.
    pub(crate) fn cost(&self) -> f64 {
        let outer: usize = self.fused.outer.iter().product();
        self.fused.cost * (outer * self.fused.rows * self.fused.columns) as f64
    }

    pub(crate) fn scratch_bytes(&self) -> usize {
        let own = match self.form {
            Form::Rows => self.fused.tile_rows * 4,
            Form::Tiles => 64 + self.results.len() * 8,
            Form::Columns => self.results.len() * self.fused.tile_columns * 12,
        };
        Runner::scratch_bytes(&self.fused).next_multiple_of(64) + own
    }

    /// Whether [`ReduceTasks::finish`] has something to do.
    pub(crate) fn is_split(&self) -> bool {
        self.partials.is_some()
    }

    /// Estimated nanoseconds of [`ReduceTasks::finish`].
    pub(crate) fn finish_cost(&self) -> f64 {
        (self.splits * self.results.len() * self.total()) as f64
    }

    /// Elements of each result.
    fn total(&self) -> usize {
        self.kept * if self.form == Form::Columns { self.fused.columns } else { 1 }
    }

    /// The memory that the tasks touch, all of them.
    pub(crate) fn footprint(&self) -> Footprint {
        let outer: usize = self.fused.outer.iter().product();
        let mut footprint = self.fused.footprint(0..outer, 0..self.fused.rows, 0..self.fused.columns);
        footprint.writes.extend(match &self.partials {
            Some(partials) => vec![Region::bytes(partials.address(), partials.len())],
            None => self.outputs(),
        });
        footprint
    }

    /// The memory that [`ReduceTasks::finish`] touches.
    pub(crate) fn finish_footprint(&self) -> Footprint {
        let partials = self.partials.iter().map(|partials| Region::bytes(partials.address(), partials.len()));
        Footprint { reads: partials.collect(), writes: self.outputs() }
    }

    fn outputs(&self) -> Vec<Region> {
        self.results.iter().map(|result| Region::bytes(result.output as usize, self.total() * 4)).collect()
    }

    /// # Safety
    /// The buffers are alive, `scratch` is 64-byte aligned with [`ReduceTasks::scratch_bytes`], each task runs once at
    /// a time.
    pub(crate) unsafe fn run(&self, kernels: &'static Kernels, task: usize, scratch: *mut u8) {
        let (split, task) = (task % self.splits, task / self.splits);
        let (block, chunk) = (task % self.column_chunks(), task / self.column_chunks());
        let kept = chunk * self.chunk..((chunk + 1) * self.chunk).min(self.kept);
        // SAFETY: scratch holds the runner's part, then this kernel's; the rest is the caller's.
        unsafe {
            let runner = Runner::new(&self.fused, kernels, scratch, 0);
            let own = scratch.add(Runner::scratch_bytes(&self.fused).next_multiple_of(64));
            let mut part = Part { tasks: self, kernels, runner, own, split };
            match self.form {
                Form::Rows => part.rows(kept),
                Form::Tiles => kept.for_each(|result| part.tiles(result)),
                Form::Columns => {
                    let columns =
                        block * self.chunk_columns..((block + 1) * self.chunk_columns).min(self.fused.columns);
                    for result in kept {
                        for column in columns.clone().step_by(self.fused.tile_columns) {
                            let width = self.fused.tile_columns.min(columns.end - column);
                            part.columns(result, column, width);
                        }
                    }
                }
            }
        }
    }

    /// Combines the parts of split results; to be called when all tasks have ended.
    ///
    /// # Safety
    /// The outputs are alive and no task is running.
    pub(crate) unsafe fn finish(&self) {
        let Some(partials) = &self.partials else { return };
        let total = self.total();
        let partials = partials.pointer().cast::<u64>();
        for (r, result) in self.results.iter().enumerate() {
            for i in 0..total {
                let mut sum = result.kind.identity();
                for split in 0..self.splits {
                    // SAFETY: the table has splits × results × total entries, the output `total`.
                    let part = unsafe { partials.add((split * self.results.len() + r) * total + i).read() };
                    sum = result.kind.combine(sum, part);
                }
                // SAFETY: as above.
                unsafe { result.output.add(i).write(result.kind.finish(sum)) };
            }
        }
    }
}

/// One task at work.
struct Part<'a> {
    tasks: &'a ReduceTasks,
    kernels: &'static Kernels,
    runner: Runner<'a>,
    own: *mut u8,
    split: usize,
}

impl Part<'_> {
    /// Writes a finished accumulator, or keeps it as a part.
    unsafe fn put(&self, result: usize, index: usize, accumulator: u64) {
        let tasks = self.tasks;
        // SAFETY: the index is below the number of results; each task has its own.
        unsafe {
            match &tasks.partials {
                None => tasks.results[result].output.add(index).write(tasks.results[result].kind.finish(accumulator)),
                Some(partials) => {
                    let total = tasks.total();
                    let row = self.split * tasks.results.len() + result;
                    partials.pointer().cast::<u64>().add(row * total + index).write(accumulator);
                }
            }
        }
    }

    /// [`Form::Rows`].
    unsafe fn rows(&mut self, kept: std::ops::Range<usize>) {
        let fused = &self.tasks.fused;
        let mut index = kept.start;
        while index < kept.end {
            let (outer, row) = (index / fused.rows, index % fused.rows);
            let height = fused.tile_rows.min(fused.rows - row).min(kept.end - index);
            self.runner.set_outer(outer);
            // SAFETY: the tile lies inside the loops; its rows belong to this task.
            unsafe {
                self.runner.tile(row, height, 0, fused.columns);
                for (operand, result) in fused.results.iter().zip(&self.tasks.results) {
                    let values = self.runner.value(*operand);
                    let out = result.output.add(index);
                    match result.kind {
                        Kind::Fold(fold) => {
                            (self.kernels.fold_rows)(fold, values, height, fused.columns, out.cast());
                        }
                        Kind::ArgMax(float) => (0..height).for_each(|i| {
                            let first = values.add(i * fused.columns).cast();
                            out.add(i).write(arg_max(float, first, fused.columns, 1, 0) as u32);
                        }),
                    }
                }
            }
            index += height;
        }
    }

    /// This split's share of the tiles of one result.
    fn share(&self) -> std::ops::Range<usize> {
        let (units, splits) = (self.tasks.units(), self.tasks.splits);
        self.split * units / splits..(self.split + 1) * units / splits
    }

    /// [`Form::Tiles`].
    unsafe fn tiles(&mut self, index: usize) {
        let (tasks, fused) = (self.tasks, &self.tasks.fused);
        let rows_reduced = tasks.rows_reduced();
        let row_tiles = if rows_reduced { fused.rows.div_ceil(fused.tile_rows) } else { 1 };
        let blocks = fused.columns.div_ceil(fused.tile_columns);
        // SAFETY: the scratch holds one lane, then an accumulator for each result; tiles lie inside the loops.
        unsafe {
            let lane = self.own.cast::<f32>();
            let sums = self.own.add(64).cast::<u64>();
            tasks.results.iter().enumerate().for_each(|(r, result)| sums.add(r).write(result.kind.identity()));
            for unit in self.share() {
                let (turn, row_tile, block) = (unit / blocks / row_tiles, unit / blocks % row_tiles, unit % blocks);
                let (outer, row) = if rows_reduced {
                    (index * tasks.reduced + turn, row_tile * fused.tile_rows)
                } else {
                    (index / fused.rows, index % fused.rows)
                };
                let height = if rows_reduced { fused.tile_rows.min(fused.rows - row) } else { 1 };
                let column = block * fused.tile_columns;
                let width = fused.tile_columns.min(fused.columns - column);
                self.runner.set_outer(outer);
                self.runner.tile(row, height, column, width);
                for (r, (operand, result)) in fused.results.iter().zip(&tasks.results).enumerate() {
                    let values = self.runner.value(*operand);
                    let part = match result.kind {
                        Kind::Fold(fold) => {
                            (self.kernels.fold_rows)(fold, values, 1, height * width, lane);
                            result.kind.lift((*lane).to_bits())
                        }
                        Kind::ArgMax(float) => {
                            // One reduced loop may have been cut in two by an extra loop of length 1 only.
                            let first = (turn * fused.rows + row) * fused.columns * usize::from(rows_reduced) + column;
                            arg_max(float, values.cast(), height * width, 1, first)
                        }
                    };
                    sums.add(r).write(result.kind.combine(*sums.add(r), part));
                }
            }
            for r in 0..tasks.results.len() {
                self.put(r, index, *sums.add(r));
            }
        }
    }

    /// [`Form::Columns`].
    unsafe fn columns(&mut self, index: usize, column: usize, width: usize) {
        let (tasks, fused) = (self.tasks, &self.tasks.fused);
        let row_tiles = fused.rows.div_ceil(fused.tile_rows);
        let stride = fused.tile_columns;
        // SAFETY: the scratch holds, for each result, `tile_columns` accumulators and behind them as many lanes; tiles
        // lie inside the loops.
        unsafe {
            let sums = self.own.cast::<u64>();
            let lanes = sums.add(tasks.results.len() * stride).cast::<u32>();
            let clear = |r: usize, kind: Kind| {
                if let Kind::Fold(fold) = kind {
                    (0..width).for_each(|c| lanes.add(r * stride + c).write(fold.identity()));
                }
            };
            let flush = |r: usize, kind: Kind| {
                if let Kind::Fold(_) = kind {
                    for i in r * stride..r * stride + width {
                        sums.add(i).write(kind.combine(*sums.add(i), kind.lift(*lanes.add(i))));
                    }
                }
            };
            for (r, result) in tasks.results.iter().enumerate() {
                (0..width).for_each(|c| sums.add(r * stride + c).write(result.kind.identity()));
                clear(r, result.kind);
            }
            let mut pending = 0;
            for unit in self.share() {
                let (turn, row) = (unit / row_tiles, unit % row_tiles * fused.tile_rows);
                let height = fused.tile_rows.min(fused.rows - row);
                if pending + height > FLOAT_ROWS.max(fused.tile_rows) {
                    for (r, result) in tasks.results.iter().enumerate() {
                        flush(r, result.kind);
                        clear(r, result.kind);
                    }
                    pending = 0;
                }
                pending += height;
                self.runner.set_outer(index * tasks.reduced + turn);
                self.runner.tile(row, height, column, width);
                for (r, (operand, result)) in fused.results.iter().zip(&tasks.results).enumerate() {
                    let values = self.runner.value(*operand);
                    match result.kind {
                        Kind::Fold(fold) => {
                            (self.kernels.fold_columns)(fold, values, height, width, lanes.add(r * stride).cast());
                        }
                        Kind::ArgMax(float) => (0..width).for_each(|c| {
                            let first = turn * fused.rows + row;
                            let part = arg_max(float, values.add(c).cast(), height, width, first);
                            let sum = sums.add(r * stride + c);
                            sum.write(result.kind.combine(*sum, part));
                        }),
                    }
                }
            }
            for (r, result) in tasks.results.iter().enumerate() {
                flush(r, result.kind);
                (0..width).for_each(|c| self.put(r, index * fused.columns + column + c, *sums.add(r * stride + c)));
            }
        }
    }
}
