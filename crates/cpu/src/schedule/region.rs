//! Which memory a task touches.

use std::ops::Range;

use crate::map::Placed;

/// `rows` stretches of `width` bytes, `pitch` bytes apart: at least the memory that is meant, and no more where that is
/// a part of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    start: usize,
    rows: usize,
    pitch: usize,
    width: usize,
}

impl Region {
    /// `len` bytes.
    pub(crate) fn bytes(start: usize, len: usize) -> Region {
        Region { start, rows: 1, pitch: len, width: len }
    }

    /// The elements of a view at the given indices of its loops; `None` if there are none.
    pub(crate) fn of_view(view: &Placed, ranges: &[Range<usize>]) -> Option<Region> {
        if ranges.iter().any(Range::is_empty) {
            return None;
        }
        let first: usize = ranges.iter().zip(&view.strides).map(|(range, stride)| range.start * stride).sum();
        let moving = ranges.iter().zip(&view.strides).filter(|(range, stride)| range.len() > 1 && **stride > 0);
        let mut loops: Vec<(usize, usize)> = moving.map(|(range, &stride)| (stride, range.len())).collect();
        loops.sort_unstable();
        let start = view.address + first;
        let mut region = Region { start, rows: 1, pitch: view.unit, width: view.unit };
        for (i, &(stride, count)) in loops.iter().enumerate() {
            let outermost = i + 1 == loops.len();
            if outermost && stride > region.width {
                (region.rows, region.pitch) = (count, stride);
            } else {
                // Gaps inside of rows are counted as touched.
                region.width += stride * (count - 1);
            }
        }
        Some(region)
    }

    /// Addresses of the stretches.
    #[cfg(test)]
    pub(crate) fn stretches(&self) -> impl Iterator<Item = Range<usize>> {
        let Region { start, rows, pitch, width } = *self;
        (0..rows).map(move |row| start + row * pitch..start + row * pitch + width)
    }

    fn end(&self) -> usize {
        self.start + (self.rows - 1) * self.pitch + self.width
    }

    /// Whether two regions may share a byte.
    pub(crate) fn overlaps(&self, other: &Region) -> bool {
        if self.end() <= other.start || other.end() <= self.start {
            return false;
        }
        let pitch = if self.rows > 1 { self.pitch } else { other.pitch };
        let same = [self, other].iter().all(|region| region.rows == 1 || region.pitch == pitch);
        let narrow = |region: &Region| region.width < pitch;
        if !same || pitch == 0 || !narrow(self) || !narrow(other) || (self.rows == 1 && other.rows == 1) {
            return true;
        }
        // Columns of rows of one pitch, counted from where the first region begins.
        let shift = (other.start as isize - self.start as isize).rem_euclid(pitch as isize) as usize;
        shift < self.width || shift + other.width > pitch
    }
}

/// The memory that a task reads and writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Footprint {
    pub reads: Vec<Region>,
    pub writes: Vec<Region>,
}

impl Footprint {
    /// Whether the order of two tasks matters.
    pub(crate) fn conflicts(&self, other: &Footprint) -> bool {
        let any = |a: &[Region], b: &[Region]| a.iter().any(|a| b.iter().any(|b| a.overlaps(b)));
        any(&self.writes, &other.writes) || any(&self.writes, &other.reads) || any(&self.reads, &other.writes)
    }

    /// The memory that a task of several touches.
    pub(crate) fn extend(&mut self, other: Footprint) {
        self.reads.extend(other.reads);
        self.writes.extend(other.writes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A float32 matrix with rows of `columns` elements at address 1000.
    fn matrix(columns: usize) -> Placed {
        Placed { address: 1000, strides: vec![columns * 4, 4], unit: 4 }
    }

    fn region(view: &Placed, rows: Range<usize>, columns: Range<usize>) -> Region {
        Region::of_view(view, &[rows, columns]).unwrap()
    }

    #[test]
    fn rows_are_apart_and_so_are_columns() {
        let view = matrix(100);
        let (top, bottom) = (region(&view, 0..16, 0..100), region(&view, 16..32, 0..100));
        assert!(!top.overlaps(&bottom) && !bottom.overlaps(&top));
        let (left, right) = (region(&view, 0..32, 0..48), region(&view, 0..32, 48..100));
        assert!(!left.overlaps(&right) && !right.overlaps(&left));
        let middle = region(&view, 3..5, 47..49);
        assert!(middle.overlaps(&left) && right.overlaps(&middle) && middle.overlaps(&top));
        assert!(!middle.overlaps(&bottom));
        let row = region(&view, 4..5, 0..48);
        assert!(row.overlaps(&left) && !row.overlaps(&right) && !right.overlaps(&row));
        assert!(Region::bytes(1000, 4).overlaps(&left) && !Region::bytes(996, 4).overlaps(&left));
    }

    #[test]
    fn overlap_is_never_missed() {
        // All blocks of a small matrix against what they really touch.
        let view = matrix(5);
        let bytes = |rows: &Range<usize>, columns: &Range<usize>| -> Vec<usize> {
            rows.clone().flat_map(|i| columns.clone().map(move |j| i * 5 + j)).collect()
        };
        let ranges: Vec<Range<usize>> = (0..5).flat_map(|a| (a + 1..=5).map(move |b| a..b)).collect();
        let blocks: Vec<(&Range<usize>, &Range<usize>)> =
            ranges.iter().flat_map(|rows| ranges.iter().map(move |columns| (rows, columns))).collect();
        for (rows, columns) in &blocks {
            for (others, other_columns) in &blocks {
                let (a, b) = (bytes(rows, columns), bytes(others, other_columns));
                let touch = a.iter().any(|byte| b.contains(byte));
                let region = |rows: &Range<usize>, columns: &Range<usize>| {
                    Region::of_view(&view, &[rows.clone(), columns.clone()]).unwrap()
                };
                let found = region(rows, columns).overlaps(&region(others, other_columns));
                assert!(found || !touch, "{rows:?}{columns:?} {others:?}{other_columns:?}");
            }
        }
    }

    #[test]
    fn nothing_has_no_region() {
        assert_eq!(Region::of_view(&matrix(3), &[0..0, 0..3]), None);
    }
}
