//! Vectors of 32-bit lanes under one interface, so that every loop is written once and compiled for each instruction
//! set. A value of a type that implements [`Isa`] proves that the processor has the instructions.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod bfloat16;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
#[cfg(target_arch = "x86_64")]
pub(crate) use bfloat16::Bfloat16;
pub(crate) use portable::Portable;

/// Most lanes that any instruction set has: the length of a broadcast scalar in memory.
pub(crate) const MAX_LANES: usize = 16;

/// The same address, of which the compiler does not know how it relates to others.
#[inline(always)]
pub(crate) fn opaque(p: *const f32) -> *const f32 {
    #[cfg(target_arch = "x86_64")]
    {
        let mut p = p;
        // SAFETY: no instruction.
        unsafe { std::arch::asm!("/* {} */", inout(reg) p, options(readonly, nostack, preserves_flags)) };
        p
    }
    #[cfg(not(target_arch = "x86_64"))]
    std::hint::black_box(p)
}

/// What the lanes of a matrix product's operands hold, and so what a step of it adds.
pub(crate) trait Terms<S: Isa>: Copy {
    /// `sum` and the products of the numbers in each lane.
    fn add(self, s: S, a: S::V, b: S::V, sum: S::V) -> S::V;
}

/// One float32 in each lane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Float32;

impl<S: Isa> Terms<S> for Float32 {
    #[inline(always)]
    fn add(self, s: S, a: S::V, b: S::V, sum: S::V) -> S::V {
        s.mul_add(a, b, sum)
    }
}

/// Vectors of `LANES` float32 (`V`) or int32 (`I`) lanes and masks (`M`) of one instruction set.
pub(crate) trait Isa: Copy {
    const LANES: usize;
    /// Rows and vectors of the tile that a matrix product keeps in registers.
    const TILE_ROWS: usize;
    const TILE_VECTORS: usize;
    /// Rows of four floats that lie side by side in a vector.
    const QUADS: usize = Self::LANES / 4;
    /// Whether `mul_add` rounds once.
    const FUSED: bool;
    type V: Copy;
    type I: Copy;
    type M: Copy;

    /// # Safety
    /// `LANES` floats can be read at `p`.
    unsafe fn load(self, p: *const f32) -> Self::V;
    /// # Safety
    /// `LANES` floats can be written at `p`.
    unsafe fn store(self, p: *mut f32, v: Self::V);
    /// The first `n < LANES` lanes; the others are 0.
    /// # Safety
    /// `n` floats can be read at `p`.
    unsafe fn load_partial(self, p: *const f32, n: usize) -> Self::V;
    /// # Safety
    /// `n < LANES` floats can be written at `p`.
    unsafe fn store_partial(self, p: *mut f32, v: Self::V, n: usize);

    /// Brings a cache line closer, if the instruction set can. Any address will do.
    #[inline(always)]
    fn fetch(self, _p: *const u8) {}
    /// The same, no closer than the second-level cache.
    #[inline(always)]
    fn fetch_second(self, _p: *const u8) {}

    /// Writes the transpose of `rows × columns` floats, both at most `LANES`, as `columns` rows of `width <= LANES`
    /// floats: 0 where there is no row.
    /// # Safety
    /// `from` holds the floats, rows `from_row` apart; `to` takes the result, rows `to_row` apart.
    #[inline(always)]
    unsafe fn transpose(
        self,
        from: *const f32,
        from_row: usize,
        size: [usize; 2],
        to: *mut f32,
        to_row: usize,
        width: usize,
    ) {
        // SAFETY: passed on from the caller.
        unsafe { self.transpose_rows(|row| from.wrapping_add(row * from_row), size, to, to_row, width) }
    }

    /// As [`Isa::transpose`], of rows anywhere.
    /// # Safety
    /// As there.
    #[inline(always)]
    unsafe fn transpose_rows(
        self,
        from: impl Fn(usize) -> *const f32,
        [rows, columns]: [usize; 2],
        to: *mut f32,
        to_row: usize,
        width: usize,
    ) {
        for column in 0..columns {
            for row in 0..width {
                // SAFETY: row and column are below the bounds that the caller vouches for.
                unsafe {
                    let value = if row < rows { from(row).add(column).read_unaligned() } else { 0.0 };
                    to.add(column * to_row + row).write(value);
                }
            }
        }
    }

    /// The first `n <= 4` floats of each of `QUADS` rows, then zeros.
    /// # Safety
    /// They can be read.
    unsafe fn load_quads(self, from: impl Fn(usize) -> *const f32, n: usize) -> Self::V;
    /// Writes the first `n <= 4` floats of each of `QUADS` rows.
    /// # Safety
    /// They can be written.
    unsafe fn store_quads(self, to: impl Fn(usize) -> *mut f32, v: Self::V, n: usize);
    /// `n <= 4` floats, then zeros, as each of the rows.
    /// # Safety
    /// They can be read.
    unsafe fn splat_quad(self, p: *const f32, n: usize) -> Self::V;
    /// Lane `N` of each row in all lanes of that row.
    fn spread<const N: i32>(self, v: Self::V) -> Self::V;
    /// Lane `i` of row `i` in all lanes of that row.
    fn spread_by_quad(self, v: Self::V) -> Self::V;

    /// In each of the first `HALF < LANES` lanes the one that lies `HALF` further; others are arbitrary.
    fn upper<const HALF: usize>(self, v: Self::V) -> Self::V;

