use super::{exp, log::log1p_of_unit};
use crate::simd::Isa;

/// `1 / (1 + exp(-x))`. Error at most 3 ulp.
#[inline(always)]
pub(crate) fn sigmoid<S: Isa>(s: S, x: S::V) -> S::V {
    // The exponential of a negative number cannot overflow, and small results keep their relative accuracy.
    let e = exp(s, s.neg(s.abs(x)));
    let one = s.splat(1.0);
    let numerator = s.select(s.lt(x, s.splat(0.0)), e, one);
    s.div(numerator, s.add(one, e))
}

/// `log(1 + exp(x))`. Error at most 3 ulp.
#[inline(always)]
pub(crate) fn softplus<S: Isa>(s: S, x: S::V) -> S::V {
    let e = exp(s, s.neg(s.abs(x)));
    // The second operand of `max` wins where it is NaN.
    s.add(s.max(s.splat(0.0), x), log1p_of_unit(s, e))
}
