use super::ahead::Ahead;
use super::gathered::{Gathered, gathered};
use super::micro::{Onto, ROW_VECTORS, Tile, dot_row, most_rows, row, tile_column};
use super::narrow::{self, narrow};
use super::pack::{Source, pack};
use crate::simd::{Float32, Isa};

/// Depth of packed panels: the widest tile's panel fills a first-level cache.
pub(super) const DEPTH: usize = 128;
/// From this depth on a product that packs nothing is computed in pieces as deep as packed panels too: so many rows of
/// `b` as wide as a tile would not stay in the caches between one tile and the next below.
pub(super) const LONG: usize = 1024;
/// The most rows of a block whose `a` is packed: its panel fills half of a second-level cache.
pub(crate) const PACKED_ROWS: usize = 384;
/// The greatest depth of a product that is computed turned.
const TURNED_DEPTH: usize = 512;
/// Columns of a product that are computed turned at a time.
const TURNED_COLUMNS: usize = 64;

/// The product of one task: `c = a b`, strides in elements. How it is computed does not show in the result: each sum runs
/// over `k` in order and in one chain (but for a few rows, where all tasks do as the whole).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Block {
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub a: *const f32,
    pub a_row: usize,
    pub a_column: usize,
    /// Where the rows of `a` lie if strides cannot say it; `b_column` is 1 then.
    pub gathered: Option<Gathered>,
    pub b: *const f32,
    pub b_row: usize,
    pub b_column: usize,
    pub c: *mut f32,
    pub c_row: usize,
    /// Whether the whole product has so few rows that each is computed by itself.
    pub few_rows: bool,
    /// What `c` holds before; [`Onto::Total`] only for blocks that are [`Block::in_place`].
    pub onto: Onto,
    /// Whether rows of `b` are so long that their last vector may be read whole.
    pub padded: bool,
    /// What is fetched meanwhile, if not null.
    pub ahead: *mut Ahead,
}

/// Rows of a product up to which each is computed by itself, where that saves packing.
pub(super) const FEW_ROWS: usize = 3;

/// How a block is computed; follows from its shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// One row of `a`, rows of `b`.
    Row,
    /// A few rows of `a`, columns of `b`.
    Dots,
    /// The transpose, since `a` has far fewer elements to pack than `b`.
    Turned,
    /// Tiles, with `a` and `b` packed or as they are.
    Tiles { pack_a: bool, pack_b: bool },
    /// Tiles whose `a` is gathered.
    Gathered { pack_b: bool },
}

impl Block {
    /// An empty block whose result goes to rows so many floats apart.
    pub(crate) fn onto_nothing(c: *mut f32, c_row: usize) -> Block {
        let none = std::ptr::null();
        Block {
            m: 0,
            n: 0,
            k: 0,
            a: none,
            a_row: 0,
            a_column: 1,
            gathered: None,
            b: none,
            b_row: 0,
            b_column: 1,
            c,
            c_row,
            few_rows: false,
            onto: Onto::Nothing,
            padded: false,
            ahead: std::ptr::null_mut(),
        }
    }

    fn method(&self, tile: (usize, usize)) -> Method {
        let Block { m, n, k, .. } = *self;
        // Rows of `b` that are far apart cost a page each.
        let far = m >= 8 * tile.0 && self.b_row >= 512 && !self.padded;
        if self.gathered.is_some() {
            return Method::Gathered { pack_b: far };
        }
        let by_columns = self.b_column != 1 && n > 1;
        if m == 1 && !by_columns {
            return Method::Row;
        }
        if self.few_rows && self.b_row == 1 && self.a_column == 1 {
            return Method::Dots;
        }
        if by_columns && self.b_row == 1 && m <= tile.1 && k <= TURNED_DEPTH && n * k > 2 * m * (n + k) {
            return Method::Turned;
        }
        Method::Tiles { pack_a: m >= 8 * tile.0 && n >= 4 * tile.1 && k >= 64, pack_b: by_columns || far }
    }

    /// Fills the result with zeros.
    ///
    /// # Safety
    /// `c` takes the block.
    pub(super) unsafe fn clear(&self) {
        for i in 0..self.m {
            for j in 0..self.n {
                // SAFETY: row and column lie inside the block.
                unsafe { self.c.add(i * self.c_row + j).write(0.0) };
            }
        }
    }

    /// Whether a block of these sizes packs nothing, so that it can be computed in parts at no cost.
    pub(super) fn in_place(&self, tile: (usize, usize)) -> bool {
        self.method(tile) == Method::Tiles { pack_a: false, pack_b: false }
    }

