use std::array::from_fn;

use super::Isa;

/// Four lanes in plain Rust, which compilers turn into SSE2 or NEON.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

type F = [f32; 4];
type I = [i32; 4];

/// Whether the exact `a * b + c` is one instruction, not a library call.
const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

/// `a * b + c`.
#[inline(always)]
fn fused(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

macro_rules! lanes {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty = |$lane:ident| $body:expr;)*) => {
        $(#[inline(always)]
        fn $name(self, $($arg: $type),*) -> $result {
            from_fn(|$lane| $body)
        })*
    };
}

impl Isa for Portable {
    const LANES: usize = 4;
    const TILE_ROWS: usize = 4;
    const TILE_VECTORS: usize = 2;
    const FUSED: bool = FUSED;
    type V = F;
    type I = I;
    type M = [bool; 4];

    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> F {
        // SAFETY: the caller vouches for four floats; no alignment is assumed.
        unsafe { p.cast::<F>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: F) {
        // SAFETY: the caller vouches for four floats; no alignment is assumed.
        unsafe { p.cast::<F>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn load_partial(self, p: *const f32, n: usize) -> F {
        // SAFETY: only lanes below n are read, which the caller vouches for.
        from_fn(|lane| if lane < n { unsafe { p.add(lane).read_unaligned() } } else { 0.0 })
    }
    #[inline(always)]
    unsafe fn store_partial(self, p: *mut f32, v: F, n: usize) {
        for (lane, &x) in v.iter().enumerate().take(n) {
            // SAFETY: only lanes below n are written, which the caller vouches for.
            unsafe { p.add(lane).write_unaligned(x) }
        }
    }
    #[inline(always)]
    unsafe fn load_quads(self, from: impl Fn(usize) -> *const f32, n: usize) -> F {
        // SAFETY: passed on from the caller.
        unsafe { self.load_partial(from(0), n) }
    }
    #[inline(always)]
    unsafe fn store_quads(self, to: impl Fn(usize) -> *mut f32, v: F, n: usize) {
        // SAFETY: passed on from the caller.
        unsafe { self.store_partial(to(0), v, n) }
    }
    #[inline(always)]
    unsafe fn splat_quad(self, p: *const f32, n: usize) -> F {
        // SAFETY: passed on from the caller.
        unsafe { self.load_partial(p, n) }
    }
    #[inline(always)]
    fn spread<const N: i32>(self, v: F) -> F {
        [v[N as usize]; 4]
    }
    #[inline(always)]
    fn upper<const HALF: usize>(self, v: F) -> F {
        from_fn(|lane| v[(lane + HALF) % 4])
    }
    #[inline(always)]
    fn spread_by_quad(self, v: F) -> F {
        [v[0]; 4]
    }
    #[inline(always)]
    fn splat(self, x: f32) -> F {
        [x; 4]
    }
    #[inline(always)]
    fn splat_i(self, x: i32) -> I {
        [x; 4]
    }

    lanes! {
        bits(v: F) -> I = |l| v[l].to_bits() as i32;
        of_bits(i: I) -> F = |l| f32::from_bits(i[l] as u32);
        add(a: F, b: F) -> F = |l| a[l] + b[l];
        sub(a: F, b: F) -> F = |l| a[l] - b[l];
        mul(a: F, b: F) -> F = |l| a[l] * b[l];
        div(a: F, b: F) -> F = |l| a[l] / b[l];
        mul_add(a: F, b: F, c: F) -> F = |l| fused(a[l], b[l], c[l]);
        neg_mul_add(a: F, b: F, c: F) -> F = |l| fused(-a[l], b[l], c[l]);
        min(a: F, b: F) -> F = |l| if a[l] < b[l] { a[l] } else { b[l] };
        max(a: F, b: F) -> F = |l| if a[l] > b[l] { a[l] } else { b[l] };
        sqrt(a: F) -> F = |l| a[l].sqrt();
        round(a: F) -> F = |l| a[l].round_ties_even();
        floor(a: F) -> F = |l| a[l].floor();
        ceil(a: F) -> F = |l| a[l].ceil();
        iadd(a: I, b: I) -> I = |l| a[l].wrapping_add(b[l]);
        isub(a: I, b: I) -> I = |l| a[l].wrapping_sub(b[l]);
        imul(a: I, b: I) -> I = |l| a[l].wrapping_mul(b[l]);
        umulhi(a: I, b: I) -> I = |l| ((u64::from(a[l] as u32) * u64::from(b[l] as u32)) >> 32) as i32;
        imin(a: I, b: I) -> I = |l| a[l].min(b[l]);
        imax(a: I, b: I) -> I = |l| a[l].max(b[l]);
        iand(a: I, b: I) -> I = |l| a[l] & b[l];
        ior(a: I, b: I) -> I = |l| a[l] | b[l];
        ixor(a: I, b: I) -> I = |l| a[l] ^ b[l];
        to_int(a: F) -> I = |l| if a[l] >= -2147483648.0 && a[l] < 2147483648.0 { a[l] as i32 } else { i32::MIN };
        to_float(a: I) -> F = |l| a[l] as f32;
        eq(a: F, b: F) -> [bool; 4] = |l| a[l] == b[l];
        lt(a: F, b: F) -> [bool; 4] = |l| a[l] < b[l];
        le(a: F, b: F) -> [bool; 4] = |l| a[l] <= b[l];
        ieq(a: I, b: I) -> [bool; 4] = |l| a[l] == b[l];
        igt(a: I, b: I) -> [bool; 4] = |l| a[l] > b[l];
        not(m: [bool; 4]) -> [bool; 4] = |l| !m[l];
        or(a: [bool; 4], b: [bool; 4]) -> [bool; 4] = |l| a[l] | b[l];
        select(m: [bool; 4], a: F, b: F) -> F = |l| if m[l] { a[l] } else { b[l] };
        mask_bits(m: [bool; 4]) -> I = |l| -i32::from(m[l]);
    }
    #[inline(always)]
    fn shl<const N: u32>(self, a: I) -> I {
        from_fn(|l| a[l] << N)
    }
    #[inline(always)]
    fn shr<const N: u32>(self, a: I) -> I {
        from_fn(|l| a[l] >> N)
    }
    #[inline(always)]
    fn any(self, m: [bool; 4]) -> bool {
        m.iter().any(|&x| x)
    }
    #[inline(always)]
    fn scale(self, a: F, n: F) -> F {
        // Two factors, each a normal number.
        from_fn(|l| {
            let n = n[l] as i32;
            let power = |e: i32| f32::from_bits(((e + 127) << 23) as u32);
            a[l] * power(n >> 1) * power(n - (n >> 1))
        })
    }
}
