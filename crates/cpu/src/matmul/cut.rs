//! How a product is cut into tasks. The cut does not show in the result, so it may depend on the number of threads.

use super::block::PACKED_ROWS;
use crate::kernels::{Kernels, Multiply};
use crate::launch::Grain;

/// Multiply-adds in a nanosecond that a task is planned with.
pub(crate) const SPEED: f64 = 80.0;
/// Nanoseconds of an instruction of the epilogue at one point, of its choice for a tile, of reading a float.
const STEP: f64 = 0.02;
const SHORT_TILE: f64 = 5.0;
const FLOAT: f64 = 0.1;
/// The most tasks of one batch element for each thread.
const MAX_TASKS: usize = 32;

/// Rows and columns of a task, and how many there are. `steps`: instructions of the epilogue.
pub(super) fn cut([m, n, k]: [usize; 3], steps: usize, tile: (usize, usize), grain: Grain) -> ([usize; 2], [usize; 2]) {
    let points = (m * n) as f64;
    let time = points * (k as f64 / SPEED + steps as f64 * STEP);
    let wanted = grain.tasks(time).min(MAX_TASKS * grain.threads);
    let (bands, panels) = (m.div_ceil(tile.0).max(1), n.div_ceil(tile.1).max(1));
    let mut best = (f64::INFINITY, [m.max(1), n.max(1)]);
    for column_tasks in 1..=panels.min(wanted) {
        let columns = (panels.div_ceil(column_tasks) * tile.1).min(n.max(1));
        let row_tasks = wanted.div_ceil(column_tasks).min(bands);
        let rows = (bands.div_ceil(row_tasks) * tile.0).min(PACKED_ROWS).min(m.max(1));
        let counts = [m.div_ceil(rows).max(1), n.div_ceil(columns).max(1)];
        // Floats that are read: every row of tasks reads all of `b`, every column of tasks all of `a`. An epilogue over
        // short pieces of rows takes far longer than over whole ones.
        let reads = (counts[0] * k * n + counts[1] * m * k) as f64;
        let pieces = if counts[1] > 1 { points * steps as f64 * SHORT_TILE / columns as f64 } else { 0.0 };
        // Too few tasks leave threads idle, and so do tasks of different sizes.
        let tasks = counts[0] * counts[1];
        let missing = (1.0 - tasks as f64 / wanted as f64).max(0.0);
        let uneven = (rows * columns * tasks) as f64 / points.max(1.0) - 1.0;
        let cost = reads + (pieces + time * 0.5 * (missing + uneven)) / FLOAT;
        if cost < best.0 {
            best = (cost, [rows, columns]);
        }
    }
    let [rows, columns] = best.1;
    ([rows, columns], [m.div_ceil(rows), n.div_ceil(columns)])
}

/// What a product of samples by weights is cut along. Threads that take samples of their own go on with what they have
/// computed before, and need not wait for each other; but each reads all weights, half of which the other has just
/// updated. With fewer samples than weights in a row it is better that each reads all samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Along {
    Rows,
    Columns,
}

/// As [`cut`], along one of the operands as far as it goes. Columns are cut between vectors.
pub(super) fn cut_along(
    along: Along,
    [m, n, k]: [usize; 3],
    steps: usize,
    kernels: &Kernels,
    grain: Grain,
) -> ([usize; 2], [usize; 2]) {
    let time = (m * n) as f64 * (k as f64 / SPEED + steps as f64 * STEP);
    let wanted = grain.tasks(time).min(MAX_TASKS * grain.threads);
    let length = |all: usize, parts: usize, unit: usize| all.div_ceil(parts).next_multiple_of(unit).min(all.max(1));
    let unit = [kernels.tile.0.div_ceil(2), kernels.lanes];
    let (first, second) = if along == Along::Rows { (0, 1) } else { (1, 0) };
    let dims = [m, n];
    let mut chunk = [m.max(1), n.max(1)];
    chunk[first] = length(dims[first], wanted, unit[first]);
    let more = wanted.div_ceil(dims[first].div_ceil(chunk[first]).max(1));
    chunk[second] = length(dims[second], more, unit[second]);
    chunk[0] = chunk[0].min(PACKED_ROWS);
    (chunk, [m.div_ceil(chunk[0]), n.div_ceil(chunk[1])])
}

/// Floats of `b` from which on it pays that each thread reads a part of it only.
const WIDE: usize = 64 * 1024;
/// Steps along `k` of a part, and the most parts.
const PART: usize = 384;
const MAX_PARTS: usize = 16;

/// Parts that `k` is cut into, which depends on the shape alone: the sums of all parts are added in order. A batch of
/// samples (`few`) against a large matrix (`many` rows or columns) is cut so that every thread reads steps of its own of
/// the matrix, which are those that it updates; else each would fetch all of it from the others' caches.
pub(super) fn parts(batch: usize, few: usize, many: usize, k: usize) -> usize {
    let tall = batch == 1 && (4..64).contains(&few) && k * many >= WIDE && k >= 2 * many && k >= 2 * PART - 64;
    if tall { ((k + PART / 2) / PART).clamp(2, MAX_PARTS) } else { 1 }
}

/// Products of each element of both operands (their harmonic mean, halved), and steps, from which on rounding both
/// operands to bfloat16 costs less than it saves.
const PRODUCTS: usize = 24;
const STEPS: usize = 16;

/// The loop that multiplies matrices of so many rows, columns and steps in bfloat16, if that is wanted and faster.
pub(crate) fn half_of(kernels: &Kernels, [m, n, k]: [usize; 3]) -> Option<Multiply> {
    kernels.multiply_half.filter(|_| m * n >= PRODUCTS * (m + n) && k >= STEPS)
}
