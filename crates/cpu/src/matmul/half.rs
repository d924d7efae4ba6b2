//! Products of operands that are rounded to bfloat16: pairs of steps lie in one lane, twice as many multiply-adds in an
//! instruction. Both operands are rounded into packed panels; sums are float32.

use super::block::{Block, PACKED_ROWS};
use super::gathered::Gathered;
use super::micro::tile_column;
use super::parts::load;
use crate::simd::{Avx512, Bfloat16, Isa};

/// Pairs of steps of a packed panel.
const PAIRS: usize = 128;
const LANES: usize = Avx512::LANES;
const WIDTH: usize = Avx512::TILE_VECTORS * LANES;
/// Scratch floats of a panel of `b`; the rest is for `a`.
const B_FLOATS: usize = PAIRS * WIDTH;

/// Computes a block of at most [`PACKED_ROWS`] rows.
///
/// # Safety
/// The operands hold the block, `scratch` the floats of [`super::block::scratch_floats`], and nothing else writes them
/// meanwhile.
#[inline(always)]
pub(crate) unsafe fn multiply_half(s: Avx512, half: Bfloat16, block: &Block, scratch: *mut f32) {
    let (packed_b, packed_a) = (scratch, scratch.wrapping_add(B_FLOATS));
    debug_assert!(block.m <= PACKED_ROWS, "{} rows", block.m);
    for p in (0..block.k).step_by(2 * PAIRS) {
        let steps = (2 * PAIRS).min(block.k - p);
        // SAFETY: steps, rows and columns lie inside the block; the packed panels have room for them.
        unsafe {
            let [a_row, a_column] = pack_a(s, half, block, p, steps, packed_a);
            for column in (0..block.n).step_by(WIDTH) {
                let columns = WIDTH.min(block.n - column);
                pack_b(s, half, block, [p, column], [steps, columns], packed_b);
                let tiles = block.m.div_ceil(Avx512::TILE_ROWS);
                let (rest, rows) = (block.m % tiles, block.m / tiles);
                let mut row = 0;
                for (count, rows) in [(rest, rows + 1), (tiles - rest, rows)] {
                    let mut tile = block.tile(row, column, p, steps.div_ceil(2), columns);
                    (tile.a, tile.a_row, tile.a_column) = (packed_a.wrapping_add(row * a_row), a_row, a_column);
                    (tile.a_next, tile.padded) = (rows * a_row, true);
                    (tile.b, tile.b_row) = (packed_b, WIDTH);
                    if count > 0 {
                        tile_column(s, half, rows, count, &tile);
                    }
                    row += count * rows;
                }
            }
        }
    }
}

/// Rounds `steps` of all rows of `a` from step `p` on. Returns the strides of rows and of pairs.
#[inline(always)]
unsafe fn pack_a(s: Avx512, half: Bfloat16, block: &Block, p: usize, steps: usize, to: *mut f32) -> [usize; 2] {
    let along_steps = block.a_column == 1;
    // SAFETY: the caller vouches for rows and steps.
    unsafe {
        match &block.gathered {
            None if along_steps => {
                for row in 0..block.m {
                    let from = block.a.add(row * block.a_row + p);
                    join(s, half, from, steps, to.add(row * PAIRS));
                }
            }
            None => {
                let step = |step: usize| block.a.wrapping_add((p + step) * block.a_column);
                interleave(s, half, step, steps, block.m, to, PACKED_ROWS);
            }
            // Whole runs, of an even number of steps each.
            Some(Gathered { rows, runs, run }) if along_steps => {
                for row in 0..block.m {
                    let (from, to) = (block.a.add(rows.add(row).read()), to.add(row * PAIRS));
                    let mut step = p;
                    while step < p + steps {
                        let (number, place) = (step / run, step % run);
                        let count = (run - place).min(p + steps - step);
                        join(s, half, from.add(runs.add(number).read() + place), count, to.add((step - p) / 2));
                        step += count;
                    }
                }
            }
            Some(Gathered { rows, runs, run }) => {
                let step = |step: usize| {
                    let (number, place) = ((p + step) / run, (p + step) % run);
                    block.a.wrapping_add(runs.add(number).read() + place * block.a_column)
                };
                interleave_gathered(s, half, step, steps, *rows, block.m, to);
            }
        }
    }
    if along_steps { [PAIRS, 1] } else { [1, PACKED_ROWS] }
}

