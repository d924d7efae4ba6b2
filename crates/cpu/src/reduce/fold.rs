//! The loops that fold a dense tile.

use crate::simd::Isa;

/// How lanes are combined: float32, or int32 bits for the names that say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    Sum,
    Prod,
    Max,
    Min,
    SumInt,
    ProdInt,
    MaxInt,
    MinInt,
}

impl Fold {
    /// The lane that changes nothing.
    pub(crate) fn identity(self) -> u32 {
        match self {
            Fold::Sum => 0f32.to_bits(),
            Fold::Prod => 1f32.to_bits(),
            Fold::Max => f32::NEG_INFINITY.to_bits(),
            Fold::Min => f32::INFINITY.to_bits(),
            Fold::SumInt => 0,
            Fold::ProdInt => 1,
            Fold::MaxInt => i32::MIN as u32,
            Fold::MinInt => i32::MAX as u32,
        }
    }

    /// Two lanes combined. NaN wins over any number.
    #[inline(always)]
    fn lanes(self, a: f32, b: f32) -> f32 {
        let ints = |f: fn(i32, i32) -> i32| f32::from_bits(f(a.to_bits() as i32, b.to_bits() as i32) as u32);
        match self {
            Fold::Sum => a + b,
            Fold::Prod => a * b,
            Fold::Max if a.is_nan() || a > b => a,
            Fold::Min if a.is_nan() || a < b => a,
            Fold::Max | Fold::Min => b,
            Fold::SumInt => ints(i32::wrapping_add),
            Fold::ProdInt => ints(i32::wrapping_mul),
            Fold::MaxInt => ints(i32::max),
            Fold::MinInt => ints(i32::min),
        }
    }
}

/// Calls a loop with the vector operation of a fold, so that each fold gets a loop of its own.
macro_rules! for_fold {
    ($s:ident, $fold:ident, |$op:ident| $body:expr) => {
        match $fold {
            Fold::Sum => for_fold!(@ $op, |a, b| $s.add(a, b), $body),
            Fold::Prod => for_fold!(@ $op, |a, b| $s.mul(a, b), $body),
            Fold::Max => for_fold!(@ $op, |a, b| $s.maximum(a, b), $body),
            Fold::Min => for_fold!(@ $op, |a, b| $s.minimum(a, b), $body),
            Fold::SumInt => for_fold!(@ $op, |a, b| $s.of_bits($s.iadd($s.bits(a), $s.bits(b))), $body),
            Fold::ProdInt => for_fold!(@ $op, |a, b| $s.of_bits($s.imul($s.bits(a), $s.bits(b))), $body),
            Fold::MaxInt => for_fold!(@ $op, |a, b| $s.of_bits($s.imax($s.bits(a), $s.bits(b))), $body),
            Fold::MinInt => for_fold!(@ $op, |a, b| $s.of_bits($s.imin($s.bits(a), $s.bits(b))), $body),
        }
    };
    (@ $op:ident, |$a:ident, $b:ident| $value:expr, $body:expr) => {{
        // In a call, since a closure takes attributes there only.
        let $op = std::convert::identity(#[inline(always)] |$a: S::V, $b: S::V| $value);
        $body
    }};
}

/// `out[row]` = the fold of a row of `columns` lanes.
///
/// # Safety
/// `values` holds `rows * columns` lanes, `out` takes `rows`.
#[inline(always)]
pub(crate) unsafe fn fold_rows<S: Isa>(
    s: S,
    fold: Fold,
    values: *const f32,
    rows: usize,
    columns: usize,
    out: *mut f32,
) {
    let identity = s.splat(f32::from_bits(fold.identity()));
    for_fold!(s, fold, |op| {
        for row in 0..rows {
            // SAFETY: the row lies inside `values`; partial loads read what is left of it.
            unsafe {
                let row_values = values.add(row * columns);
                // Four chains, so that one addition need not wait for the one before.
                let mut sums = [identity; 4];
                let mut i = 0;
                while i + 4 * S::LANES <= columns {
                    for (j, sum) in sums.iter_mut().enumerate() {
                        *sum = op(*sum, s.load(row_values.add(i + j * S::LANES)));
                    }
                    i += 4 * S::LANES;
                }
                while i + S::LANES <= columns {
                    sums[0] = op(sums[0], s.load(row_values.add(i)));
                    i += S::LANES;
                }
                let all = op(op(sums[0], sums[1]), op(sums[2], sums[3]));
                let mut total = s.fold(all, op);
                for j in i..columns {
                    total = fold.lanes(total, row_values.add(j).read());
                }
                out.add(row).write(total);
            }
        }
    })
}

/// `sums[column]` = itself combined with the fold of a column of `rows` lanes.
///
/// # Safety
/// `values` holds `rows * columns` lanes, `sums` holds `columns`.
#[inline(always)]
pub(crate) unsafe fn fold_columns<S: Isa>(
    s: S,
    fold: Fold,
    values: *const f32,
    rows: usize,
    columns: usize,
    sums: *mut f32,
) {
    for_fold!(s, fold, |op| {
        let mut i = 0;
        // SAFETY: every vector lies inside a row; partial ones cover what is left of it.
        unsafe {
            while i + 2 * S::LANES <= columns {
                let (mut a, mut b) = (s.load(sums.add(i)), s.load(sums.add(i + S::LANES)));
                for row in 0..rows {
                    let p = values.add(row * columns + i);
                    a = op(a, s.load(p));
                    b = op(b, s.load(p.add(S::LANES)));
                }
                s.store(sums.add(i), a);
                s.store(sums.add(i + S::LANES), b);
                i += 2 * S::LANES;
            }
            if i + S::LANES <= columns {
                let mut a = s.load(sums.add(i));
                for row in 0..rows {
                    a = op(a, s.load(values.add(row * columns + i)));
                }
                s.store(sums.add(i), a);
                i += S::LANES;
            }
            if i < columns {
                let n = columns - i;
                let mut a = s.load_partial(sums.add(i), n);
                for row in 0..rows {
                    a = op(a, s.load_partial(values.add(row * columns + i), n));
                }
                s.store_partial(sums.add(i), a, n);
            }
        }
    })
}