    /// Whether a block of these sizes packs `b` and nothing else.
    pub(super) fn packs_b_alone(&self, tile: (usize, usize)) -> bool {
        self.method(tile) == Method::Tiles { pack_a: false, pack_b: true }
    }
}

/// Floats of scratch memory that [`multiply`] needs with a register tile of these rows and columns.
pub(crate) fn scratch_floats(tile: (usize, usize)) -> usize {
    let packed = DEPTH * (tile.1 + PACKED_ROWS.next_multiple_of(tile.0));
    packed.max(TURNED_DEPTH * tile.1 + TURNED_COLUMNS * tile.1)
}

/// Computes a block of at most [`PACKED_ROWS`] rows.
///
/// # Safety
/// The operands hold the block, `scratch` the floats of [`scratch_floats`], and nothing else writes them meanwhile.
#[inline(always)]
pub(crate) unsafe fn multiply<S: Isa>(s: S, block: &Block, scratch: *mut f32) {
    let size = (S::TILE_ROWS, S::TILE_VECTORS * S::LANES);
    debug_assert!(block.m <= PACKED_ROWS, "{} rows", block.m);
    // SAFETY: passed on from the caller.
    unsafe {
        match block.method(size) {
            Method::Row => rows(s, block),
            Method::Dots => dots(s, block),
            Method::Turned => turned(s, block, scratch),
            Method::Tiles { pack_a, pack_b } => tiles(s, block, [pack_a, pack_b], scratch),
            Method::Gathered { pack_b } => {
                if let Some(from) = &block.gathered {
                    gathered(s, block, from, pack_b, scratch);
                }
            }
        }
    }
}

/// [`Method::Row`].
#[inline(always)]
unsafe fn rows<S: Isa>(s: S, block: &Block) {
    for column in (0..block.n).step_by(ROW_VECTORS * S::LANES) {
        let columns = (ROW_VECTORS * S::LANES).min(block.n - column);
        let part = block.tile(0, column, 0, block.k, columns);
        // SAFETY: the columns lie inside the block.
        unsafe { row(s, &part) }
    }
}

/// [`Method::Dots`].
#[inline(always)]
unsafe fn dots<S: Isa>(s: S, block: &Block) {
    for i in 0..block.m {
        // SAFETY: row i of `a` and all columns of `b` are contiguous and lie inside the block.
        unsafe {
            let (a, c) = (block.a.add(i * block.a_row), block.c.add(i * block.c_row));
            dot_row(s, a, block.b, block.b_column, block.k, c, block.n);
        }
    }
}

impl Block {
    /// The register tile from (row, column) on, over `k` steps from `p` on, nothing packed.
    #[inline(always)]
    pub(super) fn tile(&self, row: usize, column: usize, p: usize, k: usize, columns: usize) -> Tile {
        Tile {
            k,
            a: self.a.wrapping_add(row * self.a_row + p * self.a_column),
            a_row: self.a_row,
            a_column: self.a_column,
            b: self.b.wrapping_add(p * self.b_row + column * self.b_column),
            b_row: self.b_row,
            c: self.c.wrapping_add(row * self.c_row + column),
            c_row: self.c_row,
            a_next: 0,
            columns,
            padded: self.padded,
            ahead: self.ahead,
            onto: if p > 0 { Onto::Sums } else { self.onto },
        }
    }
}

