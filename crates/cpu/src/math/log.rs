use super::polynomial;
use crate::simd::Isa;

const LN2_HIGH: f32 = 0.693_359_4;
const LN2_LOW: f32 = -2.121_944_4e-4;

/// `log(1 + f) + correction + e ln 2` for `f` in `[sqrt(1/2) - 1, sqrt(2) - 1]`.
#[inline(always)]
fn assemble<S: Isa>(s: S, e: S::V, f: S::V, correction: S::V) -> S::V {
    // log(1 + f) = f - f^2 / 2 + f^3 P(f), P minimax for the relative error: 8e-10.
    let p = [
        0.333_333_13,
        -0.250_000_1,
        0.200_021_19,
        -0.166_679_96,
        0.142_195_51,
        -0.124_055_915,
        0.118_881_75,
        -0.116_756_41,
        0.067_466_01,
    ];
    let square = s.mul(f, f);
    let tail = s.mul(s.mul(f, square), polynomial(s, p, f));
    let low = s.add(s.mul_add(e, s.splat(LN2_LOW), tail), correction);
    let low = s.neg_mul_add(s.splat(0.5), square, low);
    s.mul_add(e, s.splat(LN2_HIGH), s.add(f, low))
}

/// `u = 2^e (1 + f)` for positive normal `u`; gives `e`, `f` and `2^-e`.
#[inline(always)]
pub(super) fn split<S: Isa>(s: S, u: S::V) -> (S::V, S::V, S::V) {
    // Subtracting the bits of sqrt(1/2) makes the exponent field count from there.
    let offset = s.splat_i(0x3f35_04f3);
    let shifted = s.isub(s.bits(u), offset);
    let exponent = s.shr::<23>(shifted);
    let mantissa = s.iadd(s.iand(shifted, s.splat_i(0x007f_ffff)), offset);
    let f = s.sub(s.of_bits(mantissa), s.splat(1.0));
    // Above 2^126 the inverse is not needed exactly, but must stay a number.
    let inverse = s.of_bits(s.shl::<23>(s.isub(s.splat_i(127), s.imin(exponent, s.splat_i(126)))));
    (s.to_float(exponent), f, inverse)
}

/// The values that `log` of `u` has at the ends of its domain; `y` elsewhere.
#[inline(always)]
fn ends<S: Isa>(s: S, u: S::V, y: S::V) -> S::V {
    let y = s.select(s.lt(u, s.splat(f32::INFINITY)), y, u);
    let y = s.select(s.eq(u, s.splat(0.0)), s.splat(f32::NEG_INFINITY), y);
    s.select(s.lt(u, s.splat(0.0)), s.splat(f32::NAN), y)
}

/// Natural logarithm. Error at most 1 ulp.
#[inline(always)]
pub(crate) fn log<S: Isa>(s: S, x: S::V) -> S::V {
    // Subnormal numbers are made normal first.
    let tiny = s.lt(x, s.splat(f32::MIN_POSITIVE));
    let u = s.select(tiny, s.mul(x, s.splat(8_388_608.0)), x);
    let (e, f, _) = split(s, u);
    let e = s.select(tiny, s.sub(e, s.splat(23.0)), e);
    ends(s, x, assemble(s, e, f, s.splat(0.0)))
}

/// `log(1 + x)`. Error at most 2 ulp, near 0 as well.
#[inline(always)]
pub(crate) fn log1p<S: Isa>(s: S, x: S::V) -> S::V {
    let one = s.splat(1.0);
    let u = s.add(x, one);
    // What the addition lost: |x| may be the larger or the smaller operand.
    let big = s.lt(one, x);
    let lost = s.select(big, s.sub(one, s.sub(u, x)), s.sub(x, s.sub(u, one)));
    let (e, f, inverse) = split(s, u);
    // log(u + lost) = log(u) + lost / u up to lost^2; 1 / u = 2^-e / (1 + f).
    let correction = s.div(s.mul(lost, inverse), s.add(f, one));
    let y = ends(s, u, assemble(s, e, f, correction));
    // Below the last place of 1 the logarithm is its argument, also for -0.
    s.select(s.lt(s.abs(x), s.splat(5.960_464_5e-8)), x, y)
}

/// `log(1 + x)` for `x` in `[0, 1]`, NaN for NaN. Error at most 2 ulp.
#[inline(always)]
pub(super) fn log1p_of_unit<S: Isa>(s: S, x: S::V) -> S::V {
    // 1 + x = 2^e (1 + f), exactly.
    let upper = s.lt(s.splat(std::f32::consts::SQRT_2 - 1.0), x);
    let f = s.select(upper, s.mul_add(x, s.splat(0.5), s.splat(-0.5)), x);
    let e = s.select(upper, s.splat(1.0), s.splat(0.0));
    assemble(s, e, f, s.splat(0.0))
}
