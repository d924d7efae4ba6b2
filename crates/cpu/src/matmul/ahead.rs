//! What an epilogue will read, fetched while its product is computed.

use std::ops::Range;

use crate::map::Fused;
use crate::simd::Isa;

/// The most operands that are fetched: weights and the moments of an optimizer.
const STREAMS: usize = 3;
/// Steps of a tile between which lines are fetched. More lines at once than a processor waits for stop it.
pub(super) const STEPS: usize = 8;
/// Bytes and floats of a cache line.
const LINE: usize = 64;
const FLOATS: usize = 16;
/// Parts of a line that are counted, and how many more of them are fetched than a tile has results: narrow tiles fetch
/// nothing.
const PARTS: usize = 4096;
const MORE: usize = PARTS / 8;

/// Where operands of an epilogue lie whose rows join.
#[derive(Debug, Default)]
pub(super) struct Operands {
    /// Addresses of row 0.
    starts: Vec<usize>,
    row_bytes: usize,
    rate: usize,
}

impl Operands {
    /// Those that the epilogue of a product of `k` steps reads once, if its tasks take whole rows.
    pub(super) fn of(epilogue: &Fused, k: usize, lanes: usize) -> Operands {
        let mut starts = epilogue.joined_rows();
        starts.truncate(STREAMS);
        Operands { starts, row_bytes: 4 * epilogue.columns, rate: rate(k, lanes) }
    }

    /// What is to be fetched for some rows.
    pub(super) fn rows(&self, rows: &Range<usize>) -> Option<Ahead> {
        let &first = self.starts.first()?;
        // Where there are fewer, the first is fetched again: a fixed number takes no time to count.
        let mut next = [first; STREAMS];
        next.iter_mut().zip(&self.starts).for_each(|(next, &start)| *next = start);
        let next = next.map(|start| (start + rows.start * self.row_bytes) as *const u8);
        Some(Ahead { next, lines: (rows.len() * self.row_bytes).div_ceil(LINE), rate: self.rate, due: 0 })
    }
}

/// Parts of a line for each vector of sums and [`STEPS`] of its `k` steps.
fn rate(k: usize, lanes: usize) -> usize {
    (PARTS + MORE) * lanes * STEPS / (FLOATS * k.max(1))
}

/// Lines that are left to fetch.
#[derive(Debug)]
pub(crate) struct Ahead {
    next: [*const u8; STREAMS],
    lines: usize,
    rate: usize,
    /// Parts of a line that are due.
    due: usize,
}

impl Ahead {
    /// Fetches what is due after [`STEPS`] steps of a tile of so many vectors.
    #[inline(always)]
    pub(super) fn fetch<S: Isa>(&mut self, s: S, vectors: usize) {
        let due = self.due + vectors * self.rate;
        let lines = self.lines.min(due / PARTS);
        self.due = due % PARTS;
        self.lines -= lines;
        let mut next = self.next;
        for _ in 0..lines {
            for place in &mut next {
                s.fetch_second(*place);
                *place = place.wrapping_add(LINE);
            }
        }
        self.next = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Portable;

    /// Operands of two matrices of 100 columns, whose product has so many steps.
    fn operands(k: usize) -> Operands {
        Operands { starts: vec![0x10_000, 0x90_000], row_bytes: 400, rate: rate(k, FLOATS) }
    }

    #[test]
    fn all_lines_of_some_rows_are_fetched_and_no_more() {
        for k in [8, 32, 512] {
            let mut ahead = operands(k).rows(&(80..160)).expect("operands");
            assert_eq!(
                ahead.next.map(|place| place as usize),
                [0x10_000 + 32_000, 0x90_000 + 32_000, 0x10_000 + 32_000]
            );
            // Ten tiles of 8 rows and 3 vectors in each of two panels.
            for step in 0..20 * k / STEPS {
                assert!(ahead.lines > 0 || step > 15 * k / STEPS, "all fetched after {step} steps of {k}");
                ahead.fetch(Portable, 24);
            }
            assert_eq!(ahead.lines, 0, "{k}");
            assert_eq!(ahead.next[1] as usize, 0x90_000 + 64_000);
        }
    }

    #[test]
    fn without_operands_nothing_is_fetched() {
        assert!(Operands::default().rows(&(0..80)).is_none());
    }
}
