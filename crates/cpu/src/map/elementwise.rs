//! The loops of the elementwise functions over a tile.

use super::code::{Frame, Func, Operand};
use crate::math;
use crate::simd::Isa;

/// An operand's address and the mask of its index: 0 for a broadcast scalar, all ones else.
#[inline(always)]
unsafe fn operand(frame: &Frame, operand: Operand) -> (*const f32, usize) {
    // SAFETY: the slot is an entry of the frame's table.
    let address = unsafe { *frame.slots.add(operand.slot as usize) };
    (address, if operand.varying { usize::MAX } else { 0 })
}

/// `to[i] = f(a[i], b[i], c[i])`. The result may lie where an operand lies: each vector is read before it is written.
#[inline(always)]
unsafe fn loop3<S: Isa>(
    s: S,
    frame: &Frame,
    to: u16,
    args: [Operand; 3],
    len: usize,
    f: impl Fn(S::V, S::V, S::V) -> S::V,
) {
    // SAFETY: the caller vouches for `len` lanes of the destination and of each varying operand, one vector of others.
    unsafe {
        let to = *frame.slots.add(to as usize);
        let [(a, am), (b, bm), (c, cm)] = args.map(|arg| operand(frame, arg));
        let mut i = 0;
        while i + 2 * S::LANES <= len {
            let j = i + S::LANES;
            let x = f(s.load(a.add(i & am)), s.load(b.add(i & bm)), s.load(c.add(i & cm)));
            s.store(to.add(i), x);
            let y = f(s.load(a.add(j & am)), s.load(b.add(j & bm)), s.load(c.add(j & cm)));
            s.store(to.add(j), y);
            i += 2 * S::LANES;
        }
        if i + S::LANES <= len {
            let x = f(s.load(a.add(i & am)), s.load(b.add(i & bm)), s.load(c.add(i & cm)));
            s.store(to.add(i), x);
            i += S::LANES;
        }
        if i < len {
            let n = len - i;
            let load = |p: *const f32, mask| s.load_partial(p.add(i & mask), n);
            s.store_partial(to.add(i), f(load(a, am), load(b, bm), load(c, cm)), n);
        }
    }
}

/// As [`loop3`] with one operand.
#[inline(always)]
unsafe fn loop1<S: Isa>(s: S, frame: &Frame, to: u16, args: [Operand; 3], len: usize, f: impl Fn(S::V) -> S::V) {
    // SAFETY: as for `loop3`.
    unsafe {
        let to = *frame.slots.add(to as usize);
        let (a, am) = operand(frame, args[0]);
        let mut i = 0;
        while i + S::LANES <= len {
            s.store(to.add(i), f(s.load(a.add(i & am))));
            i += S::LANES;
        }
        if i < len {
            s.store_partial(to.add(i), f(s.load_partial(a.add(i & am), len - i)), len - i);
        }
    }
}

/// As [`loop3`] with two operands.
#[inline(always)]
unsafe fn loop2<S: Isa>(s: S, frame: &Frame, to: u16, args: [Operand; 3], len: usize, f: impl Fn(S::V, S::V) -> S::V) {
    // SAFETY: as for `loop3`.
    unsafe {
        let to = *frame.slots.add(to as usize);
        let ((a, am), (b, bm)) = (operand(frame, args[0]), operand(frame, args[1]));
        let mut i = 0;
        while i + 2 * S::LANES <= len {
            let j = i + S::LANES;
            let x = f(s.load(a.add(i & am)), s.load(b.add(i & bm)));
            s.store(to.add(i), x);
            let y = f(s.load(a.add(j & am)), s.load(b.add(j & bm)));
            s.store(to.add(j), y);
            i += 2 * S::LANES;
        }
        if i + S::LANES <= len {
            s.store(to.add(i), f(s.load(a.add(i & am)), s.load(b.add(i & bm))));
            i += S::LANES;
        }
        if i < len {
            let n = len - i;
            s.store_partial(to.add(i), f(s.load_partial(a.add(i & am), n), s.load_partial(b.add(i & bm), n)), n);
        }
    }
}

