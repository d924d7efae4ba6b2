//! Elementary functions on vectors: polynomials without branches. Each file states the largest error that its test
//! finds against f64, in units in the last place (ulp) of the float32 result.

mod erf;
mod exp;
mod log;
mod pow;
mod sigmoid;
mod sin_cos;
mod tanh;
#[cfg(test)]
mod tests;

pub(crate) use erf::erf;
pub(crate) use exp::{elu, exp, expm1};
pub(crate) use log::{log, log1p};
pub(crate) use pow::pow;
pub(crate) use sigmoid::{sigmoid, softplus};
pub(crate) use sin_cos::{cos, sin};
pub(crate) use tanh::tanh;

use crate::simd::Isa;

/// `c[0] + c[1] x + c[2] x^2 + …` by Horner's rule.
#[inline(always)]
fn polynomial<S: Isa, const N: usize>(s: S, c: [f32; N], x: S::V) -> S::V {
    let mut sum = s.splat(c[N - 1]);
    for i in (0..N - 1).rev() {
        sum = s.mul_add(sum, x, s.splat(c[i]));
    }
    sum
}
