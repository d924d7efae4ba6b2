use super::polynomial;
use crate::simd::Isa;

/// Beyond this the three parts of pi / 2 below no longer reduce exactly enough; the standard library takes over.
const LARGE: f32 = 8192.0;

/// Sine of `x + quarter_turns pi / 2`.
#[inline(always)]
fn rotated<S: Isa>(s: S, x: S::V, quarter_turns: i32) -> S::V {
    let n = s.round(s.mul(x, s.splat(std::f32::consts::FRAC_2_PI)));
    // pi / 2 in three parts of 12, 12 and 24 bits.
    let r = s.neg_mul_add(n, s.splat(1.570_312_5), x);
    let r = s.neg_mul_add(n, s.splat(4.837_513e-4), r);
    let r = s.neg_mul_add(n, s.splat(7.549_79e-8), r);
    let square = s.mul(r, r);
    // Minimax on |r| <= pi / 4: 4e-9 and 1e-10.
    let sine = polynomial(s, [-0.166_666_55, 8.332_176e-3, -1.951_697_6e-4], square);
    let sine = s.mul_add(s.mul(square, r), sine, r);
    let cosine = polynomial(s, [0.041_666_646, -1.388_736_4e-3, 2.443_809e-5], square);
    let cosine = s.mul_add(s.mul(square, square), cosine, s.neg_mul_add(s.splat(0.5), square, s.splat(1.0)));
    let quadrant = s.iadd(s.to_int(n), s.splat_i(quarter_turns));
    let odd = s.nonzero(s.iand(quadrant, s.splat_i(1)));
    let y = s.select(odd, cosine, sine);
    // Quadrants 2 and 3 are negative: bit 1 of the quadrant becomes the sign.
    let sign = s.shl::<30>(s.iand(quadrant, s.splat_i(2)));
    s.of_bits(s.ixor(s.bits(y), sign))
}

/// Sine. Error at most 2 ulp, or 1e-7 absolute near multiples of pi.
#[inline(always)]
pub(crate) fn sin<S: Isa>(s: S, x: S::V) -> S::V {
    if s.any(s.lt(s.splat(LARGE), s.abs(x))) {
        return s.by_lane(x, f32::sin);
    }
    rotated(s, x, 0)
}

/// Cosine. Error at most 2 ulp, or 1e-7 absolute near its zeros.
#[inline(always)]
pub(crate) fn cos<S: Isa>(s: S, x: S::V) -> S::V {
    if s.any(s.lt(s.splat(LARGE), s.abs(x))) {
        return s.by_lane(x, f32::cos);
    }
    rotated(s, x, 1)
}
