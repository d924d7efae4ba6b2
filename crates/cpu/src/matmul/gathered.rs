//! Products whose `a` lies where tables say: windows of an image, read from the image.

use super::block::{Block, DEPTH};
use super::micro::{Tile, begin, finish, load_row};
use super::pack::{Source, pack};
use crate::simd::Isa;

/// Where the elements of `a` lie: a step `p` of row `i` at `rows[i] + runs[p / run] + p % run * a_column`, in elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gathered {
    pub rows: *const usize,
    pub runs: *const usize,
    /// Steps of a run, [`DEPTH`] at most; `k` is a multiple.
    pub run: usize,
}

/// Computes a block whose rows of `b` are contiguous.
///
/// # Safety
/// The operands hold the block, `scratch` a packed panel of `b`, and nothing else writes them meanwhile.
#[inline(always)]
pub(super) unsafe fn gathered<S: Isa>(s: S, block: &Block, from: &Gathered, pack_b: bool, scratch: *mut f32) {
    let vectors = block.n.div_ceil(S::LANES);
    let panels = vectors.div_ceil(S::TILE_VECTORS).max(1);
    let tiles = block.m.div_ceil(S::TILE_ROWS).max(1);
    // As many whole runs as make a piece of `b` that stays in the first-level cache.
    let depth = (DEPTH / from.run).max(1) * from.run;
    for p in (0..block.k).step_by(depth) {
        let k = depth.min(block.k - p);
        for panel in 0..panels {
            // Panels and tiles of about the same size.
            let [first, end] = [panel, panel + 1].map(|panel| panel * vectors / panels * S::LANES);
            let columns = end.min(block.n) - first;
            let mut tile = block.tile(0, first, p, k, columns);
            if pack_b {
                let (step, column) = (block.b_row, block.b_column);
                let source = Source { from: tile.b, step, column, k, columns };
                let width = S::TILE_VECTORS * S::LANES;
                // SAFETY: the panel lies inside the block and fits into scratch memory.
                unsafe { pack(s, &source, width, scratch) };
                (tile.b, tile.b_row, tile.padded) = (scratch, width, true);
            }
            for number in 0..tiles {
                let [row, end] = [number, number + 1].map(|number| number * block.m / tiles);
                tile.a = block.a;
                tile.c = block.c.wrapping_add(row * block.c_row + first);
                // SAFETY: rows and runs lie inside the block.
                unsafe {
                    let from = Gathered { rows: from.rows.add(row), runs: from.runs.add(p / from.run), ..*from };
                    by_size(s, end - row, &tile, &from);
                }
            }
        }
    }
}

/// A tile of so many rows.
#[inline(always)]
unsafe fn by_size<S: Isa>(s: S, rows: usize, tile: &Tile, from: &Gathered) {
    macro_rules! by_rows {
        ($vectors:literal) => {
            by_rows!($vectors: 1 2 3 4 5 6 7 8)
        };
        ($vectors:literal: $($rows:literal)*) => {
            match rows {
                $($rows => fixed::<S, $rows, $vectors>(s, tile, from),)*
                _ => {}
            }
        };
    }
    // SAFETY: passed on from the caller.
    unsafe {
        match tile.columns.div_ceil(S::LANES) {
            1 => by_rows!(1),
            2 => by_rows!(2),
            _ => by_rows!(3),
        }
    }
}

#[inline(always)]
unsafe fn fixed<S: Isa, const ROWS: usize, const VECTORS: usize>(s: S, tile: &Tile, from: &Gathered) {
    // What cannot be called need not be compiled.
    if VECTORS > S::TILE_VECTORS || ROWS > S::TILE_ROWS {
        return;
    }
    let tail = if tile.padded { 0 } else { tile.columns % S::LANES };
    // SAFETY: passed on from the caller.
    unsafe {
        let sums = if tail == 0 {
            sums::<S, ROWS, VECTORS, false>(s, tile, from)
        } else {
            sums::<S, ROWS, VECTORS, true>(s, tile, from)
        };
        finish(s, tile, &sums);
    }
}

#[inline(always)]
unsafe fn sums<S: Isa, const ROWS: usize, const VECTORS: usize, const TAIL: bool>(
    s: S,
    tile: &Tile,
    from: &Gathered,
) -> [[S::V; VECTORS]; ROWS] {
    let mut b = tile.b;
    // SAFETY: the caller vouches for rows, runs and steps.
    unsafe {
        let mut sums = begin::<S, ROWS, VECTORS>(s, tile);
        for run in 0..tile.k / from.run {
            let start = tile.a.wrapping_add(from.runs.add(run).read());
            let rows: [*const f32; ROWS] = std::array::from_fn(|i| start.wrapping_add(from.rows.add(i).read()));
            let mut step = 0;
            for _ in 0..from.run {
                let row = load_row::<S, VECTORS, TAIL>(s, tile, b);
                for (sums, pointer) in sums.iter_mut().zip(rows) {
                    let x = s.splat(pointer.add(step).read());
                    for (sum, &vector) in sums.iter_mut().zip(&row) {
                        *sum = s.mul_add(x, vector, *sum);
                    }
                }
                step += tile.a_column;
                b = b.wrapping_add(tile.b_row);
            }
        }
        sums
    }
}
