use std::arch::x86_64::*;
use std::mem::transmute;

use super::{Avx512, Terms};

/// AVX512-BF16: lanes that hold two bfloat16 numbers each. A value proves that the processor has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bfloat16(());

impl Bfloat16 {
    /// # Safety
    /// The processor has AVX512-BF16.
    #[inline(always)]
    pub(crate) unsafe fn new() -> Bfloat16 {
        Bfloat16(())
    }

    /// Lane `j` holds the rounded lane `j` of both.
    #[inline(always)]
    pub(crate) fn interleaved(self, even: __m512, odd: __m512) -> __m512 {
        // Words `j` and `16 + j`, for each `j`.
        const ORDER: [i16; 32] = {
            let mut order = [0; 32];
            let mut j = 0;
            while j < 16 {
                (order[2 * j], order[2 * j + 1]) = (j as i16, 16 + j as i16);
                j += 1;
            }
            order
        };
        // SAFETY: `self` proves that the processor has these instructions; the types are 64 bytes of plain numbers.
        unsafe {
            let order: __m512i = transmute(ORDER);
            transmute(_mm512_permutexvar_epi16(order, transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(odd, even))))
        }
    }

    /// 32 rounded numbers in order: two neighbours in each lane.
    #[inline(always)]
    pub(crate) fn joined(self, first: __m512, second: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { transmute(_mm512_cvtne2ps_pbh(second, first)) }
    }
}

impl Terms<Avx512> for Bfloat16 {
    /// Adds two products in each lane.
    #[inline(always)]
    fn add(self, _: Avx512, a: __m512, b: __m512, sum: __m512) -> __m512 {
        // SAFETY: as above.
        unsafe { _mm512_dpbf16_ps(sum, transmute::<__m512, __m512bh>(a), transmute::<__m512, __m512bh>(b)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Isa;

    #[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
    fn check() {
        // SAFETY: enabled here.
        let (s, pairs) = unsafe { (Avx512::new(), Bfloat16::new()) };
        let numbers = |first: f32| -> [f32; 16] { std::array::from_fn(|i| first + i as f32 * 1.001) };
        let (x, y) = (numbers(1.0), numbers(-20.0));
        // To the nearest, ties to even.
        let rounded = |x: f32| f32::from_bits((x.to_bits() + 0x7FFF + (x.to_bits() >> 16 & 1)) & 0xFFFF_0000);
        let lanes = |v: __m512| -> [u32; 16] {
            // SAFETY: 64 bytes each.
            unsafe { transmute(v) }
        };
        let pair = |even: f32, odd: f32| rounded(even).to_bits() >> 16 | rounded(odd).to_bits();
        // SAFETY: 16 floats each.
        let (a, b) = unsafe { (s.load(x.as_ptr()), s.load(y.as_ptr())) };
        assert_eq!(lanes(pairs.interleaved(a, b)), std::array::from_fn(|j| pair(x[j], y[j])));
        let all = [x, y].concat();
        assert_eq!(lanes(pairs.joined(a, b)), std::array::from_fn(|j| pair(all[2 * j], all[2 * j + 1])));
        let sums = lanes(pairs.add(s, pairs.interleaved(a, b), pairs.interleaved(b, b), s.splat(0.5)));
        for (j, sum) in sums.into_iter().enumerate() {
            let [x, y] = [x[j], y[j]].map(|x| f64::from(rounded(x)));
            let expected = 0.5 + x * y + y * y;
            assert!((f64::from(f32::from_bits(sum)) - expected).abs() <= 1e-6 * expected.abs() + 1e-4, "{j}");
        }
    }

    #[test]
    fn pairs_are_rounded_and_multiplied() {
        if !is_x86_feature_detected!("avx512bf16") || !is_x86_feature_detected!("avx512bw") {
            return;
        }
        // SAFETY: detected.
        unsafe { check() }
    }
}
