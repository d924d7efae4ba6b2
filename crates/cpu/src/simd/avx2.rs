use std::arch::asm;
use std::arch::x86_64::*;

use super::Isa;

/// AVX2 and FMA: 8 lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// # Safety
    /// The processor has AVX2 and FMA.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Avx2 {
        Avx2(())
    }
}

macro_rules! ops {
    ($($name:ident($($arg:ident: $type:ty),*) -> $result:ty = $body:expr;)*) => {
        $(#[inline(always)]
        fn $name(self, $($arg: $type),*) -> $result {
            // SAFETY: `self` proves that the processor has these instructions.
            unsafe { $body }
        })*
    };
}

/// All bits set in the first `n` lanes.
#[inline(always)]
fn first(n: usize) -> __m256i {
    const LANES: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    // SAFETY: n < 8, so the 8 values from 8 - n on lie inside the array; the callers' token proves AVX2.
    unsafe { _mm256_loadu_si256(LANES.as_ptr().add(8 - n).cast()) }
}

/// The first `n <= 4` floats at `p`, then zeros.
///
/// # Safety
/// They can be read; the processor has AVX2.
#[inline(always)]
unsafe fn load_quad(p: *const f32, n: usize) -> __m128 {
    // SAFETY: masked lanes are not read.
    unsafe { if n == 4 { _mm_loadu_ps(p) } else { _mm_maskload_ps(p, _mm256_castsi256_si128(first(n))) } }
}

/// The same vector, of which the compiler knows nothing. It would join permutations of a vector with what made it.
#[inline]
#[target_feature(enable = "avx")]
fn opaque(mut v: __m256) -> __m256 {
    // SAFETY: no instruction.
    unsafe { asm!("/* {} */", inout(ymm_reg) v, options(pure, nomem, nostack, preserves_flags)) };
    v
}

/// The transpose of 8 vectors: pairs of rows, then of pairs, then of halves are interleaved.
///
/// # Safety
/// The processor has AVX.
#[inline(always)]
unsafe fn transposed(rows: [__m256; 8]) -> [__m256; 8] {
    let mut out = rows;
    // SAFETY: the caller's.
    unsafe {
        let mut quads = [_mm256_setzero_ps(); 8];
        for i in 0..2 {
            let [a, b, c, d] = [rows[4 * i], rows[4 * i + 1], rows[4 * i + 2], rows[4 * i + 3]];
            let (ab_low, ab_high) = (_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
            let (cd_low, cd_high) = (_mm256_unpacklo_ps(c, d), _mm256_unpackhi_ps(c, d));
            let pairs = |x, y| (_mm256_castps_pd(x), _mm256_castps_pd(y));
            let (low, high) = (pairs(ab_low, cd_low), pairs(ab_high, cd_high));
            quads[4 * i] = _mm256_castpd_ps(_mm256_unpacklo_pd(low.0, low.1));
            quads[4 * i + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low.0, low.1));
            quads[4 * i + 2] = _mm256_castpd_ps(_mm256_unpacklo_pd(high.0, high.1));
            quads[4 * i + 3] = _mm256_castpd_ps(_mm256_unpackhi_pd(high.0, high.1));
        }
        // Half l of quads[4 i + j] holds column 4 l + j of rows 4 i to 4 i + 3.
        for j in 0..4 {
            out[j] = _mm256_permute2f128_ps::<0x20>(quads[j], quads[4 + j]);
            out[4 + j] = _mm256_permute2f128_ps::<0x31>(quads[j], quads[4 + j]);
        }
    }
    out
}

impl Isa for Avx2 {
    const LANES: usize = 8;
    const TILE_ROWS: usize = 6;
    const TILE_VECTORS: usize = 2;
    const FUSED: bool = true;
    type V = __m256;
    type I = __m256i;
    /// All bits of a lane set or none.
    type M = __m256;