    fn splat(self, x: f32) -> Self::V;
    fn splat_i(self, x: i32) -> Self::I;
    fn bits(self, v: Self::V) -> Self::I;
    fn of_bits(self, i: Self::I) -> Self::V;

    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b + c`, rounded once where the instruction set can.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `c - a * b`.
    fn neg_mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a < b ? a : b`: `b` where either is NaN.
    fn min(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a > b ? a : b`: `b` where either is NaN.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    fn sqrt(self, a: Self::V) -> Self::V;
    /// The square root, off by less than 1.2 units in the last place. Of -0 it may be 0.
    #[inline(always)]
    fn sqrt_near(self, a: Self::V) -> Self::V {
        self.sqrt(a)
    }
    /// To the nearest integer, ties to even.
    fn round(self, a: Self::V) -> Self::V;
    fn floor(self, a: Self::V) -> Self::V;
    fn ceil(self, a: Self::V) -> Self::V;
    /// `a * 2^n` for integral `n` of magnitude up to 250, with gradual underflow.
    fn scale(self, a: Self::V, n: Self::V) -> Self::V;

    fn iadd(self, a: Self::I, b: Self::I) -> Self::I;
    fn isub(self, a: Self::I, b: Self::I) -> Self::I;
    fn imul(self, a: Self::I, b: Self::I) -> Self::I;
    /// High halves of the unsigned products.
    fn umulhi(self, a: Self::I, b: Self::I) -> Self::I;
    fn imin(self, a: Self::I, b: Self::I) -> Self::I;
    fn imax(self, a: Self::I, b: Self::I) -> Self::I;
    fn iand(self, a: Self::I, b: Self::I) -> Self::I;
    fn ior(self, a: Self::I, b: Self::I) -> Self::I;
    fn ixor(self, a: Self::I, b: Self::I) -> Self::I;
    fn shl<const N: u32>(self, a: Self::I) -> Self::I;
    /// Arithmetic shift.
    fn shr<const N: u32>(self, a: Self::I) -> Self::I;
    /// Truncation; `i32::MIN` where the value does not fit.
    fn to_int(self, a: Self::V) -> Self::I;
    fn to_float(self, a: Self::I) -> Self::V;

    fn eq(self, a: Self::V, b: Self::V) -> Self::M;
    fn lt(self, a: Self::V, b: Self::V) -> Self::M;
    fn le(self, a: Self::V, b: Self::V) -> Self::M;
    fn ieq(self, a: Self::I, b: Self::I) -> Self::M;
    fn igt(self, a: Self::I, b: Self::I) -> Self::M;
    fn not(self, m: Self::M) -> Self::M;
    fn or(self, a: Self::M, b: Self::M) -> Self::M;
    fn any(self, m: Self::M) -> bool;
    fn select(self, m: Self::M, on_true: Self::V, on_false: Self::V) -> Self::V;
    /// All bits set where the mask holds.
    fn mask_bits(self, m: Self::M) -> Self::I;

    // What follows is made of the above.

    /// True where the bits are not 0.
    #[inline(always)]
    fn nonzero(self, i: Self::I) -> Self::M {
        self.not(self.ieq(i, self.splat_i(0)))
    }
    #[inline(always)]
    fn is_nan(self, a: Self::V) -> Self::M {
        self.not(self.eq(a, a))
    }
    #[inline(always)]
    fn abs(self, a: Self::V) -> Self::V {
        self.of_bits(self.iand(self.bits(a), self.splat_i(i32::MAX)))
    }
    #[inline(always)]
    fn neg(self, a: Self::V) -> Self::V {
        self.of_bits(self.ixor(self.bits(a), self.splat_i(i32::MIN)))
    }
    /// The magnitude of `a` with the sign of `sign`.
    #[inline(always)]
    fn copysign(self, a: Self::V, sign: Self::V) -> Self::V {
        let sign = self.iand(self.bits(sign), self.splat_i(i32::MIN));
        self.of_bits(self.ior(self.bits(self.abs(a)), sign))
    }
    /// Larger of two, NaN if either is.
    #[inline(always)]
    fn maximum(self, a: Self::V, b: Self::V) -> Self::V {
        self.select(self.is_nan(a), a, self.max(a, b))
    }
    /// Smaller of two, NaN if either is.
    #[inline(always)]
    fn minimum(self, a: Self::V, b: Self::V) -> Self::V {
        self.select(self.is_nan(a), a, self.min(a, b))
    }
    /// A function applied to each lane.
    #[inline(always)]
    fn by_lane(self, a: Self::V, f: impl Fn(f32) -> f32) -> Self::V {
        self.by_lane2(a, a, |x, _| f(x))
    }
    /// A function applied to each pair of lanes.
    #[inline(always)]
    fn by_lane2(self, a: Self::V, b: Self::V, f: impl Fn(f32, f32) -> f32) -> Self::V {
        let (mut x, mut y) = ([0f32; MAX_LANES], [0f32; MAX_LANES]);
        // SAFETY: the arrays hold at least LANES floats.
        unsafe {
            self.store(x.as_mut_ptr(), a);
            self.store(y.as_mut_ptr(), b);
        }
        for lane in 0..Self::LANES {
            x[lane] = f(x[lane], y[lane]);
        }
        // SAFETY: as above.
        unsafe { self.load(x.as_ptr()) }
    }
    /// The lanes combined pairwise: `f(f(0, 2), f(1, 3))` and so on.
    #[inline(always)]
    fn fold(self, a: Self::V, f: impl Fn(Self::V, Self::V) -> Self::V) -> f32 {
        let mut a = a;
        if Self::LANES > 8 {
            a = f(a, self.upper::<8>(a));
        }
        if Self::LANES > 4 {
            a = f(a, self.upper::<4>(a));
        }
        a = f(a, self.upper::<2>(a));
        a = f(a, self.upper::<1>(a));
        let mut lanes = [0f32; MAX_LANES];
        // SAFETY: the array holds at least LANES floats.
        unsafe { self.store(lanes.as_mut_ptr(), a) };
        lanes[0]
    }
}
