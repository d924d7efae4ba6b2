use crate::simd::Isa;

/// A matrix to be packed: `k` steps of `columns` elements, strides in elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    pub from: *const f32,
    pub step: usize,
    pub column: usize,
    pub k: usize,
    pub columns: usize,
}

/// Copies a matrix to `k` rows of `width` floats: `to[p * width + j]` is element `j` of step `p`. What lies behind the
/// columns is arbitrary.
///
/// # Safety
/// `source` holds its elements, `to` takes `k * width` floats; `columns <= width`, which is a multiple of the lanes or
/// less than them.
#[inline(always)]
pub(crate) unsafe fn pack<S: Isa>(s: S, source: &Source, width: usize, to: *mut f32) {
    let Source { from, step, column, k, columns } = *source;
    // SAFETY: all indices are below the bounds that the caller vouches for.
    unsafe {
        if column == 1 {
            for p in 0..k {
                copy(s, from.add(p * step), columns, to.add(p * width));
            }
        } else if step == 1 {
            for j in (0..columns).step_by(S::LANES) {
                let rows = S::LANES.min(columns - j);
                for p in (0..k).step_by(S::LANES) {
                    let block = [rows, S::LANES.min(k - p)];
                    let to = to.add(p * width + j);
                    s.transpose(from.add(j * column + p), column, block, to, width, S::LANES.min(width));
                }
            }
        } else {
            for p in 0..k {
                (0..columns).for_each(|j| to.add(p * width + j).write(from.add(p * step + j * column).read()));
            }
        }
    }
}

/// Copies `count` floats.
#[inline(always)]
unsafe fn copy<S: Isa>(s: S, from: *const f32, count: usize, to: *mut f32) {
    let mut i = 0;
    // SAFETY: the caller vouches for both; the last vector is partial.
    unsafe {
        while i + S::LANES <= count {
            s.store(to.add(i), s.load(from.add(i)));
            i += S::LANES;
        }
        if i < count {
            s.store_partial(to.add(i), s.load_partial(from.add(i), count - i), count - i);
        }
    }
}
