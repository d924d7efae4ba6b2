use std::arch::asm;
use std::arch::x86_64::*;

use super::Isa;

/// AVX-512 (F, BW, DQ, VL): 16 lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// # Safety
    /// The processor has AVX-512 F, BW, DQ and VL.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Avx512 {
        Avx512(())
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

/// A mask of the first `n` lanes.
#[inline(always)]
fn first(n: usize) -> __mmask16 {
    ((1u32 << n) - 1) as __mmask16
}

/// The first `n <= 4` floats at `p`, then zeros.
///
/// # Safety
/// They can be read; the processor has AVX-512 F and VL.
#[inline(always)]
unsafe fn load_quad(p: *const f32, n: usize) -> __m128 {
    // SAFETY: masked lanes are not read.
    unsafe { if n == 4 { _mm_loadu_ps(p) } else { _mm_maskz_loadu_ps(first(n) as __mmask8, p) } }
}

/// The same vector, of which the compiler knows nothing. It would join permutations of a vector with what made it.
#[inline]
#[target_feature(enable = "avx512f")]
fn opaque(mut v: __m512) -> __m512 {
    // SAFETY: no instruction.
    unsafe { asm!("/* {} */", inout(zmm_reg) v, options(pure, nomem, nostack, preserves_flags)) };
    v
}

/// The transpose of 16 vectors: pairs of rows, then of pairs, then of quarters are interleaved.
///
/// # Safety
/// The processor has AVX-512 F.
#[inline(always)]
unsafe fn transposed(rows: [__m512; 16]) -> [__m512; 16] {
    let mut out = rows;
    // SAFETY: the caller's.
    unsafe {
        let mut quads = [_mm512_setzero_ps(); 16];
        for i in 0..4 {
            let [a, b, c, d] = [rows[4 * i], rows[4 * i + 1], rows[4 * i + 2], rows[4 * i + 3]];
            let (ab_low, ab_high) = (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b));
            let (cd_low, cd_high) = (_mm512_unpacklo_ps(c, d), _mm512_unpackhi_ps(c, d));
            let pairs = |x, y| (_mm512_castps_pd(x), _mm512_castps_pd(y));
            let (low, high) = (pairs(ab_low, cd_low), pairs(ab_high, cd_high));
            quads[4 * i] = _mm512_castpd_ps(_mm512_unpacklo_pd(low.0, low.1));
            quads[4 * i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low.0, low.1));
            quads[4 * i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(high.0, high.1));
            quads[4 * i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(high.0, high.1));
        }
        // Quarter l of quads[4 i + j] holds column 4 l + j of rows 4 i to 4 i + 3.
        for j in 0..4 {
            let even_low = _mm512_shuffle_f32x4::<0x88>(quads[j], quads[4 + j]);
            let even_high = _mm512_shuffle_f32x4::<0x88>(quads[8 + j], quads[12 + j]);
            let odd_low = _mm512_shuffle_f32x4::<0xDD>(quads[j], quads[4 + j]);
            let odd_high = _mm512_shuffle_f32x4::<0xDD>(quads[8 + j], quads[12 + j]);
            out[j] = _mm512_shuffle_f32x4::<0x88>(even_low, even_high);
            out[4 + j] = _mm512_shuffle_f32x4::<0x88>(odd_low, odd_high);
            out[8 + j] = _mm512_shuffle_f32x4::<0xDD>(even_low, even_high);
            out[12 + j] = _mm512_shuffle_f32x4::<0xDD>(odd_low, odd_high);
        }
    }
    out
}

impl Isa for Avx512 {
    const LANES: usize = 16;
    const TILE_ROWS: usize = 8;
    const TILE_VECTORS: usize = 3;
    const FUSED: bool = true;
    type V = __m512;
    type I = __m512i;
    type M = __mmask16;

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

    // An estimate and one step of Newton's: beside memory accesses, the exact root takes longer.
    #[inline(always)]
    fn sqrt_near(self, a: __m512) -> __m512 {
        // One less in the exponent.
        const HALVE: i32 = 1 << 23;
        // Four bits for each class of `a`, from the lowest on: 8 gives 0, 5 infinity, 0 the root. 0 is the third class,
        // infinity the sixth.
        const SPECIAL: i32 = 0x0050_0800;
        // SAFETY: `self` proves that the processor has these instructions.
        unsafe {
            let estimate = _mm512_rsqrt14_ps(a);
            let root = _mm512_mul_ps(a, estimate);
            let half = _mm512_castsi512_ps(_mm512_sub_epi32(_mm512_castps_si512(estimate), _mm512_set1_epi32(HALVE)));
            // By how much it is too small, as a part of it: its square would be too small for small numbers.
            let part = _mm512_fnmadd_ps(root, half, _mm512_set1_ps(0.5));
            let root = _mm512_fmadd_ps(root, part, root);
            _mm512_fixupimm_ps::<0>(root, a, _mm512_set1_epi32(SPECIAL))
        }
    }

