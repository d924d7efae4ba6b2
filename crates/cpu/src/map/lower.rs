//! From a body to a [`Fused`] loop: how its domain is cut, and how often each value is computed.

use std::ops::Range;

use glorot_graph::device::DeviceError;
use glorot_graph::program::{Body, Store};

use super::assignment::Assignment;
use super::code::{Func, Operand, Step};
use super::contract::contract;
use super::domain::{Nest, Placed};
use super::translate::{Node, Translation, translate};
use crate::memory::Buffers;
use crate::schedule::{Footprint, Region};
use crate::simd::MAX_LANES;

/// Lanes of a tile and its operands that the first-level cache holds beside what else it holds.
const CACHED: usize = 6144;
/// Bounds of the points of a full tile: short tiles choose instructions too often, longer ones gain nothing.
const TILE: std::ops::RangeInclusive<usize> = 256..=1024;
/// Columns of a task below which a tile of one row would be too short.
const NARROW: usize = 128;
/// From this length on a row is a tile of its own where some values depend on the row alone: they are scalars then.
const LONG_ROW: usize = 128;

/// A lowered loop nest over `outer × rows × columns`.
#[derive(Debug, Default)]
pub(crate) struct Fused {
    pub outer: Vec<usize>,
    pub rows: usize,
    pub columns: usize,
    pub tile_rows: usize,
    pub tile_columns: usize,
    /// Whether tiles of several rows have a part of the columns only.
    pub narrow: bool,
    /// Each with the strides of all loops.
    pub views: Vec<Placed>,
    /// What each view is for.
    pub uses: Vec<Use>,
    /// View whose address the caller gives for each region: the product of an epilogue.
    pub accumulator: Option<usize>,
    pub slots: Vec<Slot>,
    /// For each slot the elements from a row of a tile to the next; [`DENSE`]: as many as there are columns.
    pub row_steps: Vec<usize>,
    /// Length of the scratch memory that slots point into.
    pub lanes: usize,
    /// Steps run once a task on one vector.
    pub once: Vec<Step>,
    /// Steps run once a column block on all points.
    pub column: Vec<Step>,
    /// Steps run once a tile on one vector.
    pub row: Vec<Step>,
    /// Steps run once a tile on all points.
    pub tile: Vec<Step>,
    /// Where the values that the caller asked for lie after a tile.
    pub results: Vec<Operand>,
    /// Estimated nanoseconds per point.
    pub cost: f64,
}

impl Fused {
    /// Where row 0 of each view begins that is read in rows of floats without gaps, if there are no outer loops.
    pub(crate) fn joined_rows(&self) -> Vec<usize> {
        if self.outer.iter().any(|&dim| dim > 1) {
            return Vec::new();
        }
        let joins = |number: usize| {
            let strides = [4 * self.columns, 4];
            self.uses[number] == Use::Read
                && self.accumulator != Some(number)
                && self.views[number].unit == 4
                && self.views[number].strides.ends_with(&strides)
        };
        self.views.iter().enumerate().filter(|(number, _)| joins(*number)).map(|(_, view)| view.address).collect()
    }

    /// The memory that a part of the loops touches; `outer` counts over all outer loops.
    pub(crate) fn footprint(&self, outer: Range<usize>, rows: Range<usize>, columns: Range<usize>) -> Footprint {
        let mut ranges = spread(&self.outer, outer);
        ranges.extend([rows, columns]);
        let mut footprint = Footprint::default();
        for (number, view) in self.views.iter().enumerate() {
            let regions = match self.uses[number] {
                // A product in scratch memory is nobody else's.
                _ if self.accumulator == Some(number) => continue,
                Use::Count => continue,
                Use::Read => &mut footprint.reads,
                Use::Write => &mut footprint.writes,
            };
            regions.extend(Region::of_view(view, &ranges));
        }
        let steps = [&self.once, &self.column, &self.row, &self.tile];
        for step in steps.into_iter().flatten() {
            if let Step::Random { draw, .. } = step {
                footprint.reads.push(Region::bytes(draw.state, 16));
            }
        }
        footprint
    }
}

/// What a view is for: to count, or to touch memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Count,
    Read,
    Write,
}

