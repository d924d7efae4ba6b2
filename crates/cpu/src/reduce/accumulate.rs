//! What is carried from tile to tile: 64 bits for each result.

use glorot_graph::ReduceKind;
use glorot_graph::program::Reducer;
use glorot_tensor::DType;

use super::fold::Fold;

/// How the values of one reduction are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Fold(Fold),
    /// Position of the first largest value; true for float32.
    ArgMax(bool),
}

impl Kind {
    /// The kind of a reducer of values of a dtype, if there is one.
    pub(crate) fn of(reducer: Reducer, dtype: DType) -> Option<Kind> {
        let float = match dtype {
            DType::F32 => true,
            DType::I32 => false,
            DType::U8 | DType::Bool => return None,
        };
        let pick = |f, i| Some(Kind::Fold(if float { f } else { i }));
        match reducer {
            Reducer::Fold(ReduceKind::Sum) => pick(Fold::Sum, Fold::SumInt),
            Reducer::Fold(ReduceKind::Prod) => pick(Fold::Prod, Fold::ProdInt),
            Reducer::Fold(ReduceKind::Max) => pick(Fold::Max, Fold::MaxInt),
            Reducer::Fold(ReduceKind::Min) => pick(Fold::Min, Fold::MinInt),
            Reducer::ArgMax => Some(Kind::ArgMax(float)),
        }
    }

    /// The accumulator of nothing.
    pub(crate) fn identity(self) -> u64 {
        match self {
            Kind::Fold(fold) => self.lift(fold.identity()),
            // Position u32::MAX: any value comes first.
            Kind::ArgMax(_) => u64::from(u32::MAX),
        }
    }

    /// The accumulator of one lane: a float64, an int64.
    pub(crate) fn lift(self, lane: u32) -> u64 {
        match self {
            Kind::Fold(Fold::Sum | Fold::Prod | Fold::Max | Fold::Min) => f64::from(f32::from_bits(lane)).to_bits(),
            Kind::Fold(_) => i64::from(lane as i32) as u64,
            Kind::ArgMax(_) => u64::from(lane) << 32,
        }
    }

    /// Two accumulators combined, the one of the earlier elements first.
    pub(crate) fn combine(self, a: u64, b: u64) -> u64 {
        let (x, y) = (f64::from_bits(a), f64::from_bits(b));
        let (i, j) = (a as i64, b as i64);
        match self {
            Kind::Fold(Fold::Sum) => (x + y).to_bits(),
            Kind::Fold(Fold::Prod) => (x * y).to_bits(),
            Kind::Fold(Fold::Max) => (if x.is_nan() || x > y { x } else { y }).to_bits(),
            Kind::Fold(Fold::Min) => (if x.is_nan() || x < y { x } else { y }).to_bits(),
            Kind::Fold(Fold::SumInt) => i.wrapping_add(j) as u64,
            Kind::Fold(Fold::ProdInt) => i.wrapping_mul(j) as u64,
            Kind::Fold(Fold::MaxInt) => i.max(j) as u64,
            Kind::Fold(Fold::MinInt) => i.min(j) as u64,
            Kind::ArgMax(_) if a as u32 == u32::MAX => b,
            Kind::ArgMax(_) if b as u32 == u32::MAX => a,
            Kind::ArgMax(float) => {
                if larger(float, (b >> 32) as u32, (a >> 32) as u32) {
                    b
                } else {
                    a
                }
            }
        }
    }

    /// The lane of a finished accumulator.
    pub(crate) fn finish(self, accumulator: u64) -> u32 {
        match self {
            Kind::Fold(Fold::Sum | Fold::Prod | Fold::Max | Fold::Min) => {
                (f64::from_bits(accumulator) as f32).to_bits()
            }
            Kind::Fold(_) | Kind::ArgMax(_) => accumulator as u32,
        }
    }
}

/// True if `a` comes before `b` as the largest: NaN is larger than any number.
fn larger(float: bool, a: u32, b: u32) -> bool {
    if float {
        let (a, b) = (f32::from_bits(a), f32::from_bits(b));
        a > b || (a.is_nan() && !b.is_nan())
    } else {
        a as i32 > b as i32
    }
}

/// The accumulator of the largest of `count` lanes, `stride` apart, whose positions begin at `first`.
///
/// # Safety
/// `values` holds the lanes.
pub(crate) unsafe fn arg_max(float: bool, values: *const u32, count: usize, stride: usize, first: usize) -> u64 {
    // SAFETY: the lanes are the caller's.
    let lane = |i: usize| unsafe { values.add(i * stride).read() };
    let mut best = 0;
    for i in 1..count {
        if larger(float, lane(i), lane(best)) {
            best = i;
        }
    }
    u64::from(lane(best)) << 32 | (first + best) as u64
}
