use super::polynomial;
use crate::simd::Isa;

/// ln 2 in two parts, the first with so few bits that its product with an exponent is exact.
const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// `x = n ln 2 + r` with integral `n` and `|r| <= ln 2 / 2`. Gives `n` and `exp(r) - 1`.
#[inline(always)]
fn reduce<S: Isa>(s: S, x: S::V) -> (S::V, S::V) {
    let n = s.round(s.mul(x, s.splat(std::f32::consts::LOG2_E)));
    let r = s.neg_mul_add(n, s.splat(LN2_HIGH), x);
    let r = s.neg_mul_add(n, s.splat(LN2_LOW), r);
    // Minimax for the relative error of exp(r) - 1 on |r| <= 0.3467: 1.4e-8.
    let tail = [0.5, 0.166_665_43, 0.041_666_28, 8.366_611e-3, 1.394_649_4e-3];
    (n, s.mul_add(s.mul(r, r), polynomial(s, tail, r), r))
}

/// Exponential. Error at most 1 ulp; 0 and infinity where the result is out of range.
#[inline(always)]
pub(crate) fn exp<S: Isa>(s: S, x: S::V) -> S::V {
    // Beyond these the result is 0 or infinity; the order of operands lets NaN through.
    let x = s.max(s.splat(-110.0), s.min(s.splat(100.0), x));
    let (n, q) = reduce(s, x);
    s.scale(s.add(q, s.splat(1.0)), n)
}

/// `exp(x) - 1`. Error at most 2 ulp, near 0 as well.
#[inline(always)]
pub(crate) fn expm1<S: Isa>(s: S, x: S::V) -> S::V {
    let clamped = s.max(s.splat(-20.0), s.min(s.splat(88.9), x));
    let (n, q) = reduce(s, clamped);
    // exp(x) - 1 = 2^n (q + 1) - 1, with half the power, so that it stays finite where the result does.
    let half = s.scale(s.splat(0.5), n);
    let y = s.mul_add(half, q, s.sub(half, s.splat(0.5)));
    let y = s.add(y, y);
    // q + 0 would lose the sign of -0.
    s.select(s.eq(x, s.splat(0.0)), x, y)
}

/// `x` where it is positive, else `alpha (exp(x) - 1)`. Error at most 2 ulp for an alpha of 1.
#[inline(always)]
pub(crate) fn elu<S: Isa>(s: S, x: S::V, alpha: S::V) -> S::V {
    let zero = s.splat(0.0);
    let (n, q) = reduce(s, s.max(s.splat(-20.0), s.min(zero, x)));
    let power = s.scale(s.splat(1.0), n);
    let y = s.mul_add(power, q, s.sub(power, s.splat(1.0)));
    // Zeros keep their sign, and NaN is not negative.
    s.select(s.lt(x, zero), s.mul(alpha, y), x)
}
