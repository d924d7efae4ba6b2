//! How products are cut into tiles.

use glorot_graph::program::MatMulKernel;

use super::function::THREADS;

/// A tile of the result and how the threads of a block lie in it. `groups` of threads take turns along the summed axis,
/// and their sums are added in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    pub rows: usize,
    pub columns: usize,
    /// Elements of the summed axis that are in shared memory at a time.
    pub depth: usize,
    /// Rows and columns of a thread.
    pub of_thread: (usize, usize),
    pub groups: usize,
}

impl Tile {
    /// Bytes of shared memory: the sums of the groups replace the operands when the loop is done.
    pub fn shared(&self) -> usize {
        let &Tile { rows, columns, depth, groups, .. } = self;
        let operands = depth * (rows + 1 + columns + 1) * 4;
        operands.max(groups * rows * columns * 4)
    }
}

/// What a block may take of it without asking.
const SHARED_MEMORY: usize = 48 << 10;

/// Largest first.
const TILES: [Tile; 4] = [
    Tile { rows: 64, columns: 64, depth: 16, of_thread: (4, 4), groups: 1 },
    Tile { rows: 32, columns: 32, depth: 32, of_thread: (2, 2), groups: 1 },
    Tile { rows: 16, columns: 16, depth: 64, of_thread: (2, 2), groups: 4 },
    Tile { rows: 8, columns: 8, depth: 64, of_thread: (1, 1), groups: 4 },
];

/// How a product is cut: its tile, and how many parts the summed axis has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    pub(super) tile: Tile,
    pub parts: usize,
}

/// Elements of the summed axis in a part, at least.
const PART: usize = 256;

impl Cut {
    /// The largest tile that gives work to `blocks` blocks. A long summed axis under few tiles is cut into parts.
    pub fn new(kernel: &MatMulKernel, blocks: usize) -> Cut {
        let count = |tile: &Tile| kernel.batch * kernel.m.div_ceil(tile.rows) * kernel.n.div_ceil(tile.columns);
        let smallest = if kernel.k >= 2 * PART { TILES[2] } else { TILES[3] };
        let tile = TILES.into_iter().find(|tile| count(tile) >= blocks).unwrap_or(smallest);
        let parts = if count(&tile) < 4 * blocks { kernel.k / PART } else { 1 };
        let wanted = (8 * blocks).div_ceil(count(&tile).max(1));
        Cut { tile, parts: parts.min(wanted).clamp(1, 16) }
    }

    /// The same for a few rows, in the same order of sums: each thread has all of them, or as many as it can.
    pub(super) fn of_rows(self, rows: usize, columns: usize) -> Cut {
        let Tile { depth, groups, .. } = self.tile;
        let across = THREADS / groups;
        let rows = rows.min(8);
        let tile = |each: usize| Tile { rows, columns: across * each, depth, of_thread: (rows, each), groups };
        let two = columns > across && tile(2).shared() <= SHARED_MEMORY;
        Cut { tile: tile(if two { 2 } else { 1 }), ..self }
    }
}