/// The ranges of loops that a range over all of them touches, or more.
fn spread(dims: &[usize], range: Range<usize>) -> Vec<Range<usize>> {
    let mut inner: usize = dims.iter().product();
    let mut range = range;
    let mut ranges = Vec::with_capacity(dims.len() + 2);
    for &dim in dims {
        inner /= dim.max(1);
        let (first, last) = (range.start / inner.max(1), range.end.saturating_sub(1) / inner.max(1));
        if first == last && !range.is_empty() {
            ranges.push(first..first + 1);
            range = range.start - first * inner..range.end - first * inner;
        } else {
            ranges.push(first..if range.is_empty() { first } else { last + 1 });
            // Loops inside of several turns are touched as a whole.
            range = 0..inner;
        }
    }
    ranges
}

/// Where a slot points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Scratch memory from this lane on.
    Scratch(usize),
    /// The first element of the tile in a view.
    View(u16),
}

/// Where the product lies that an epilogue reads.
#[derive(Clone, Debug)]
pub(crate) enum Accumulator {
    /// Rows so many elements apart, at an address that is given for each region.
    Scratch(usize),
    /// In a buffer that the epilogue stores to.
    View(Placed),
}

/// How a loop nest is cut.
#[derive(Clone, Debug)]
pub(crate) struct Options<'a> {
    /// Order of the domain's axes, outermost first; the last two become rows and columns.
    pub order: &'a [usize],
    /// Axes of different groups stay apart; by axis of the domain.
    pub groups: &'a [usize],
    /// Where the accumulator of an epilogue lies. The axes of its domain, `[batch, m, n]`, are never joined.
    pub accumulator: Option<Accumulator>,
    /// The most columns of a tile; a column block never spans more.
    pub max_columns: usize,
}

/// How often a value changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Once,
    Row,
    Column,
    Tile,
}

/// Lowers a body with its stores; `results` are values that the caller reads after each tile. Also returns the group
/// of each loop that is left.
pub(crate) fn lower(
    buffers: &Buffers,
    domain: &[usize],
    body: &Body,
    stores: &[Store],
    results: &[u32],
    options: &Options,
) -> Result<(Fused, Vec<usize>), DeviceError> {
    let mut translation = translate(buffers, domain, body, stores, results, options.accumulator.as_ref())?;
    let groups: Vec<usize> = options.order.iter().map(|&axis| options.groups[axis]).collect();
    translation.nest.permute(options.order);
    let groups = if options.accumulator.is_some() { groups } else { translation.nest.collapse(&groups) };
    translation.nest.extend_to(2);
    let mut nodes = std::mem::take(&mut translation.nodes);
    let roots: Vec<u32> = translation.sinks.iter().map(|sink| sink.node).chain(translation.results.clone()).collect();
    let mut fused = cut(&translation.nest, &nodes, options);
    let levels = levels(&fused, &translation, &nodes);
    contract(&mut nodes, &levels, &roots);
    let needed = needed(&nodes, &roots);
    fused.accumulator = translation.accumulator;
    let assignment = Assignment {
        nodes: &nodes,
        levels: &levels,
        needed: &needed,
        sinks: &translation.sinks,
        results: &translation.results,
        nest: &translation.nest,
    };
    assignment.emit(&mut fused);
    assignment.lengthen(&mut fused);
    fused.cost = cost(&fused);
    fused.uses = vec![Use::Count; translation.nest.views.len()];
    for node in &nodes {
        if let Node::Load(view, _) = node {
            fused.uses[*view] = Use::Read;
        }
    }
    translation.sinks.iter().for_each(|sink| fused.uses[sink.view] = Use::Write);
    fused.views = translation.nest.views;
    Ok((fused, groups))
}

