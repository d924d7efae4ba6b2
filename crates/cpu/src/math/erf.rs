use super::{exp, polynomial};
use crate::simd::Isa;

/// Error function. Error at most 2 ulp.
#[inline(always)]
pub(crate) fn erf<S: Isa>(s: S, x: S::V) -> S::V {
    let t = s.abs(x);
    let square = s.mul(x, x);
    // x + x P(x^2) for |x| <= 0.92.
    let near = polynomial(s, NEAR, square);
    let near = s.mul_add(near, x, x);
    // 1 - exp(Q(|x|)) beyond; above 4 the result is 1.
    let t = s.min(s.splat(4.0), t);
    let far = s.sub(s.splat(1.0), exp(s, s.mul(t, polynomial(s, FAR, t))));
    s.select(s.lt(s.abs(x), s.splat(0.92)), near, s.copysign(far, x))
}

/// Minimax for the relative error on `0 <= x^2 <= 0.9`: 6e-10.
const NEAR: [f32; 7] =
    [0.128_379_17, -0.376_126_32, 0.112_836_64, -0.026_857_706, 5.196_952e-3, -8.097_702_5e-4, 8.185_091e-5];

/// `log(erfc(t)) / t` on `0.9 <= t <= 4`, minimax for the relative error of erf: 9e-10.
const FAR: [f32; 7] =
    [-1.128_637_1, -0.635_198_06, -0.106_159_05, 0.023_694_566, -3.610_341_8e-3, 3.148_580_7e-4, -1.043_311e-5];
