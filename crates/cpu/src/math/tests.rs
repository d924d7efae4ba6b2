//! Every function against f64 over all magnitudes of float32, on every instruction set of this machine.

use super::*;
use crate::simd::Isa;
use crate::simd::Portable;

/// A function of one vector, for any instruction set.
trait Function {
    fn call<S: Isa>(&self, s: S, x: S::V) -> S::V;
}

/// Every float32 whose low bits are 0, and neighbours: 2^20 values of both signs.
fn sweep() -> Vec<f32> {
    (0..1u32 << 20).map(|i| f32::from_bits((i << 12) | (i.wrapping_mul(2_654_435_761) >> 20))).collect()
}

#[inline(always)]
fn map<S: Isa, F: Function>(s: S, f: &F, xs: &[f32]) -> Vec<f32> {
    let mut ys = vec![0f32; xs.len()];
    for i in (0..xs.len()).step_by(S::LANES) {
        // SAFETY: the length is a multiple of the lanes.
        unsafe { s.store(ys.as_mut_ptr().add(i), f.call(s, s.load(xs.as_ptr().add(i)))) };
    }
    ys
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Function, Powers, map};
    use crate::simd::{Avx2, Avx512};

    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn powers_avx2(powers: &Powers) -> Vec<f32> {
        // SAFETY: the caller has checked the processor.
        powers.run(unsafe { Avx2::new() })
    }
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    pub(super) unsafe fn powers_avx512(powers: &Powers) -> Vec<f32> {
        // SAFETY: the caller has checked the processor.
        powers.run(unsafe { Avx512::new() })
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn avx2<F: Function>(f: &F, xs: &[f32]) -> Vec<f32> {
        // SAFETY: the caller has checked the processor.
        map(unsafe { Avx2::new() }, f, xs)
    }
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
    pub(super) unsafe fn avx512<F: Function>(f: &F, xs: &[f32]) -> Vec<f32> {
        // SAFETY: the caller has checked the processor.
        map(unsafe { Avx512::new() }, f, xs)
    }
}

/// The results on every instruction set that this machine has.
fn on_each<F: Function>(f: &F, xs: &[f32]) -> Vec<(&'static str, Vec<f32>)> {
    let mut results = vec![("portable", map(Portable, f, xs))];
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: just checked.
            results.push(("AVX2", unsafe { x86::avx2(f, xs) }));
        }
        if is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512bw") {
            // SAFETY: just checked; every processor with these has F, VL, AVX2 and FMA.
            results.push(("AVX-512", unsafe { x86::avx512(f, xs) }));
        }
    }
    results
}

/// Distance in units in the last place of the float32 nearest to `want`.
fn ulps(got: f32, want: f64) -> f64 {
    let nearest = want as f32;
    if got.is_nan() || nearest.is_nan() || nearest.is_infinite() || got.is_infinite() {
        let same = (got.is_nan() && nearest.is_nan()) || got == nearest;
        return if same { 0.0 } else { f64::INFINITY };
    }
    let exponent = (nearest.abs().to_bits() >> 23).max(1) as i32;
    (f64::from(got) - want).abs() / 2f64.powi(exponent - 150)
}

fn check<F: Function>(name: &str, f: F, exact: impl Fn(f64) -> f64, bound: f64, domain: impl Fn(f32) -> bool) {
    let mut xs: Vec<f32> = sweep();
    let special =
        [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1.0, -1.0, f32::MIN_POSITIVE, 1e-45, f32::MAX];
    xs.extend(special);
    // Where layers live, more densely.
    xs.extend((-40_000..40_000).map(|i| i as f32 * 2.5e-4 + 1e-5));
    xs.retain(|&x| domain(x));
    xs.resize(xs.len().next_multiple_of(16), 0.5);
    for (isa, ys) in on_each(&f, &xs) {
        let worst = xs.iter().zip(&ys).map(|(&x, &y)| (ulps(y, exact(f64::from(x))), x, y));
        let (error, x, y) = worst.fold((0.0, 0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a });
        assert!(error <= bound, "{name} on {isa}: {error} ulp at {x:e}: {y:e}, expected {:e}", exact(f64::from(x)));
        for (&x, &y) in xs.iter().zip(&ys) {
            if x == 0.0 && exact(f64::from(x)) == 0.0 {
                let want = exact(f64::from(x)).is_sign_negative();
                assert_eq!(y.is_sign_negative(), want, "{name} on {isa}: sign of the result for {x:?}");
            }
        }
    }
}

macro_rules! accuracy {
    ($($test:ident: $function:ident, $exact:expr, $bound:expr, $domain:expr;)*) => {
        $(#[test]
        fn $test() {
            struct Case;
            impl Function for Case {
                #[inline(always)]
                fn call<S: Isa>(&self, s: S, x: S::V) -> S::V {
                    $function(s, x)
                }
            }
            check(stringify!($function), Case, $exact, $bound, $domain);
        })*
    };
}

/// ELU with an alpha of 1.
#[inline(always)]
fn elu_of_one<S: Isa>(s: S, x: S::V) -> S::V {
    elu(s, x, s.splat(1.0))
}

#[inline(always)]
fn sqrt_near<S: Isa>(s: S, x: S::V) -> S::V {
    s.sqrt_near(x)
}

