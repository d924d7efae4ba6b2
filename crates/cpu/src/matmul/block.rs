use super::micro::{Tile, tile};
use super::pack::pack_columns;
use crate::simd::Isa;

/// Depth of a packed panel: with the widest tile it fills half of a first-level cache.
const DEPTH: usize = 256;

/// The product of one task: `c = a b`, strides in elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub a: *const f32,
    pub a_row: usize,
    pub a_column: usize,
    pub b: *const f32,
    pub b_row: usize,
    pub b_column: usize,
    pub c: *mut f32,
    pub c_row: usize,
}

/// Floats of scratch memory that [`multiply`] needs with a register tile of this width.
pub(crate) fn scratch_floats(tile_columns: usize) -> usize {
    DEPTH * tile_columns
}

/// Computes a block.
///
/// # Safety
/// The operands hold the block, `scratch` the floats of [`scratch_floats`], and nothing else writes them meanwhile.
#[inline(always)]
pub(crate) unsafe fn multiply<S: Isa>(s: S, block: &Block, scratch: *mut f32) {
    let width = S::TILE_VECTORS * S::LANES;
    let packs = block.b_column != 1 && block.n > 1;
    // Without packing there is no reason to visit a result twice.
    let depth = if packs { DEPTH } else { block.k };
    // SAFETY: all offsets lie inside the block; the packed panel inside the scratch memory.
    unsafe {
        for p in (0..block.k).step_by(depth.max(1)) {
            let k = depth.min(block.k - p);
            for column in (0..block.n).step_by(width) {
                let columns = width.min(block.n - column);
                let mut b = block.b.add(p * block.b_row + column * block.b_column);
                let mut b_row = block.b_row;
                if packs {
                    pack_columns(b, b_row, block.b_column, k, columns, width, scratch);
                    (b, b_row) = (scratch, width);
                }
                for row in (0..block.m).step_by(S::TILE_ROWS) {
                    let part = Tile {
                        k,
                        a: block.a.add(row * block.a_row + p * block.a_column),
                        a_row: block.a_row,
                        a_column: block.a_column,
                        b,
                        b_row,
                        c: block.c.add(row * block.c_row + column),
                        c_row: block.c_row,
                        columns,
                        padded: packs,
                        accumulate: p > 0,
                    };
                    tile(s, S::TILE_ROWS.min(block.m - row), &part);
                }
            }
        }
    }
}
