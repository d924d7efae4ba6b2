use crate::simd::Isa;

/// `a ^ b`, correctly rounded but for rare ties. Lane by lane in f64, since exponents that layers and optimizers use
/// (2, 3, 1/2, -1/2, -1) never come here.
#[inline(always)]
pub(crate) fn pow<S: Isa>(s: S, a: S::V, b: S::V) -> S::V {
    s.by_lane2(a, b, |a, b| f64::from(a).powf(f64::from(b)) as f32)
}