accuracy! {
    sqrt_near_is_accurate: sqrt_near, f64::sqrt, 1.2, |x| x.to_bits() != (-0.0f32).to_bits();
    exp_is_accurate: exp, f64::exp, 2.0, |_| true;
    expm1_is_accurate: expm1, f64::exp_m1, 2.0, |_| true;
    elu_is_accurate: elu_of_one, |x| if x < 0.0 { x.exp_m1() } else { x }, 2.0, |_| true;
    log_is_accurate: log, f64::ln, 2.0, |_| true;
    log1p_is_accurate: log1p, f64::ln_1p, 2.0, |_| true;
    tanh_is_accurate: tanh, f64::tanh, 3.0, |_| true;
    sigmoid_is_accurate: sigmoid, |x| if x < 0.0 { x.exp() / (1.0 + x.exp()) } else { 1.0 / (1.0 + (-x).exp()) }, 3.0, |_| true;
    softplus_is_accurate: softplus, |x| if x.is_nan() { x } else { x.max(0.0) + (-x.abs()).exp().ln_1p() }, 3.0, |_| true;
    erf_is_accurate: erf, exact_erf, 2.0, |_| true;
}

/// Maclaurin series for small, continued fraction of erfc for large arguments.
fn exact_erf(x: f64) -> f64 {
    if x.is_nan() || x == 0.0 {
        return x;
    }
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum, mut odd) = (x, x, 1.0);
    while term.abs() > sum.abs() * 1e-17 {
        odd += 2.0;
        term *= 2.0 * x * x / odd;
        sum += term;
    }
    std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

/// Near the zeros the argument reduction limits the relative error, so the bound is absolute.
#[test]
fn sin_and_cos_are_accurate() {
    struct Sin;
    impl Function for Sin {
        #[inline(always)]
        fn call<S: Isa>(&self, s: S, x: S::V) -> S::V {
            sin(s, x)
        }
    }
    struct Cos;
    impl Function for Cos {
        #[inline(always)]
        fn call<S: Isa>(&self, s: S, x: S::V) -> S::V {
            cos(s, x)
        }
    }
    let mut xs = sweep();
    xs.extend((-100_000..100_000).map(|i| i as f32 * 1e-3));
    xs.resize(xs.len().next_multiple_of(16), 0.0);
    let check = |name: &str, results: Vec<(&str, Vec<f32>)>, exact: fn(f64) -> f64| {
        for (isa, ys) in results {
            for (&x, &y) in xs.iter().zip(&ys) {
                let want = exact(f64::from(x));
                let close = (f64::from(y) - want).abs() <= 1.2e-7 || (y.is_nan() && want.is_nan());
                assert!(close, "{name} on {isa} of {x:e}: {y:e}, expected {want:e}");
            }
        }
    };
    check("sin", on_each(&Sin, &xs), f64::sin);
    check("cos", on_each(&Cos, &xs), f64::cos);
}

/// Bases and exponents.
struct Powers<'a>(&'a [(f32, f32)]);

impl Powers<'_> {
    #[inline(always)]
    fn run<S: Isa>(&self, s: S) -> Vec<f32> {
        let (a, b): (Vec<f32>, Vec<f32>) = self.0.iter().copied().unzip();
        let mut y = vec![0f32; a.len()];
        for i in (0..a.len()).step_by(S::LANES) {
            // SAFETY: the length is a multiple of the lanes.
            unsafe { s.store(y.as_mut_ptr().add(i), pow(s, s.load(a.as_ptr().add(i)), s.load(b.as_ptr().add(i)))) };
        }
        y
    }
}

fn powers_on_each(pairs: &[(f32, f32)]) -> Vec<(&'static str, Vec<f32>)> {
    let powers = Powers(pairs);
    let mut results = vec![("portable", powers.run(Portable))];
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: just checked.
            results.push(("AVX2", unsafe { x86::powers_avx2(&powers) }));
        }
        if is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512bw") {
            // SAFETY: just checked; every processor with these has F, VL, AVX2 and FMA.
            results.push(("AVX-512", unsafe { x86::powers_avx512(&powers) }));
        }
    }
    results
}

#[test]
fn pow_is_accurate() {
    let special = [0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 3.0, -2.0, -3.0, f32::INFINITY, f32::NEG_INFINITY, f32::NAN, 1e-40];
    let mut pairs: Vec<(f32, f32)> = special.iter().flat_map(|&a| special.map(|b| (a, b))).collect();
    for &a in sweep().iter().step_by(64) {
        // Exponents that lead to powers of all magnitudes.
        let log = f64::from(a.abs()).log2();
        pairs.extend([-140.3, -31.0, -0.7, 1e-3, 2.5, 80.1, 127.5].map(|z| (a.abs(), (z / log) as f32)));
        pairs.extend([-2.0, -0.3, 3.0, 1.7].map(|b| (a, b)));
    }
    pairs.resize(pairs.len().next_multiple_of(16), (1.0, 1.0));
    for (isa, powers) in powers_on_each(&pairs) {
        for (&(a, b), y) in pairs.iter().zip(powers) {
            let want = f64::from(a).powf(f64::from(b));
            let error = ulps(y, want);
            assert!(error <= 3.0, "pow on {isa}: {a:e} ^ {b:e} = {y:e}, expected {want:e}: {error} ulp");
            let signs = y.is_sign_negative() == want.is_sign_negative() || y != 0.0;
            assert!(signs, "pow on {isa}: sign of {a:e} ^ {b:e}");
        }
    }
}
