use super::ahead::{Ahead, STEPS};
use crate::simd::{Float32, Isa, Terms, opaque};

/// Vectors of a single row that are computed at once: as many independent sums hide the latency of each.
pub(super) const ROW_VECTORS: usize = 8;

/// Operands of a register tile: `a` and `b` begin at the tile's first row and column.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub k: usize,
    pub a: *const f32,
    pub a_row: usize,
    pub a_column: usize,
    pub b: *const f32,
    /// Columns of `b` lie one after the other.
    pub b_row: usize,
    pub c: *mut f32,
    pub c_row: usize,
    /// From the first row of `a` of a tile to that of the next one below.
    pub a_next: usize,
    /// Columns of the tile.
    pub columns: usize,
    /// Vectors of `b` may be read whole even where the tile has fewer columns.
    pub padded: bool,
    pub onto: Onto,
    /// What is fetched meanwhile, if not null.
    pub ahead: *mut Ahead,
}

/// What becomes of what `c` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Onto {
    /// It is overwritten.
    Nothing,
    /// It is the first term of each sum.
    Sums,
    /// The sums are added to it.
    Total,
}

/// The most rows of a tile of so many vectors: as many sums as registers hold beside the operands.
#[inline(always)]
pub(super) const fn most_rows<S: Isa>(vectors: usize) -> usize {
    // Two vectors keep the multipliers busy with as many rows as three.
    if vectors == 1 && S::TILE_VECTORS > 1 { S::TILE_ROWS * 3 / 2 } else { S::TILE_ROWS }
}

/// The most rows of a tile of any instruction set.
const MOST_ROWS: usize = 12;

/// Computes `count` tiles of `rows` rows, one below the other.
///
/// # Safety
/// `rows` is at most [`most_rows`] of the tile's vectors, which are at most `S::TILE_VECTORS`, and the operands hold
/// them.
#[inline(always)]
pub(super) unsafe fn tile_column<S: Isa, T: Terms<S>>(s: S, terms: T, rows: usize, count: usize, tile: &Tile) {
    macro_rules! by_rows {
        ($vectors:literal: $($rows:literal)*) => {
            match rows {
                $($rows => column::<S, T, $rows, $vectors>(s, terms, count, tile),)*
                _ => unreachable!("tiles have {} rows at most", most_rows::<S>($vectors)),
            }
        };
    }
    // SAFETY: passed on from the caller.
    unsafe {
        match tile.columns.div_ceil(S::LANES) {
            1 => by_rows!(1: 1 2 3 4 5 6 7 8 9 10 11 12),
            2 => by_rows!(2: 1 2 3 4 5 6 7 8),
            _ => by_rows!(3: 1 2 3 4 5 6 7 8),
        }
    }
}

/// Tiles of the same size, one below the other.
#[inline(always)]
unsafe fn column<S: Isa, T: Terms<S>, const ROWS: usize, const VECTORS: usize>(
    s: S,
    terms: T,
    count: usize,
    first: &Tile,
) {
    let mut tile = *first;
    for _ in 0..count {
        // SAFETY: passed on from the caller.
        unsafe { fixed::<S, T, ROWS, VECTORS>(s, terms, &tile) };
        tile.a = tile.a.wrapping_add(tile.a_next);
        tile.c = tile.c.wrapping_add(ROWS * tile.c_row);
    }
}

#[inline(always)]
unsafe fn fixed<S: Isa, T: Terms<S>, const ROWS: usize, const VECTORS: usize>(s: S, terms: T, tile: &Tile) {
    // What cannot be called need not be compiled.
    if ROWS > 1 && (VECTORS > S::TILE_VECTORS || ROWS > most_rows::<S>(VECTORS)) {
        return;
    }
    // SAFETY: passed on from the caller.
    unsafe {
        let sums = if tile.padded || tile.columns.is_multiple_of(S::LANES) {
            sums::<S, T, ROWS, VECTORS, false>(s, terms, tile)
        } else {
            sums::<S, T, ROWS, VECTORS, true>(s, terms, tile)
        };
        finish(s, tile, &sums);
    }
}

