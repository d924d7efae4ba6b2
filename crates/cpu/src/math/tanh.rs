use super::expm1;
use crate::simd::Isa;

/// Hyperbolic tangent. Error at most 3 ulp.
#[inline(always)]
pub(crate) fn tanh<S: Isa>(s: S, x: S::V) -> S::V {
    // With t = exp(-2 |x|) - 1: tanh |x| = -t / (t + 2), exact for small x because t is.
    let magnitude = s.abs(x);
    let t = expm1(s, s.mul(magnitude, s.splat(-2.0)));
    let y = s.div(t, s.add(t, s.splat(2.0)));
    s.copysign(y, x)
}