/// Rounds a panel of `b` from (step, column) on.
#[inline(always)]
unsafe fn pack_b(
    s: Avx512,
    half: Bfloat16,
    block: &Block,
    [p, column]: [usize; 2],
    [steps, columns]: [usize; 2],
    to: *mut f32,
) {
    let from = block.b.wrapping_add(p * block.b_row + column * block.b_column);
    // SAFETY: the caller vouches for the panel.
    unsafe {
        if block.b_column == 1 || block.n == 1 {
            return interleave(s, half, |step| from.wrapping_add(step * block.b_row), steps, columns, to, WIDTH);
        }
        // Columns of neighbouring steps: rounded, then turned.
        let mut turned = [0f32; LANES * LANES];
        for j in (0..columns).step_by(LANES) {
            let count = LANES.min(columns - j);
            for step in (0..steps).step_by(2 * LANES) {
                let length = (2 * LANES).min(steps - step);
                for i in 0..count {
                    let from = from.add((j + i) * block.b_column + step);
                    join(s, half, from, length, turned.as_mut_ptr().add(i * LANES));
                }
                let to = to.add(step / 2 * WIDTH + j);
                s.transpose(turned.as_ptr(), LANES, [count, length.div_ceil(2)], to, WIDTH, LANES);
            }
        }
    }
}

/// Rounds neighbouring steps to pairs; the last of an odd number is joined by 0. Only lanes of pairs are written.
#[inline(always)]
unsafe fn join(s: Avx512, half: Bfloat16, from: *const f32, count: usize, to: *mut f32) {
    let mut i = 0;
    // SAFETY: the caller vouches for `count` floats and half as many lanes.
    unsafe {
        while i + 2 * LANES <= count {
            s.store(to.add(i / 2), half.joined(s.load(from.add(i)), s.load(from.add(i + LANES))));
            i += 2 * LANES;
        }
        if i < count {
            let first = load(s, from.wrapping_add(i), (count - i).min(LANES));
            let second = load(s, from.wrapping_add(i + LANES), (count - i).saturating_sub(LANES));
            let (pairs, count) = (half.joined(first, second), (count - i).div_ceil(2));
            if count == LANES { s.store(to.add(i / 2), pairs) } else { s.store_partial(to.add(i / 2), pairs, count) }
        }
    }
}

/// Rounds steps, each of which has `count` neighbouring elements, to rows of pairs `width` lanes apart. Whole vectors
/// are written.
#[inline(always)]
unsafe fn interleave(
    s: Avx512,
    half: Bfloat16,
    step: impl Fn(usize) -> *const f32,
    steps: usize,
    count: usize,
    to: *mut f32,
    width: usize,
) {
    for pair in 0..steps.div_ceil(2) {
        let (even, has_odd) = (step(2 * pair), 2 * pair + 1 < steps);
        let odd = if has_odd { step(2 * pair + 1) } else { even };
        for j in (0..count).step_by(LANES) {
            let lanes = LANES.min(count - j);
            // SAFETY: the caller vouches for the steps and for `width` lanes of each pair.
            unsafe {
                let odd = load(s, odd.wrapping_add(j), if has_odd { lanes } else { 0 });
                s.store(to.add(pair * width + j), half.interleaved(load(s, even.wrapping_add(j), lanes), odd));
            }
        }
    }
}

/// As [`interleave`] for elements that lie where a table says from each step.
#[inline(always)]
unsafe fn interleave_gathered(
    s: Avx512,
    half: Bfloat16,
    step: impl Fn(usize) -> *const f32,
    steps: usize,
    rows: *const usize,
    count: usize,
    to: *mut f32,
) {
    for j in (0..count).step_by(LANES) {
        let lanes = LANES.min(count - j);
        // SAFETY: the caller vouches for rows and steps.
        unsafe {
            let rows = std::slice::from_raw_parts(rows.add(j), lanes);
            let first = rows[0];
            if rows.iter().enumerate().all(|(i, &row)| row == first + i) {
                interleave(s, half, |p| step(p).wrapping_add(first), steps, lanes, to.add(j), PACKED_ROWS);
                continue;
            }
            for pair in 0..steps.div_ceil(2) {
                let mut elements = [[0f32; LANES]; 2];
                for (p, elements) in (2 * pair..steps).zip(&mut elements) {
                    let from = step(p);
                    rows.iter().zip(elements).for_each(|(&row, element)| *element = from.add(row).read());
                }
                let [even, odd] = elements.map(|elements| s.load(elements.as_ptr()));
                s.store(to.add(pair * PACKED_ROWS + j), half.interleaved(even, odd));
            }
        }
    }
}