/// Chooses tiles.
fn cut(nest: &Nest, nodes: &[Node], options: &Options) -> Fused {
    let (&columns, rest) = nest.dims.split_last().expect("two loops");
    let (&rows, outer) = rest.split_last().expect("two loops");
    let mut streams: Vec<usize> = nest.views.iter().map(|view| view.address).collect();
    streams.sort_unstable();
    streams.dedup();
    let tile = (CACHED / (streams.len() + 2) / MAX_LANES * MAX_LANES).clamp(*TILE.start(), *TILE.end());
    let most = tile.min(options.max_columns);
    let by_row = nodes.iter().filter_map(Node::view).any(|view| {
        let strides = &nest.views[view].strides;
        strides[strides.len() - 1] == 0 && strides[strides.len() - 2] != 0
    });
    if options.max_columns < columns.min(NARROW) {
        // Tasks of few columns: rows are gathered to tiles.
        let (tile_rows, tile_columns) = ((tile / options.max_columns).clamp(1, rows.max(1)), options.max_columns);
        let narrow = tile_rows > 1;
        return Fused { outer: outer.to_vec(), rows, columns, tile_rows, tile_columns, narrow, ..Fused::default() };
    }
    let (tile_rows, tile_columns) = if columns >= most || (by_row && columns >= LONG_ROW) {
        let blocks = columns.div_ceil(most).max(1);
        (1, columns.div_ceil(blocks).next_multiple_of(MAX_LANES).min(columns.max(1)))
    } else {
        let tile_rows = (tile / columns.max(1)).clamp(1, rows.max(1));
        // Tiles of rows that lie one after the other should all begin with a whole vector.
        let whole = (1..=MAX_LANES).find(|count| (count * columns).is_multiple_of(MAX_LANES)).unwrap_or(1);
        (if tile_rows > whole { tile_rows / whole * whole } else { tile_rows }, columns.max(1))
    };
    Fused { outer: outer.to_vec(), rows, columns, tile_rows, tile_columns, ..Fused::default() }
}

/// How often each value must be computed.
fn levels(fused: &Fused, translation: &Translation, nodes: &[Node]) -> Vec<Level> {
    let many_rows = fused.rows * fused.outer.iter().product::<usize>() > 1;
    // Whether a value depends on the row (or a loop further out) and on the column.
    let mut depends: Vec<(bool, bool)> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let of_view = node.view().map_or((false, false), |view| {
            // A product of one point is not there yet when a task begins.
            if translation.product == Some(view) {
                return (true, true);
            }
            let (&column, rows) = translation.nest.views[view].strides.split_last().expect("two loops");
            (rows.iter().any(|&stride| stride != 0), column != 0)
        });
        let join = |a: (bool, bool), b: (bool, bool)| (a.0 | b.0, a.1 | b.1);
        depends.push(node.args().iter().fold(of_view, |sum, &arg| join(sum, depends[arg as usize])));
    }
    let level = |&(row, column): &(bool, bool)| match (row, column) {
        (false, false) => Level::Once,
        (true, false) if fused.tile_rows == 1 => Level::Row,
        (false, true) if many_rows => Level::Column,
        _ => Level::Tile,
    };
    depends.iter().map(level).collect()
}

/// Which values the roots depend on.
fn needed(nodes: &[Node], roots: &[u32]) -> Vec<bool> {
    let mut needed = vec![false; nodes.len()];
    roots.iter().for_each(|&root| needed[root as usize] = true);
    for i in (0..nodes.len()).rev() {
        if needed[i] {
            nodes[i].args().iter().for_each(|&arg| needed[arg as usize] = true);
        }
    }
    needed
}

/// Estimated nanoseconds per point on one thread.
fn cost(fused: &Fused) -> f64 {
    let step = |step: &Step| match step {
        Step::Load { access, dtype, .. } | Step::Store { access, dtype, .. } => match (access.column, dtype.size()) {
            (0 | 1, 4) => 0.03,
            (0 | 1, _) => 0.06,
            _ => 0.5,
        },
        Step::Random { .. } => 3.0,
        Step::Chain(_) => 0.12,
        Step::Compute { func, .. } => match func {
            Func::Div | Func::Sqrt | Func::Reciprocal => 0.12,
            Func::Rsqrt | Func::SqrtAdd | Func::SubDiv | Func::SubMulDiv => 0.15,
            Func::Exp | Func::Expm1 | Func::Elu | Func::AddElu | Func::Log => 0.3,
            Func::Log1p | Func::Tanh | Func::Sigmoid | Func::Softplus | Func::Erf | Func::Sin | Func::Cos => 0.5,
            Func::Pow => 0.8,
            Func::Mod | Func::DivInt | Func::ModInt => 10.0,
            _ => 0.03,
        },
        _ => 0.05,
    };
    // Memory itself: one stream for each varying view.
    let streams = fused.slots.iter().filter(|slot| matches!(slot, Slot::View(_))).count();
    0.03 * streams as f64 + fused.tile.iter().map(step).sum::<f64>()
}