    #[inline(always)]
    unsafe fn load(self, p: *const f32) -> __m512 {
        // SAFETY: the caller vouches for 16 floats.
        unsafe { _mm512_loadu_ps(p) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32, v: __m512) {
        // SAFETY: the caller vouches for 16 floats.
        unsafe { _mm512_storeu_ps(p, v) }
    }
    #[inline(always)]
    unsafe fn load_partial(self, p: *const f32, n: usize) -> __m512 {
        // SAFETY: masked lanes are not read.
        unsafe { _mm512_maskz_loadu_ps(first(n), p) }
    }
    #[inline(always)]
    unsafe fn store_partial(self, p: *mut f32, v: __m512, n: usize) {
        // SAFETY: masked lanes are not written.
        unsafe { _mm512_mask_storeu_ps(p, first(n), v) }
    }
    #[inline(always)]
    unsafe fn load_quads(self, from: impl Fn(usize) -> *const f32, n: usize) -> __m512 {
        // SAFETY: passed on from the caller.
        unsafe {
            let quad = |row| load_quad(from(row), n);
            let half = |row| _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(quad(row)), quad(row + 1));
            opaque(_mm512_insertf32x8::<1>(_mm512_castps256_ps512(half(0)), half(2)))
        }
    }
    #[inline(always)]
    unsafe fn store_quads(self, to: impl Fn(usize) -> *mut f32, v: __m512, n: usize) {
        // SAFETY: masked lanes are not written; the others are the caller's.
        unsafe {
            let store = |row, quad| _mm_mask_storeu_ps(to(row), first(n) as __mmask8, quad);
            store(0, _mm512_castps512_ps128(v));
            store(1, _mm512_extractf32x4_ps::<1>(v));
            store(2, _mm512_extractf32x4_ps::<2>(v));
            store(3, _mm512_extractf32x4_ps::<3>(v));
        }
    }
    #[inline(always)]
    unsafe fn splat_quad(self, p: *const f32, n: usize) -> __m512 {
        // SAFETY: passed on from the caller.
        unsafe { _mm512_broadcast_f32x4(load_quad(p, n)) }
    }
    #[inline(always)]
    fn spread<const N: i32>(self, v: __m512) -> __m512 {
        // SAFETY: `self` proves that the processor has these instructions.
        unsafe {
            match N {
                0 => _mm512_permute_ps::<0x00>(v),
                1 => _mm512_permute_ps::<0x55>(v),
                2 => _mm512_permute_ps::<0xAA>(v),
                _ => _mm512_permute_ps::<0xFF>(v),
            }
        }
    }
    #[inline(always)]
    fn upper<const HALF: usize>(self, v: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe {
            match HALF {
                8 => _mm512_shuffle_f32x4::<0x4E>(v, v),
                4 => _mm512_shuffle_f32x4::<0xB1>(v, v),
                2 => _mm512_permute_ps::<0x4E>(v),
                _ => _mm512_permute_ps::<0xB1>(v),
            }
        }
    }
    #[inline(always)]
    fn spread_by_quad(self, v: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_permutevar_ps(v, _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3)) }
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
            if rows == 16 && columns == 16 && width == 16 {
                let block = transposed(std::array::from_fn(
                    #[inline(always)]
                    |row| self.load(from(row)),
                ));
                for (column, vector) in block.into_iter().enumerate() {
                    self.store(to.add(column * to_row), vector);
                }
                return;
            }
            let mut block = [self.splat(0.0); 16];
            for (row, vector) in block.iter_mut().enumerate().take(rows) {
                let from = from(row);
                *vector = if columns == 16 { self.load(from) } else { self.load_partial(from, columns) };
            }
            for (column, vector) in transposed(block).into_iter().enumerate().take(columns) {
                let to = to.add(column * to_row);
                if width == 16 { self.store(to, vector) } else { self.store_partial(to, vector, width) }
            }
        }
    }

    ops! {
        splat(x: f32) -> __m512 = _mm512_set1_ps(x);
        splat_i(x: i32) -> __m512i = _mm512_set1_epi32(x);
        bits(v: __m512) -> __m512i = _mm512_castps_si512(v);
        of_bits(i: __m512i) -> __m512 = _mm512_castsi512_ps(i);
        add(a: __m512, b: __m512) -> __m512 = _mm512_add_ps(a, b);
        sub(a: __m512, b: __m512) -> __m512 = _mm512_sub_ps(a, b);
        mul(a: __m512, b: __m512) -> __m512 = _mm512_mul_ps(a, b);
        div(a: __m512, b: __m512) -> __m512 = _mm512_div_ps(a, b);
        mul_add(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fmadd_ps(a, b, c);
        neg_mul_add(a: __m512, b: __m512, c: __m512) -> __m512 = _mm512_fnmadd_ps(a, b, c);
        min(a: __m512, b: __m512) -> __m512 = _mm512_min_ps(a, b);
        max(a: __m512, b: __m512) -> __m512 = _mm512_max_ps(a, b);
        sqrt(a: __m512) -> __m512 = _mm512_sqrt_ps(a);
        round(a: __m512) -> __m512 = _mm512_roundscale_ps::<0x08>(a);
        floor(a: __m512) -> __m512 = _mm512_roundscale_ps::<0x09>(a);
        ceil(a: __m512) -> __m512 = _mm512_roundscale_ps::<0x0A>(a);
        scale(a: __m512, n: __m512) -> __m512 = _mm512_scalef_ps(a, n);
        iadd(a: __m512i, b: __m512i) -> __m512i = _mm512_add_epi32(a, b);
        isub(a: __m512i, b: __m512i) -> __m512i = _mm512_sub_epi32(a, b);
        imul(a: __m512i, b: __m512i) -> __m512i = _mm512_mullo_epi32(a, b);
        umulhi(a: __m512i, b: __m512i) -> __m512i = {
            let even = _mm512_srli_epi64::<32>(_mm512_mul_epu32(a, b));
            let odd = _mm512_mul_epu32(_mm512_srli_epi64::<32>(a), _mm512_srli_epi64::<32>(b));
            _mm512_mask_blend_epi32(0xAAAA, even, odd)
        };
        imin(a: __m512i, b: __m512i) -> __m512i = _mm512_min_epi32(a, b);
        imax(a: __m512i, b: __m512i) -> __m512i = _mm512_max_epi32(a, b);
        iand(a: __m512i, b: __m512i) -> __m512i = _mm512_and_si512(a, b);
        ior(a: __m512i, b: __m512i) -> __m512i = _mm512_or_si512(a, b);
        ixor(a: __m512i, b: __m512i) -> __m512i = _mm512_xor_si512(a, b);
        to_int(a: __m512) -> __m512i = _mm512_cvttps_epi32(a);
        to_float(a: __m512i) -> __m512 = _mm512_cvtepi32_ps(a);
        eq(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b);
        lt(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b);
        le(a: __m512, b: __m512) -> __mmask16 = _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b);
        ieq(a: __m512i, b: __m512i) -> __mmask16 = _mm512_cmpeq_epi32_mask(a, b);
        igt(a: __m512i, b: __m512i) -> __mmask16 = _mm512_cmpgt_epi32_mask(a, b);
        select(m: __mmask16, a: __m512, b: __m512) -> __m512 = _mm512_mask_blend_ps(m, b, a);
        mask_bits(m: __mmask16) -> __m512i = _mm512_movm_epi32(m);
    }
    #[inline(always)]
    fn not(self, m: __mmask16) -> __mmask16 {
        !m
    }
    #[inline(always)]
    fn or(self, a: __mmask16, b: __mmask16) -> __mmask16 {
        a | b
    }
    #[inline(always)]
    fn any(self, m: __mmask16) -> bool {
        m != 0
    }
    #[inline(always)]
    fn shl<const N: u32>(self, a: __m512i) -> __m512i {
        // SAFETY: `self` proves that the processor has this instruction.
        unsafe { _mm512_slli_epi32::<N>(a) }
    }
    #[inline(always)]
    fn shr<const N: u32>(self, a: __m512i) -> __m512i {
        // SAFETY: `self` proves that the processor has this instruction.
        unsafe { _mm512_srai_epi32::<N>(a) }
    }
}