    #[inline(always)]
    fn fetch(self, p: *const u8) {
        // SAFETY: an instruction without effect but on caches, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
    }
    #[inline(always)]
    fn fetch_second(self, p: *const u8) {
        // SAFETY: as above.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(p.cast()) }
    }

    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> __m256 {
        // SAFETY: the caller vouches for 8 floats.
        unsafe { _mm256_loadu_ps(p) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: __m256) {
        // SAFETY: the caller vouches for 8 floats.
        unsafe { _mm256_storeu_ps(p, v) }
    }
    #[inline(always)]
    unsafe fn load_partial(self, p: *const f32, n: usize) -> __m256 {
        // SAFETY: masked lanes are not read.
        unsafe { _mm256_maskload_ps(p, first(n)) }
    }
    #[inline(always)]
    unsafe fn store_partial(self, p: *mut f32, v: __m256, n: usize) {
        // SAFETY: masked lanes are not written.
        unsafe { _mm256_maskstore_ps(p, first(n), v) }
    }
    #[inline(always)]
    unsafe fn load_quads(self, from: impl Fn(usize) -> *const f32, n: usize) -> __m256 {
        // SAFETY: passed on from the caller.
        unsafe {
            let [first, second] = [load_quad(from(0), n), load_quad(from(1), n)];
            opaque(_mm256_insertf128_ps::<1>(_mm256_castps128_ps256(first), second))
        }
    }
    #[inline(always)]
    unsafe fn store_quads(self, to: impl Fn(usize) -> *mut f32, v: __m256, n: usize) {
        // SAFETY: masked lanes are not written; the others are the caller's.
        unsafe {
            let mask = _mm256_castsi256_si128(first(n));
            _mm_maskstore_ps(to(0), mask, _mm256_castps256_ps128(v));
            _mm_maskstore_ps(to(1), mask, _mm256_extractf128_ps::<1>(v));
        }
    }
    #[inline(always)]
    unsafe fn splat_quad(self, p: *const f32, n: usize) -> __m256 {
        // SAFETY: passed on from the caller.
        unsafe {
            let quad = load_quad(p, n);
            _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(quad), quad)
        }
    }
    #[inline(always)]
    fn spread<const N: i32>(self, v: __m256) -> __m256 {
        // SAFETY: `self` proves that the processor has these instructions.
        unsafe {
            match N {
                0 => _mm256_permute_ps::<0x00>(v),
                1 => _mm256_permute_ps::<0x55>(v),
                2 => _mm256_permute_ps::<0xAA>(v),
                _ => _mm256_permute_ps::<0xFF>(v),
            }
        }
    }
    #[inline(always)]
    fn upper<const HALF: usize>(self, v: __m256) -> __m256 {
        // SAFETY: as above.
        unsafe {
            match HALF {
                4 => _mm256_permute2f128_ps::<0x01>(v, v),
                2 => _mm256_permute_ps::<0x4E>(v),
                _ => _mm256_permute_ps::<0xB1>(v),
            }
        }
    }
    #[inline(always)]
    fn spread_by_quad(self, v: __m256) -> __m256 {
        // SAFETY: as above.
        unsafe { _mm256_permutevar_ps(v, _mm256_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1)) }
    }

    #[inline(always)]
    unsafe fn transpose_rows(
        self,
        from: impl Fn(usize) -> *const f32,
        [rows, columns]: [usize; 2],
        to: *mut f32,
        to_row: usize,
        width: usize,
    ) {
        // SAFETY: rows and columns are the caller's; partial loads and stores keep to them.
        unsafe {
            if rows == 8 && columns == 8 && width == 8 {
                let block = transposed(std::array::from_fn(
                    #[inline(always)]
                    |row| self.load(from(row)),
                ));
                for (column, vector) in block.into_iter().enumerate() {
                    self.store(to.add(column * to_row), vector);
                }
                return;
            }
            let mut block = [self.splat(0.0); 8];
            for (row, vector) in block.iter_mut().enumerate().take(rows) {
                let from = from(row);
                *vector = if columns == 8 { self.load(from) } else { self.load_partial(from, columns) };
            }
            for (column, vector) in transposed(block).into_iter().enumerate().take(columns) {
                let to = to.add(column * to_row);
                if width == 8 { self.store(to, vector) } else { self.store_partial(to, vector, width) }
            }
        }
    }

    ops! {
        splat(x: f32) -> __m256 = _mm256_set1_ps(x);
        splat_i(x: i32) -> __m256i = _mm256_set1_epi32(x);
        bits(v: __m256) -> __m256i = _mm256_castps_si256(v);
        of_bits(i: __m256i) -> __m256 = _mm256_castsi256_ps(i);
        add(a: __m256, b: __m256) -> __m256 = _mm256_add_ps(a, b);
        sub(a: __m256, b: __m256) -> __m256 = _mm256_sub_ps(a, b);
        mul(a: __m256, b: __m256) -> __m256 = _mm256_mul_ps(a, b);
        div(a: __m256, b: __m256) -> __m256 = _mm256_div_ps(a, b);
        mul_add(a: __m256, b: __m256, c: __m256) -> __m256 = _mm256_fmadd_ps(a, b, c);
        neg_mul_add(a: __m256, b: __m256, c: __m256) -> __m256 = _mm256_fnmadd_ps(a, b, c);
        min(a: __m256, b: __m256) -> __m256 = _mm256_min_ps(a, b);
        max(a: __m256, b: __m256) -> __m256 = _mm256_max_ps(a, b);
        sqrt(a: __m256) -> __m256 = _mm256_sqrt_ps(a);
        round(a: __m256) -> __m256 = _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a);
        floor(a: __m256) -> __m256 = _mm256_floor_ps(a);
        ceil(a: __m256) -> __m256 = _mm256_ceil_ps(a);
        iadd(a: __m256i, b: __m256i) -> __m256i = _mm256_add_epi32(a, b);
        isub(a: __m256i, b: __m256i) -> __m256i = _mm256_sub_epi32(a, b);
        imul(a: __m256i, b: __m256i) -> __m256i = _mm256_mullo_epi32(a, b);
        umulhi(a: __m256i, b: __m256i) -> __m256i = {
            let even = _mm256_srli_epi64::<32>(_mm256_mul_epu32(a, b));
            let odd = _mm256_mul_epu32(_mm256_srli_epi64::<32>(a), _mm256_srli_epi64::<32>(b));
            _mm256_blend_epi32::<0xAA>(even, odd)
        };
        imin(a: __m256i, b: __m256i) -> __m256i = _mm256_min_epi32(a, b);
        imax(a: __m256i, b: __m256i) -> __m256i = _mm256_max_epi32(a, b);
        iand(a: __m256i, b: __m256i) -> __m256i = _mm256_and_si256(a, b);
        ior(a: __m256i, b: __m256i) -> __m256i = _mm256_or_si256(a, b);
        ixor(a: __m256i, b: __m256i) -> __m256i = _mm256_xor_si256(a, b);
        to_int(a: __m256) -> __m256i = _mm256_cvttps_epi32(a);
        to_float(a: __m256i) -> __m256 = _mm256_cvtepi32_ps(a);
        eq(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_EQ_OQ>(a, b);
        lt(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_LT_OQ>(a, b);
        le(a: __m256, b: __m256) -> __m256 = _mm256_cmp_ps::<_CMP_LE_OQ>(a, b);
        ieq(a: __m256i, b: __m256i) -> __m256 = _mm256_castsi256_ps(_mm256_cmpeq_epi32(a, b));
        igt(a: __m256i, b: __m256i) -> __m256 = _mm256_castsi256_ps(_mm256_cmpgt_epi32(a, b));
        not(m: __m256) -> __m256 = _mm256_xor_ps(m, _mm256_castsi256_ps(_mm256_set1_epi32(-1)));
        or(a: __m256, b: __m256) -> __m256 = _mm256_or_ps(a, b);
        any(m: __m256) -> bool = _mm256_movemask_ps(m) != 0;
        select(m: __m256, a: __m256, b: __m256) -> __m256 = _mm256_blendv_ps(b, a, m);
        mask_bits(m: __m256) -> __m256i = _mm256_castps_si256(m);
    }
    #[inline(always)]
    fn shl<const N: u32>(self, a: __m256i) -> __m256i {
        // The intrinsic takes a signed constant.
        // SAFETY: `self` proves that the processor has these instructions.
        unsafe { _mm256_sll_epi32(a, _mm_cvtsi32_si128(N as i32)) }
    }
    #[inline(always)]
    fn shr<const N: u32>(self, a: __m256i) -> __m256i {
        // SAFETY: `self` proves that the processor has these instructions.
        unsafe { _mm256_sra_epi32(a, _mm_cvtsi32_si128(N as i32)) }
    }
    #[inline(always)]
    fn scale(self, a: __m256, n: __m256) -> __m256 {
        // Two factors, each a normal number.
        let n = self.to_int(n);
        let half = self.shr::<1>(n);
        let power = |e| self.of_bits(self.shl::<23>(self.iadd(e, self.splat_i(127))));
        self.mul(self.mul(a, power(half)), power(self.isub(n, half)))
    }
}