/// Writes the sums of a tile.
///
/// # Safety
/// `c` takes the tile.
#[inline(always)]
pub(super) unsafe fn finish<S: Isa, const ROWS: usize, const VECTORS: usize>(
    s: S,
    tile: &Tile,
    sums: &[[S::V; VECTORS]; ROWS],
) {
    let tail = tile.columns % S::LANES;
    for (i, row) in sums.iter().enumerate() {
        for (j, &sum) in row.iter().enumerate() {
            let c = tile.c.wrapping_add(i * tile.c_row + j * S::LANES);
            let partial = tail != 0 && j + 1 == VECTORS;
            // SAFETY: partial loads and stores cover the last vector's columns only.
            unsafe {
                let sum = match (tile.onto == Onto::Total, partial) {
                    (false, _) => sum,
                    (true, false) => s.add(s.load(c), sum),
                    (true, true) => s.add(s.load_partial(c, tail), sum),
                };
                if partial { s.store_partial(c, sum, tail) } else { s.store(c, sum) }
            }
        }
    }
}

/// What the sums of a tile begin with.
///
/// # Safety
/// `c` holds the tile.
#[inline(always)]
pub(super) unsafe fn begin<S: Isa, const ROWS: usize, const VECTORS: usize>(
    s: S,
    tile: &Tile,
) -> [[S::V; VECTORS]; ROWS] {
    let mut sums = [[s.splat(0.0); VECTORS]; ROWS];
    if tile.onto == Onto::Sums {
        let tail = tile.columns % S::LANES;
        for (i, row) in sums.iter_mut().enumerate() {
            for (j, sum) in row.iter_mut().enumerate() {
                // SAFETY: elements of `c` in the tile.
                unsafe {
                    let c = tile.c.add(i * tile.c_row + j * S::LANES);
                    *sum = if tail != 0 && j + 1 == VECTORS { s.load_partial(c, tail) } else { s.load(c) };
                }
            }
        }
    }
    sums
}

/// The tile's columns of a row of `b`; `TAIL`: the last vector is read in part.
///
/// # Safety
/// The row holds them.
#[inline(always)]
pub(super) unsafe fn load_row<S: Isa, const VECTORS: usize, const TAIL: bool>(
    s: S,
    tile: &Tile,
    b: *const f32,
) -> [S::V; VECTORS] {
    let mut row = [s.splat(0.0); VECTORS];
    for (j, vector) in row.iter_mut().enumerate() {
        let from = b.wrapping_add(j * S::LANES);
        // SAFETY: the caller vouches for them.
        *vector = unsafe {
            if TAIL && j + 1 == VECTORS { s.load_partial(from, tile.columns % S::LANES) } else { s.load(from) }
        };
    }
    row
}

#[inline(always)]
unsafe fn sums<S: Isa, T: Terms<S>, const ROWS: usize, const VECTORS: usize, const TAIL: bool>(
    s: S,
    terms: T,
    tile: &Tile,
) -> [[S::V; VECTORS]; ROWS] {
    // SAFETY: elements of the tile.
    let mut sums = unsafe { begin::<S, ROWS, VECTORS>(s, tile) };
    // A pointer for each three rows of `a`: registers are scarce, and an address takes up to twice a step. The compiler
    // must not see that they belong together, or it walks from row to row, each address waiting for the one before.
    let mut rows: [*const f32; MOST_ROWS / 3] =
        std::array::from_fn(|i| opaque(tile.a.wrapping_add(3 * i * tile.a_row)));
    let mut b = tile.b;
    let mut left = tile.k;
    while left > 0 {
        // SAFETY: nobody else uses it meanwhile.
        let steps = match unsafe { tile.ahead.as_mut() } {
            None => left,
            Some(ahead) => {
                ahead.fetch(s, ROWS * VECTORS);
                left.min(STEPS)
            }
        };
        left -= steps;
        for _ in 0..steps {
            // SAFETY: a row of `b`.
            let row = unsafe { load_row::<S, VECTORS, TAIL>(s, tile, b) };
            for (i, sums) in sums.iter_mut().enumerate() {
                // SAFETY: an element of `a` in one of the tile's rows.
                let x = s.splat(unsafe { rows[i / 3].wrapping_add(i % 3 * tile.a_row).read() });
                for (sum, &vector) in sums.iter_mut().zip(&row) {
                    *sum = terms.add(s, x, vector, *sum);
                }
            }
            for pointer in rows.iter_mut().take(ROWS.div_ceil(3)) {
                *pointer = pointer.wrapping_add(tile.a_column);
            }
            b = b.wrapping_add(tile.b_row);
        }
    }
    sums
}

