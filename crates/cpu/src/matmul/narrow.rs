//! Tiles of four columns or fewer, whose rows lie side by side in vectors: where rows are not of whole vectors, the
//! columns that are left would take a vector for each row.

use super::micro::{Onto, Tile};
use crate::simd::{Isa, opaque};

/// The most columns of a narrow tile.
pub(super) const COLUMNS: usize = 4;
/// The most vectors of sums: registers hold as many and where their rows of `a` are.
const MOST: usize = 8;

/// Whether `a` can be read for narrow tiles.
#[inline(always)]
pub(super) fn can<S: Isa>(rows: usize, a_row: usize, a_column: usize) -> bool {
    S::QUADS > 1 && rows >= S::QUADS && (a_row == 1 || a_column == 1)
}

/// Computes so many rows, a multiple of `S::QUADS`, of a tile of at most [`COLUMNS`] columns for which [`can`] holds.
/// Each sum runs over `k` in order and in one chain, as in other tiles.
///
/// # Safety
/// The operands hold the tile.
#[inline(always)]
pub(super) unsafe fn narrow<S: Isa>(s: S, rows: usize, tile: &Tile) {
    let vectors = rows / S::QUADS;
    let parts = vectors.div_ceil(MOST).max(1);
    for part in 0..parts {
        // Parts of about the same size.
        let [first, end] = [part, part + 1].map(|part| part * vectors / parts);
        let mut piece = *tile;
        piece.a = tile.a.wrapping_add(first * S::QUADS * tile.a_row);
        piece.c = tile.c.wrapping_add(first * S::QUADS * tile.c_row);
        // SAFETY: rows of the caller's tile.
        unsafe { by_size(s, end - first, &piece) }
    }
}

#[inline(always)]
unsafe fn by_size<S: Isa>(s: S, vectors: usize, tile: &Tile) {
    macro_rules! by_vectors {
        ($($vectors:literal)*) => {
            match vectors {
                $($vectors => fixed::<S, $vectors>(s, tile),)*
                _ => {}
            }
        };
    }
    // SAFETY: passed on from the caller.
    unsafe { by_vectors!(1 2 3 4 5 6 7 8) }
}

#[inline(always)]
unsafe fn fixed<S: Isa, const VECTORS: usize>(s: S, tile: &Tile) {
    // What cannot be called need not be compiled.
    if S::QUADS < 2 {
        return;
    }
    let c = |vector: usize, row: usize| tile.c.wrapping_add((vector * S::QUADS + row) * tile.c_row);
    let mut sums = [s.splat(0.0); VECTORS];
    // SAFETY: elements of the tile; nothing else is read or written.
    unsafe {
        if tile.onto == Onto::Sums {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = s.load_quads(|row| c(i, row).cast_const(), tile.columns);
            }
        }
        if tile.a_column == 1 {
            along_steps(s, tile, &mut sums)
        } else {
            along_rows(s, tile, &mut sums)
        }
        for (i, &sum) in sums.iter().enumerate() {
            let total = match tile.onto {
                Onto::Total => s.add(s.load_quads(|row| c(i, row).cast_const(), tile.columns), sum),
                _ => sum,
            };
            s.store_quads(|row| c(i, row), total, tile.columns);
        }
    }
}

/// Four steps of each row of `a` are neighbours.
#[inline(always)]
unsafe fn along_steps<S: Isa, const VECTORS: usize>(s: S, tile: &Tile, sums: &mut [S::V; VECTORS]) {
    let mut a: [*const f32; VECTORS] = std::array::from_fn(|i| opaque(tile.a.wrapping_add(i * S::QUADS * tile.a_row)));
    let mut b = tile.b;
    // SAFETY: steps of the tile.
    unsafe {
        for _ in 0..tile.k / 4 {
            steps::<S, VECTORS, 4>(s, tile, &a, b, sums);
            a.iter_mut().for_each(|a| *a = a.wrapping_add(4));
            b = b.wrapping_add(4 * tile.b_row);
        }
        for _ in 0..tile.k % 4 {
            steps::<S, VECTORS, 1>(s, tile, &a, b, sums);
            a.iter_mut().for_each(|a| *a = a.wrapping_add(1));
            b = b.wrapping_add(tile.b_row);
        }
    }
}

/// `STEPS <= 4` steps from the given elements on.
#[inline(always)]
unsafe fn steps<S: Isa, const VECTORS: usize, const STEPS: usize>(
    s: S,
    tile: &Tile,
    a: &[*const f32; VECTORS],
    b: *const f32,
    sums: &mut [S::V; VECTORS],
) {
    let width = if tile.padded { COLUMNS } else { tile.columns };
    // SAFETY: steps of rows of both operands.
    unsafe {
        let mut rows = [s.splat(0.0); STEPS];
        for (step, row) in rows.iter_mut().enumerate() {
            *row = s.splat_quad(b.wrapping_add(step * tile.b_row), width);
        }
        for (sum, &a) in sums.iter_mut().zip(a) {
            // One address for each vector of rows, or there would not be enough registers for all.
            let a = opaque(a);
            let a = s.load_quads(
                #[inline(always)]
                |row| a.wrapping_add(row * tile.a_row),
                STEPS,
            );
            let spread = [s.spread::<0>(a), s.spread::<1>(a), s.spread::<2>(a), s.spread::<3>(a)];
            for (&x, &row) in spread.iter().zip(&rows) {
                *sum = s.mul_add(x, row, *sum);
            }
        }
    }
}

/// Rows of `a` are neighbours in each step.
#[inline(always)]
unsafe fn along_rows<S: Isa, const VECTORS: usize>(s: S, tile: &Tile, sums: &mut [S::V; VECTORS]) {
    let width = if tile.padded { COLUMNS } else { tile.columns };
    for p in 0..tile.k {
        // SAFETY: a row of `b`, and elements of `a` in rows of the tile.
        unsafe {
            let b = s.splat_quad(tile.b.wrapping_add(p * tile.b_row), width);
            for (i, sum) in sums.iter_mut().enumerate() {
                let from = tile.a.wrapping_add(i * S::QUADS + p * tile.a_column);
                *sum = s.mul_add(s.spread_by_quad(s.splat_quad(from, S::QUADS)), b, *sum);
            }
        }
    }
}