/// Runs one function over `len` points.
///
/// # Safety
/// See [`super::exec`].
#[inline(always)]
pub(super) unsafe fn compute<S: Isa>(s: S, func: Func, frame: &Frame, to: u16, args: [Operand; 3], len: usize) {
    let zero = s.splat(0.0);
    let one = s.splat(1.0);
    // Masks and integers travel as vectors of float32 bits.
    let mask = |m: S::M| s.of_bits(s.mask_bits(m));
    let holds = |v: S::V| s.nonzero(s.bits(v));
    macro_rules! f1 {
        (|$x:ident| $body:expr) => {
            // SAFETY: passed on from the caller.
            unsafe {
                loop1(
                    s,
                    frame,
                    to,
                    args,
                    len,
                    #[inline(always)]
                    |$x| $body,
                )
            }
        };
    }
    macro_rules! f2 {
        (|$x:ident, $y:ident| $body:expr) => {
            // SAFETY: passed on from the caller.
            unsafe {
                loop2(
                    s,
                    frame,
                    to,
                    args,
                    len,
                    #[inline(always)]
                    |$x, $y| $body,
                )
            }
        };
    }
    macro_rules! f3 {
        (|$x:ident, $y:ident, $z:ident| $body:expr) => {
            // SAFETY: passed on from the caller.
            unsafe {
                loop3(
                    s,
                    frame,
                    to,
                    args,
                    len,
                    #[inline(always)]
                    |$x, $y, $z| $body,
                )
            }
        };
    }
    macro_rules! i2 {
        ($op:ident) => {
            f2!(|x, y| s.of_bits(s.$op(s.bits(x), s.bits(y))))
        };
    }
    match func {
        Func::Neg => f1!(|x| s.neg(x)),
        Func::Abs => f1!(|x| s.abs(x)),
        Func::Sign => f1!(|x| s.select(s.or(s.lt(x, zero), s.lt(zero, x)), s.copysign(one, x), x)),
        Func::Exp => f1!(|x| math::exp(s, x)),
        Func::Expm1 => f1!(|x| math::expm1(s, x)),
        Func::Log => f1!(|x| math::log(s, x)),
        Func::Log1p => f1!(|x| math::log1p(s, x)),
        Func::Sqrt => f1!(|x| s.sqrt(x)),
        Func::Rsqrt => f1!(|x| s.div(one, s.sqrt(x))),
        Func::Reciprocal => f1!(|x| s.div(one, x)),
        Func::Square => f1!(|x| s.mul(x, x)),
        Func::Sin => f1!(|x| math::sin(s, x)),
        Func::Cos => f1!(|x| math::cos(s, x)),
        Func::Tanh => f1!(|x| math::tanh(s, x)),
        Func::Sigmoid => f1!(|x| math::sigmoid(s, x)),
        Func::Softplus => f1!(|x| math::softplus(s, x)),
        // The second operand wins where it is NaN.
        Func::Relu => f1!(|x| s.max(zero, x)),
        Func::Elu => f2!(|x, alpha| s.select(s.lt(zero, x), x, s.mul(alpha, math::expm1(s, x)))),
        Func::Erf => f1!(|x| math::erf(s, x)),
        Func::Floor => f1!(|x| s.floor(x)),
        Func::Ceil => f1!(|x| s.ceil(x)),
        Func::Round => f1!(|x| s.round(x)),
        Func::IsFinite => f1!(|x| mask(s.lt(s.abs(x), s.splat(f32::INFINITY)))),
        Func::NegInt => f1!(|x| s.of_bits(s.isub(s.splat_i(0), s.bits(x)))),
        Func::AbsInt => f1!(|x| s.of_bits(s.imax(s.bits(x), s.isub(s.splat_i(0), s.bits(x))))),
        Func::Not => f1!(|x| s.of_bits(s.ixor(s.bits(x), s.splat_i(-1)))),
        Func::Add => f2!(|x, y| s.add(x, y)),
        Func::Sub => f2!(|x, y| s.sub(x, y)),
        Func::Mul => f2!(|x, y| s.mul(x, y)),
        Func::Div => f2!(|x, y| s.div(x, y)),
        Func::Max => f2!(|x, y| s.maximum(x, y)),
        Func::Min => f2!(|x, y| s.minimum(x, y)),
        Func::Pow => f2!(|x, y| math::pow(s, x, y)),
        Func::Mod => f2!(|x, y| s.by_lane2(x, y, modulo)),
        Func::AddInt => i2!(iadd),
        Func::SubInt => i2!(isub),
        Func::MulInt => i2!(imul),
        Func::DivInt => f2!(|x, y| s.by_lane2(x, y, |a, b| on_ints(a, b, divide))),
        Func::MaxInt => i2!(imax),
        Func::MinInt => i2!(imin),
        Func::ModInt => f2!(|x, y| s.by_lane2(x, y, |a, b| on_ints(a, b, modulo_int))),
        Func::And => i2!(iand),
        Func::Or => i2!(ior),
        Func::Eq => f2!(|x, y| mask(s.eq(x, y))),
        Func::Ne => f2!(|x, y| mask(s.not(s.eq(x, y)))),
        Func::Lt => f2!(|x, y| mask(s.lt(x, y))),
        Func::Le => f2!(|x, y| mask(s.le(x, y))),
        Func::EqInt => f2!(|x, y| mask(s.ieq(s.bits(x), s.bits(y)))),
        Func::NeInt => f2!(|x, y| mask(s.not(s.ieq(s.bits(x), s.bits(y))))),
        Func::LtInt => f2!(|x, y| mask(s.igt(s.bits(y), s.bits(x)))),
        Func::LeInt => f2!(|x, y| mask(s.not(s.igt(s.bits(x), s.bits(y))))),
        Func::Select => f3!(|c, x, y| s.select(holds(c), x, y)),
        Func::MulAdd => f3!(|x, y, z| s.mul_add(x, y, z)),
        Func::NegMulAdd => f3!(|x, y, z| s.neg_mul_add(x, y, z)),
        Func::FloatToInt => f1!(|x| {
            let too_large = s.le(s.splat(2_147_483_648.0), x);
            let i = s.select(too_large, s.of_bits(s.splat_i(i32::MAX)), s.of_bits(s.to_int(x)));
            s.select(s.is_nan(x), zero, i)
        }),
        // The second operand of `max` and `min` wins where the first is NaN.
        Func::FloatToByte => f1!(|x| s.of_bits(s.to_int(s.min(s.max(x, zero), s.splat(255.0))))),
        Func::FloatToMask => f1!(|x| mask(s.not(s.eq(x, zero)))),
        Func::IntToFloat => f1!(|x| s.to_float(s.bits(x))),
        Func::IntToByte => f1!(|x| s.of_bits(s.imin(s.imax(s.bits(x), s.splat_i(0)), s.splat_i(255)))),
        Func::IntToMask => f1!(|x| mask(holds(x))),
        Func::MaskToFloat => f1!(|x| s.of_bits(s.iand(s.bits(x), s.bits(one)))),
        Func::MaskToInt => f1!(|x| s.of_bits(s.iand(s.bits(x), s.splat_i(1)))),
    }
}

/// Remainder with the sign of the divisor.
fn modulo(a: f32, b: f32) -> f32 {
    let remainder = a % b;
    if remainder != 0.0 && (remainder < 0.0) != (b < 0.0) { remainder + b } else { remainder }
}

fn on_ints(a: f32, b: f32, f: fn(i32, i32) -> i32) -> f32 {
    f32::from_bits(f(a.to_bits() as i32, b.to_bits() as i32) as u32)
}

/// Quotient towards zero; 0 where the divisor is 0.
fn divide(a: i32, b: i32) -> i32 {
    if b == 0 { 0 } else { a.wrapping_div(b) }
}

/// Remainder with the sign of the divisor; 0 where the divisor is 0.
fn modulo_int(a: i32, b: i32) -> i32 {
    if b == 0 {
        return 0;
    }
    let remainder = a.wrapping_rem(b);
    if remainder != 0 && (remainder < 0) != (b < 0) { remainder + b } else { remainder }
}