/// [`Method::Tiles`].
#[inline(always)]
unsafe fn tiles<S: Isa>(s: S, block: &Block, [pack_a, pack_b]: [bool; 2], scratch: *mut f32) {
    let (height, width) = (S::TILE_ROWS, S::TILE_VECTORS * S::LANES);
    let depth = if pack_a || pack_b || block.k > LONG { DEPTH } else { block.k };
    let (packed_b, packed_a) = (scratch, scratch.wrapping_add(DEPTH * width));
    let narrowable = !pack_a && narrow::can::<S>(block.m, block.a_row, block.a_column);
    // SAFETY: all offsets lie inside the block, the packed panels inside the scratch memory.
    unsafe {
        for p in (0..block.k).step_by(depth.max(1)) {
            let k = depth.min(block.k - p);
            if pack_a {
                for row in (0..block.m).step_by(height) {
                    let from = block.a.add(row * block.a_row + p * block.a_column);
                    let (step, column) = (block.a_column, block.a_row);
                    let source = Source { from, step, column, k, columns: height.min(block.m - row) };
                    pack(s, &source, height, packed_a.add(row * k));
                }
            }
            let mut column = 0;
            while column < block.n {
                let columns = panel::<S>(block.n - column, narrowable);
                let mut part = block.tile(0, column, p, k, columns);
                if pack_b {
                    let source = Source { from: part.b, step: block.b_row, column: block.b_column, k, columns };
                    pack(s, &source, width, packed_b);
                    (part.b, part.b_row, part.padded) = (packed_b, width, true);
                }
                // From which row on tiles of which sizes follow each other, and a step from a row of `a` to the next.
                let (mut first, mut a_step) = (0, part.a_row);
                let sizes = if pack_a {
                    (part.a, part.a_row, part.a_column) = (packed_a, 1, height);
                    a_step = k;
                    [(block.m / height, height), (1, block.m % height)]
                } else if narrowable && columns <= narrow::COLUMNS {
                    first = block.m / S::QUADS * S::QUADS;
                    narrow(s, first, &part);
                    [(1, block.m % S::QUADS), (0, 0)]
                } else {
                    // Tiles of few vectors take more rows, about the same number each.
                    let tiles = block.m.div_ceil(most_rows::<S>(columns.div_ceil(S::LANES)));
                    let (rest, rows) = (block.m % tiles, block.m / tiles);
                    [(rest, rows + 1), (tiles - rest, rows)]
                };
                below(s, &part, first, a_step, sizes);
                column += columns;
            }
        }
    }
}

/// Columns of the next panel of so many that are left. A last vector of few columns is a panel of its own if such can be
/// computed by [`narrow`].
#[inline(always)]
fn panel<S: Isa>(left: usize, narrowable: bool) -> usize {
    let columns = (S::TILE_VECTORS * S::LANES).min(left);
    let few = columns % S::LANES;
    if narrowable && columns > few && (1..=narrow::COLUMNS).contains(&few) { columns - few } else { columns }
}

/// Tiles of two sizes, counts and rows, one below the other from row `first` of `top` on. `a_step`: from a row of `a` to
/// the next.
#[inline(always)]
unsafe fn below<S: Isa>(s: S, top: &Tile, first: usize, a_step: usize, sizes: [(usize, usize); 2]) {
    let mut row = first;
    for (count, rows) in sizes {
        let part = Tile {
            a: top.a.wrapping_add(row * a_step),
            a_next: rows * a_step,
            c: top.c.wrapping_add(row * top.c_row),
            ..*top
        };
        if count > 0 && rows > 0 {
            // SAFETY: passed on from the caller.
            unsafe { tile_column(s, Float32, rows, count, &part) }
        }
        row += count * rows;
    }
}

/// [`Method::Turned`]: `c` transposed is the product of `b` transposed, whose rows are contiguous, by `a` transposed,
/// which is packed.
#[inline(always)]
unsafe fn turned<S: Isa>(s: S, block: &Block, scratch: *mut f32) {
    let width = S::TILE_VECTORS * S::LANES;
    let (packed, result) = (scratch, scratch.wrapping_add(TURNED_DEPTH * width));
    // SAFETY: the panel of `a` has at most TURNED_DEPTH rows, the result at most TURNED_COLUMNS; the rest is the block's.
    unsafe {
        let source = Source { from: block.a, step: block.a_column, column: block.a_row, k: block.k, columns: block.m };
        pack(s, &source, width, packed);
        for first in (0..block.n).step_by(TURNED_COLUMNS) {
            let count = TURNED_COLUMNS.min(block.n - first);
            let most = most_rows::<S>(block.m.div_ceil(S::LANES));
            for (column, count, rows) in [(0, count / most, most), (count / most * most, 1, count % most)] {
                let part = Tile {
                    k: block.k,
                    a: block.b.wrapping_add((first + column) * block.b_column),
                    a_row: block.b_column,
                    a_column: 1,
                    b: packed,
                    b_row: width,
                    c: result.wrapping_add(column * width),
                    c_row: width,
                    a_next: rows * block.b_column,
                    columns: block.m,
                    padded: true,
                    ahead: block.ahead,
                    onto: block.onto,
                };
                if rows > 0 {
                    tile_column(s, Float32, rows, count, &part);
                }
            }
            for i in (0..block.m).step_by(S::LANES) {
                for j in (0..count).step_by(S::LANES) {
                    let part = [S::LANES.min(count - j), S::LANES.min(block.m - i)];
                    let to = block.c.add(i * block.c_row + first + j);
                    s.transpose(result.add(j * width + i), width, part, to, block.c_row, part[0]);
                }
            }
        }
    }
}