/// Computes a tile of one row and at most [`ROW_VECTORS`] vectors.
///
/// # Safety
/// The operands hold the tile.
#[inline(always)]
pub(super) unsafe fn row<S: Isa>(s: S, tile: &Tile) {
    // SAFETY: passed on from the caller.
    unsafe {
        match tile.columns.div_ceil(S::LANES) {
            1 => fixed::<S, Float32, 1, 1>(s, Float32, tile),
            2 => fixed::<S, Float32, 1, 2>(s, Float32, tile),
            3 => fixed::<S, Float32, 1, 3>(s, Float32, tile),
            4 => fixed::<S, Float32, 1, 4>(s, Float32, tile),
            5 => fixed::<S, Float32, 1, 5>(s, Float32, tile),
            6 => fixed::<S, Float32, 1, 6>(s, Float32, tile),
            7 => fixed::<S, Float32, 1, 7>(s, Float32, tile),
            _ => fixed::<S, Float32, 1, ROW_VECTORS>(s, Float32, tile),
        }
    }
}

/// `c[j]` = the product of a contiguous row by the contiguous column `j` of `b`, for `n` columns.
///
/// # Safety
/// The operands hold `k` elements each, `c` takes `n`.
#[inline(always)]
pub(super) unsafe fn dot_row<S: Isa>(
    s: S,
    a: *const f32,
    b: *const f32,
    b_column: usize,
    k: usize,
    c: *mut f32,
    n: usize,
) {
    const COLUMNS: usize = 4;
    for first in (0..n).step_by(COLUMNS) {
        let count = COLUMNS.min(n - first);
        // Columns that are not there repeat the last one.
        let columns: [*const f32; COLUMNS] =
            std::array::from_fn(|j| b.wrapping_add((first + j.min(count - 1)) * b_column));
        let mut sums = [[s.splat(0.0); 2]; COLUMNS];
        // SAFETY: indices stay below k; the last vector is partial.
        unsafe {
            let mut p = 0;
            while p + 2 * S::LANES <= k {
                let (x, y) = (s.load(a.add(p)), s.load(a.add(p + S::LANES)));
                for (sum, column) in sums.iter_mut().zip(columns) {
                    sum[0] = s.mul_add(x, s.load(column.add(p)), sum[0]);
                    sum[1] = s.mul_add(y, s.load(column.add(p + S::LANES)), sum[1]);
                }
                p += 2 * S::LANES;
            }
            while p < k {
                let rest = (k - p).min(S::LANES);
                let load = |from: *const f32| if rest == S::LANES { s.load(from) } else { s.load_partial(from, rest) };
                let x = load(a.add(p));
                for (sum, column) in sums.iter_mut().zip(columns) {
                    sum[0] = s.mul_add(x, load(column.add(p)), sum[0]);
                }
                p += rest;
            }
            for (j, sum) in sums.iter().enumerate().take(count) {
                let total = s.fold(
                    s.add(sum[0], sum[1]),
                    #[inline(always)]
                    |x, y| s.add(x, y),
                );
                c.add(first + j).write(total);
            }
        }
    }
}
