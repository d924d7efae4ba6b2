use crate::simd::Isa;

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
    /// Columns of the tile.
    pub columns: usize,
    /// Vectors of `b` may be read whole even where the tile has fewer columns.
    pub padded: bool,
    /// Adds to `c`.
    pub accumulate: bool,
}

/// Computes a tile of `rows` rows.
///
/// # Safety
/// `rows` is at most `S::TILE_ROWS`, the columns at most `S::TILE_VECTORS` vectors, and the operands hold them.
#[inline(always)]
pub(super) unsafe fn tile<S: Isa>(s: S, rows: usize, tile: &Tile) {
    let vectors = tile.columns.div_ceil(S::LANES);
    macro_rules! by_vectors {
        ($rows:literal) => {
            match vectors {
                1 => fixed::<S, $rows, 1>(s, tile),
                2 => fixed::<S, $rows, 2>(s, tile),
                _ => fixed::<S, $rows, 3>(s, tile),
            }
        };
    }
    // SAFETY: passed on from the caller.
    unsafe {
        match rows {
            1 => by_vectors!(1),
            2 => by_vectors!(2),
            3 => by_vectors!(3),
            4 => by_vectors!(4),
            5 => by_vectors!(5),
            6 => by_vectors!(6),
            7 => by_vectors!(7),
            _ => by_vectors!(8),
        }
    }
}

#[inline(always)]
unsafe fn fixed<S: Isa, const ROWS: usize, const VECTORS: usize>(s: S, tile: &Tile) {
    // No instruction set has tiles beyond its own; what cannot be called need not be compiled.
    if ROWS > S::TILE_ROWS || VECTORS > S::TILE_VECTORS {
        return;
    }
    let tail = tile.columns % S::LANES;
    let read_tail = if tile.padded { 0 } else { tail };
    // SAFETY: passed on from the caller; partial loads and stores cover the last vector's columns only.
    unsafe {
        let sums = if read_tail == 0 {
            sums::<S, ROWS, VECTORS>(
                s,
                tile,
                #[inline(always)]
                |p, _| s.load(p),
            )
        } else {
            sums::<S, ROWS, VECTORS>(
                s,
                tile,
                #[inline(always)]
                |p, j| {
                    if j + 1 == VECTORS { s.load_partial(p, read_tail) } else { s.load(p) }
                },
            )
        };
        for (i, row) in sums.iter().enumerate() {
            for (j, &sum) in row.iter().enumerate() {
                let c = tile.c.add(i * tile.c_row + j * S::LANES);
                let partial = tail != 0 && j + 1 == VECTORS;
                let sum = match (tile.accumulate, partial) {
                    (false, _) => sum,
                    (true, false) => s.add(s.load(c), sum),
                    (true, true) => s.add(s.load_partial(c, tail), sum),
                };
                if partial { s.store_partial(c, sum, tail) } else { s.store(c, sum) }
            }
        }
    }
}

#[inline(always)]
unsafe fn sums<S: Isa, const ROWS: usize, const VECTORS: usize>(
    s: S,
    tile: &Tile,
    load: impl Fn(*const f32, usize) -> S::V,
) -> [[S::V; VECTORS]; ROWS] {
    let mut sums = [[s.splat(0.0); VECTORS]; ROWS];
    let (mut a, mut b) = (tile.a, tile.b);
    for _ in 0..tile.k {
        let mut row = [s.splat(0.0); VECTORS];
        for (j, vector) in row.iter_mut().enumerate() {
            *vector = load(b.wrapping_add(j * S::LANES), j);
        }
        for (i, sums) in sums.iter_mut().enumerate() {
            // SAFETY: row i of the tile, column p of `a`.
            let x = s.splat(unsafe { *a.add(i * tile.a_row) });
            for (sum, &vector) in sums.iter_mut().zip(&row) {
                *sum = s.mul_add(x, vector, *sum);
            }
        }
        a = a.wrapping_add(tile.a_column);
        b = b.wrapping_add(tile.b_row);
    }
    sums
}
