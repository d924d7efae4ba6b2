//! Rows that become columns.

use crate::simd::Isa;

/// Rows that are walked together: elements of a cache line of the matrix.
const ROWS: usize = 16;
/// Bytes ahead of those at work that are fetched.
const AHEAD: usize = 512;

/// Rows to copy to the columns of a matrix.
#[derive(Clone, Copy)]
pub(crate) struct Turn<'a> {
    /// Bytes of an element: 1 or 4.
    pub size: usize,
    /// All rows, and the numbers of those to copy.
    pub from: &'a [u8],
    pub rows: &'a [u32],
    /// Elements of a row.
    pub columns: usize,
    /// The columns to copy.
    pub first: usize,
    pub end: usize,
    /// The matrix: column `j` begins at element `j * rows.len()`.
    pub to: *mut u8,
}

impl Turn<'_> {
    /// The row that is copied to a place.
    #[inline(always)]
    fn row(&self, place: usize) -> &[u8] {
        let bytes = self.columns * self.size;
        &self.from[self.rows[place] as usize * bytes..][..bytes]
    }

    /// Element `column` of the row that is copied to place `row`.
    #[inline(always)]
    fn element(&self, row: usize, column: usize) -> &u8 {
        &self.from[(self.rows[row] as usize * self.columns + column) * self.size]
    }
}

/// Copies rows to columns.
///
/// # Safety
/// The matrix takes `columns × rows.len()` elements, and nothing else uses those of the columns meanwhile.
#[inline(always)]
pub(crate) unsafe fn turn<S: Isa>(s: S, turn: &Turn) {
    // SAFETY: passed on from the caller.
    unsafe {
        match turn.size {
            4 => words(s, turn),
            _ => bytes(turn),
        }
    }
}

#[inline(always)]
unsafe fn words<S: Isa>(s: S, turn: &Turn) {
    let count = turn.rows.len();
    for first in (0..count).step_by(ROWS) {
        let height = ROWS.min(count - first);
        // Where the rows begin; all of each lies in the data.
        let mut starts = [std::ptr::null::<u8>(); ROWS];
        for (i, start) in starts.iter_mut().enumerate().take(height) {
            *start = turn.row(first + i).as_ptr();
        }
        for column in (turn.first..turn.end).step_by(S::LANES) {
            let width = S::LANES.min(turn.end - column);
            for part in (0..height).step_by(S::LANES) {
                let size = [S::LANES.min(height - part), width];
                // SAFETY: the rows have so many columns, which lie inside the matrix; an address beyond the end of the
                // data is fetched in vain.
                unsafe {
                    let to = turn.to.cast::<f32>().add(column * count + first + part);
                    s.transpose_rows(
                        #[inline(always)]
                        |row| {
                            let from = starts[part + row].wrapping_add(column * 4);
                            s.fetch(from.wrapping_add(AHEAD));
                            from.cast()
                        },
                        size,
                        to,
                        count,
                        size[0],
                    );
                }
            }
        }
    }
}

/// Elements of one byte, 8 by 8 in the bits of eight words.
#[inline(always)]
unsafe fn bytes(turn: &Turn) {
    let count = turn.rows.len();
    let mut column = turn.first;
    while column < turn.end {
        let width = 8.min(turn.end - column);
        for first in (0..count).step_by(8) {
            let height = 8.min(count - first);
            let mut words = [0u64; 8];
            for (i, word) in words.iter_mut().enumerate().take(height) {
                let mut row = [0u8; 8];
                let from: *const u8 = turn.element(first + i, column);
                // SAFETY: the row has `width` elements from here on.
                unsafe { from.copy_to_nonoverlapping(row.as_mut_ptr(), width) };
                *word = u64::from_le_bytes(row);
            }
            swap::<32>(&mut words, 4, 0x0000_0000_FFFF_FFFF);
            swap::<16>(&mut words, 2, 0x0000_FFFF_0000_FFFF);
            swap::<8>(&mut words, 1, 0x00FF_00FF_00FF_00FF);
            for (j, word) in words.iter().enumerate().take(width) {
                let column_bytes = word.to_le_bytes();
                // SAFETY: the places lie inside the column.
                unsafe {
                    let to = turn.to.add((column + j) * count + first);
                    column_bytes.as_ptr().copy_to_nonoverlapping(to, height);
                }
            }
        }
        column += width;
    }
}

/// Swaps the upper part of each field of a word with the lower part of that of the word `distance` further.
#[inline(always)]
fn swap<const BITS: u32>(words: &mut [u64; 8], distance: usize, low: u64) {
    for i in (0..8).filter(|i| i & distance == 0) {
        let (a, b) = (words[i], words[i + distance]);
        words[i] = (a & low) | (b & low) << BITS;
        words[i + distance] = (a >> BITS) & low | (b & !low);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Portable;

    #[test]
    fn rows_become_columns() {
        let rows = [3u32, 0, 2, 3, 1, 7, 5, 6, 4, 2, 0, 1, 3, 6, 7, 5, 2, 1, 4];
        for (size, columns) in [(1, 21), (4, 21), (1, 8), (4, 40), (4, 1), (1, 1)] {
            let from: Vec<u8> = (0..8 * columns * size).map(|i| (i * 7 % 251) as u8).collect();
            for (first, end) in [(0, columns), (columns / 3, columns - columns / 4)] {
                let mut to = vec![255u8; columns * rows.len() * size];
                let task = Turn { size, from: &from, rows: &rows, columns, first, end, to: to.as_mut_ptr() };
                // SAFETY: the matrix has the elements.
                unsafe { turn(Portable, &task) };
                for column in 0..columns {
                    for (place, &row) in rows.iter().enumerate() {
                        let got = &to[(column * rows.len() + place) * size..][..size];
                        let at = (row as usize * columns + column) * size;
                        let want =
                            if (first..end).contains(&column) { &from[at..at + size] } else { &[255; 4][..size] };
                        assert_eq!(got, want, "{size} bytes, column {column}, row {row}");
                    }
                }
            }
        }
    }
}
