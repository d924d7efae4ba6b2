use crate::simd::Isa;

/// `to` = the sum of `count` rows that lie `step` floats apart, added in order.
///
/// # Safety
/// All rows and `to` are valid for `columns` floats, and `to` is apart from them.
#[inline(always)]
pub(crate) unsafe fn add_rows<S: Isa>(s: S, from: *const f32, step: usize, count: usize, to: *mut f32, columns: usize) {
    let mut column = 0;
    // SAFETY: the caller vouches for the rows; the last vector is partial.
    unsafe {
        while column < columns {
            let rest = (columns - column).min(S::LANES);
            let mut sum = load(s, from.add(column), rest);
            for row in 1..count {
                sum = s.add(sum, load(s, from.add(row * step + column), rest));
            }
            if rest == S::LANES {
                s.store(to.add(column), sum)
            } else {
                s.store_partial(to.add(column), sum, rest)
            }
            column += rest;
        }
    }
}

/// The first `count` floats at `p`, a vector at most, then zeros.
///
/// # Safety
/// They can be read.
#[inline(always)]
pub(super) unsafe fn load<S: Isa>(s: S, p: *const f32, count: usize) -> S::V {
    // SAFETY: the caller vouches for them.
    unsafe { if count == S::LANES { s.load(p) } else { s.load_partial(p, count) } }
}
