use super::log::split;
use super::polynomial;
use crate::simd::Isa;

/// 2 / ln 2 in two parts.
const TWO_BY_LN2: (f32, f32) = (2.885_39, 3.851_926e-8);

/// Base-2 logarithm of a positive finite number as the sum of two, some 30 bits in all: a power multiplies its error.
#[inline(always)]
fn log2<S: Isa>(s: S, x: S::V) -> (S::V, S::V) {
    let tiny = s.lt(x, s.splat(f32::MIN_POSITIVE));
    let u = s.select(tiny, s.mul(x, s.splat(8_388_608.0)), x);
    let (e, f, _) = split(s, u);
    let e = s.select(tiny, s.sub(e, s.splat(23.0)), e);
    // With t = f / (2 + f): log2(1 + f) = 2 / ln 2 (t + t^3 / 3 + …). The quotient is kept in two parts.
    let two = s.splat(2.0);
    let divisor = s.add(two, f);
    let lost = s.sub(f, s.sub(divisor, two));
    let t = s.div(f, divisor);
    let rest = s.neg_mul_add(t, lost, s.neg_mul_add(t, divisor, f));
    let t_low = s.div(rest, divisor);
    let square = s.mul(t, t);
    // Minimax for the relative error of what follows the first term: 1.4e-11.
    let tail = polynomial(s, [0.961_796_7, 0.577_082_9, 0.411_705_32, 0.340_239_02], square);
    let (c, c_low) = (s.splat(TWO_BY_LN2.0), s.splat(TWO_BY_LN2.1));
    let high = s.mul(t, c);
    let low = s.mul_add(t, c, s.neg(high));
    let low = s.mul_add(t_low, c, s.mul_add(t, c_low, low));
    let low = s.mul_add(s.mul(t, square), tail, low);
    let sum = s.add(e, high);
    let low = s.add(s.sub(high, s.sub(sum, e)), low);
    let total = s.add(sum, low);
    (total, s.sub(low, s.sub(total, sum)))
}

/// `a ^ b`, with the special cases of C's `pow`. Error at most 3 ulp; half an ulp, at the price of a function call for
/// each lane, where multiplication and addition cannot be fused.
#[inline(always)]
pub(crate) fn pow<S: Isa>(s: S, a: S::V, b: S::V) -> S::V {
    if !S::FUSED {
        return s.by_lane2(a, b, |a, b| f64::from(a).powf(f64::from(b)) as f32);
    }
    let (zero, one, infinity) = (s.splat(0.0), s.splat(1.0), s.splat(f32::INFINITY));
    let x = s.abs(a);
    let (high, low) = log2(s, x);
    let ends = s.or(s.eq(x, zero), s.eq(x, infinity));
    let high = s.select(s.eq(x, zero), s.neg(infinity), s.select(ends, infinity, high));
    let low = s.select(ends, zero, low);
    let exponent = s.mul(b, high);
    let rest = s.mul_add(b, low, s.mul_add(b, high, s.neg(exponent)));
    let rest = s.select(s.lt(s.abs(exponent), s.splat(200.0)), rest, zero);
    // The order of operands lets NaN through.
    let exponent = s.max(s.splat(-200.0), s.min(s.splat(200.0), exponent));
    let n = s.round(exponent);
    let r = s.add(s.sub(exponent, n), rest);
    // Minimax for the relative error of 2^r - 1 on |r| <= 1/2: 2e-9.
    let q = [std::f32::consts::LN_2, 0.240_226_5, 0.055_503_275, 9.618_005e-3, 1.340_041_6e-3, 1.547_604_3e-4];
    let y = s.scale(s.mul_add(r, polynomial(s, q, r), one), n);

    let y = s.select(s.eq(x, one), one, y);
    // A negative base needs an integral exponent, and has a negative power if that is odd.
    let whole = s.eq(s.floor(b), b);
    let half = s.mul(b, s.splat(0.5));
    let even = s.or(s.not(whole), s.eq(s.floor(half), half));
    let signed = s.copysign(y, a);
    let y = s.select(even, y, signed);
    let undefined = s.select(s.or(whole, s.eq(x, infinity)), y, s.splat(f32::NAN));
    let y = s.select(s.lt(a, zero), undefined, y);
    let y = s.select(s.is_nan(a), a, y);
    let y = s.select(s.is_nan(b), b, y);
    s.select(s.or(s.eq(b, zero), s.eq(a, one)), one, y)
}
