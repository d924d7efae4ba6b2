//! The loops of the elementwise functions over a tile.

use super::code::{Chain, ChainKind, Frame, Func, MAX_ARGS, Operand};
use crate::math;
use crate::simd::Isa;

/// `to[i] = f(args[0][i], …)` for rows of so many points. The result may lie where an operand lies: each vector is read
/// before it is written.
#[inline(always)]
unsafe fn run<S: Isa, const N: usize>(
    s: S,
    frame: &Frame,
    to: u16,
    args: [Operand; MAX_ARGS],
    [rows, len]: [usize; 2],
    f: impl Fn([S::V; N]) -> S::V,
) {
    let mut steps = [0; N];
    let mut row_steps = [0; N];
    // SAFETY: the caller vouches for the slots.
    unsafe {
        let mut to_row = *frame.slots.add(to as usize);
        let mut to_step = 0;
        let mut from_row = [to_row.cast_const(); N];
        for i in 0..N {
            from_row[i] = *frame.slots.add(args[i].slot as usize);
            steps[i] = if args[i].varying { S::LANES } else { 0 };
        }
        if rows > 1 {
            to_step = frame.row_step(Operand { slot: to, varying: true });
            (0..N).for_each(|i| row_steps[i] = frame.row_step(args[i]));
        }
        let mut rows_left = rows;
        // SAFETY: the caller vouches for the lanes of the destination and of each varying operand, one vector of others.
        loop {
            let (mut to, mut from) = (to_row, from_row);
            let mut rest = len;
            while rest >= 2 * S::LANES {
                let first = f(std::array::from_fn(
                    #[inline(always)]
                    |i| s.load(from[i]),
                ));
                s.store(to, first);
                let second = f(std::array::from_fn(
                    #[inline(always)]
                    |i| s.load(from[i].add(steps[i])),
                ));
                s.store(to.add(S::LANES), second);
                for i in 0..N {
                    from[i] = from[i].add(2 * steps[i]);
                }
                to = to.add(2 * S::LANES);
                rest -= 2 * S::LANES;
            }
            if rest >= S::LANES {
                s.store(
                    to,
                    f(std::array::from_fn(
                        #[inline(always)]
                        |i| s.load(from[i]),
                    )),
                );
                for i in 0..N {
                    from[i] = from[i].add(steps[i]);
                }
                to = to.add(S::LANES);
                rest -= S::LANES;
            }
            if rest > 0 {
                let last = f(std::array::from_fn(
                    #[inline(always)]
                    |i| s.load_partial(from[i], rest),
                ));
                s.store_partial(to, last, rest);
            }
            rows_left -= 1;
            if rows_left == 0 {
                return;
            }
            to_row = to_row.wrapping_add(to_step);
            (0..N).for_each(|i| from_row[i] = from_row[i].wrapping_add(row_steps[i]));
        }
    }
}

/// Runs one function over rows of so many points.
///
/// # Safety
/// See [`super::exec`].
#[inline(always)]
pub(super) unsafe fn compute<S: Isa>(
    s: S,
    func: Func,
    frame: &Frame,
    to: u16,
    args: [Operand; MAX_ARGS],
    size: [usize; 2],
) {
    let zero = s.splat(0.0);
    let one = s.splat(1.0);
    // Masks and integers travel as vectors of float32 bits.
    let mask = |m: S::M| s.of_bits(s.mask_bits(m));
    let holds = |v: S::V| s.nonzero(s.bits(v));
    macro_rules! f {
        (|$($x:ident),+| $body:expr) => {
            // SAFETY: passed on from the caller.
            unsafe { run(s, frame, to, args, size, #[inline(always)] |[$($x),+]| $body) }
        };
    }
    macro_rules! i2 {
        ($op:ident) => {
            f!(|x, y| s.of_bits(s.$op(s.bits(x), s.bits(y))))
        };
    }
    match func {
        Func::Neg => f!(|x| s.neg(x)),
        Func::Abs => f!(|x| s.abs(x)),
        Func::Sign => f!(|x| s.select(s.or(s.lt(x, zero), s.lt(zero, x)), s.copysign(one, x), x)),
        Func::Exp => f!(|x| math::exp(s, x)),
        Func::Expm1 => f!(|x| math::expm1(s, x)),
        Func::Log => f!(|x| math::log(s, x)),
        Func::Log1p => f!(|x| math::log1p(s, x)),
        Func::Sqrt => f!(|x| s.sqrt(x)),
        Func::Rsqrt => f!(|x| s.div(one, s.sqrt(x))),
        Func::Reciprocal => f!(|x| s.div(one, x)),
        Func::Square => f!(|x| s.mul(x, x)),
        Func::Sin => f!(|x| math::sin(s, x)),
        Func::Cos => f!(|x| math::cos(s, x)),
        Func::Tanh => f!(|x| math::tanh(s, x)),
        Func::Sigmoid => f!(|x| math::sigmoid(s, x)),
        Func::Softplus => f!(|x| math::softplus(s, x)),
        // The second operand wins where it is NaN.
        Func::Relu => f!(|x| s.max(zero, x)),
        Func::Elu => f!(|x, alpha| math::elu(s, x, alpha)),
        Func::AddElu => f!(|x, y, alpha| math::elu(s, s.add(x, y), alpha)),
        Func::MulEluSlope => f!(|x, y, alpha| s.mul(x, s.select(s.lt(zero, y), one, s.add(y, alpha)))),
        Func::Erf => f!(|x| math::erf(s, x)),
        Func::Floor => f!(|x| s.floor(x)),
        Func::Ceil => f!(|x| s.ceil(x)),
        Func::Round => f!(|x| s.round(x)),
        Func::IsFinite => f!(|x| mask(s.lt(s.abs(x), s.splat(f32::INFINITY)))),
        Func::NegInt => f!(|x| s.of_bits(s.isub(s.splat_i(0), s.bits(x)))),
        Func::AbsInt => f!(|x| s.of_bits(s.imax(s.bits(x), s.isub(s.splat_i(0), s.bits(x))))),
        Func::Not => f!(|x| s.of_bits(s.ixor(s.bits(x), s.splat_i(-1)))),
        Func::Add => f!(|x, y| s.add(x, y)),
        Func::Sub => f!(|x, y| s.sub(x, y)),
        Func::Mul => f!(|x, y| s.mul(x, y)),
        Func::Div => f!(|x, y| s.div(x, y)),
        Func::Max => f!(|x, y| s.maximum(x, y)),
        Func::Min => f!(|x, y| s.minimum(x, y)),
        Func::Pow => f!(|x, y| math::pow(s, x, y)),
        Func::Mod => f!(|x, y| s.by_lane2(x, y, modulo)),
        Func::AddInt => i2!(iadd),
        Func::SubInt => i2!(isub),
        Func::MulInt => i2!(imul),
        Func::DivInt => f!(|x, y| s.by_lane2(x, y, |a, b| on_ints(a, b, divide))),
        Func::MaxInt => i2!(imax),
        Func::MinInt => i2!(imin),
        Func::ModInt => f!(|x, y| s.by_lane2(x, y, |a, b| on_ints(a, b, modulo_int))),
        Func::And => i2!(iand),
        Func::Or => i2!(ior),
        Func::Eq => f!(|x, y| mask(s.eq(x, y))),
        Func::Ne => f!(|x, y| mask(s.not(s.eq(x, y)))),
        Func::Lt => f!(|x, y| mask(s.lt(x, y))),
        Func::Le => f!(|x, y| mask(s.le(x, y))),
        Func::EqInt => f!(|x, y| mask(s.ieq(s.bits(x), s.bits(y)))),
        Func::NeInt => f!(|x, y| mask(s.not(s.ieq(s.bits(x), s.bits(y))))),
        Func::LtInt => f!(|x, y| mask(s.igt(s.bits(y), s.bits(x)))),
        Func::LeInt => f!(|x, y| mask(s.not(s.igt(s.bits(x), s.bits(y))))),
        Func::Select => f!(|c, x, y| s.select(holds(c), x, y)),
        Func::SelectEq => f!(|x, y, a, b| s.select(s.eq(x, y), a, b)),
        Func::SelectLt => f!(|x, y, a, b| s.select(s.lt(x, y), a, b)),
        Func::SelectLe => f!(|x, y, a, b| s.select(s.le(x, y), a, b)),
        Func::SelectEqInt => f!(|x, y, a, b| s.select(s.ieq(s.bits(x), s.bits(y)), a, b)),
        Func::MulAdd => f!(|x, y, z| s.mul_add(x, y, z)),
        Func::MulSub => f!(|x, y, z| s.mul_add(x, y, s.neg(z))),
        Func::NegMulAdd => f!(|x, y, z| s.neg_mul_add(x, y, z)),
        Func::Lerp => f!(|x, y, t| s.mul_add(s.sub(x, y), t, y)),
        Func::LerpSquare => f!(|x, y, t| s.mul_add(s.mul_add(x, x, s.neg(y)), t, y)),
        Func::MulAddMul => f!(|x, y, z, w| s.mul_add(x, y, s.mul(z, w))),
        Func::SqrtAdd => f!(|x, y| s.add(s.sqrt_near(x), y)),
        Func::SubDiv => f!(|x, y, z| s.sub(x, s.div(y, z))),
        Func::SubMulDiv => f!(|x, y, z, w| s.sub(x, s.div(s.mul(y, z), w))),
        Func::FloatToInt => f!(|x| {
            let too_large = s.le(s.splat(2_147_483_648.0), x);
            let i = s.select(too_large, s.of_bits(s.splat_i(i32::MAX)), s.of_bits(s.to_int(x)));
            s.select(s.is_nan(x), zero, i)
        }),
        // The second operand of `max` and `min` wins where the first is NaN.
        Func::FloatToByte => f!(|x| s.of_bits(s.to_int(s.min(s.max(x, zero), s.splat(255.0))))),
        Func::FloatToMask => f!(|x| mask(s.not(s.eq(x, zero)))),
        Func::IntToFloat => f!(|x| s.to_float(s.bits(x))),
        Func::IntToByte => f!(|x| s.of_bits(s.imin(s.imax(s.bits(x), s.splat_i(0)), s.splat_i(255)))),
        Func::IntToMask => f!(|x| mask(holds(x))),
        Func::MaskToFloat => f!(|x| s.of_bits(s.iand(s.bits(x), s.bits(one)))),
        Func::MaskToInt => f!(|x| s.of_bits(s.iand(s.bits(x), s.splat_i(1)))),
    }
}

/// Runs the functions of a chain over rows of so many points.
///
/// # Safety
/// See [`super::exec`].
#[inline(always)]
pub(super) unsafe fn chain<S: Isa>(s: S, chain: &Chain, frame: &Frame, size: [usize; 2]) {
    // SAFETY: passed on from the caller; scalars are slots of equal lanes.
    unsafe {
        let [t, r, p, q, e]: [S::V; 5] = std::array::from_fn(
            #[inline(always)]
            |i| s.load(*frame.slots.add(chain.args[4 + i].slot as usize)),
        );
        match chain.kind {
            ChainKind::Adam => update(
                s,
                chain,
                frame,
                size,
                #[inline(always)]
                |g, m, v, w| {
                    let (m, v) = moments(s, g, m, v, t, r);
                    // The scalars are `t, r, a, e`.
                    let (a, e) = (p, q);
                    [m, v, s.sub(w, s.div(s.mul(m, a), s.add(s.sqrt_near(v), e)))]
                },
            ),
            ChainKind::Nadam => update(
                s,
                chain,
                frame,
                size,
                #[inline(always)]
                |g, m, v, w| {
                    let (m, v) = moments(s, g, m, v, t, r);
                    let change = s.div(s.mul_add(g, p, s.mul(m, q)), s.add(s.sqrt_near(v), e));
                    [m, v, s.sub(w, change)]
                },
            ),
        }
    }
}

/// `m + (g - m) t` and `v + (g g - v) r`, rounded as [`Func::Lerp`] and [`Func::LerpSquare`] round.
#[inline(always)]
fn moments<S: Isa>(s: S, g: S::V, m: S::V, v: S::V, t: S::V, r: S::V) -> (S::V, S::V) {
    (s.mul_add(s.sub(g, m), t, m), s.mul_add(s.mul_add(g, g, s.neg(v)), r, v))
}

/// `to = f(g, m, v, w)` for each point. Results may lie where operands lie: a vector is read before it is written.
#[inline(always)]
unsafe fn update<S: Isa>(
    s: S,
    chain: &Chain,
    frame: &Frame,
    [rows, len]: [usize; 2],
    f: impl Fn(S::V, S::V, S::V, S::V) -> [S::V; 3],
) {
    // Where a row of a slot begins.
    let place = |slot: u16, row: usize| {
        // SAFETY: slots are the frame's, and have a place for each row.
        unsafe {
            let first = *frame.slots.add(slot as usize);
            if row == 0 { first } else { first.add(row * frame.row_step(Operand { slot, varying: true })) }
        }
    };
    // SAFETY: the caller vouches for the lanes of each operand and result.
    (0..rows).for_each(|row| unsafe {
        let from: [*const f32; 4] = std::array::from_fn(|i| place(chain.args[i].slot, row).cast_const());
        let to: [*mut f32; 3] = std::array::from_fn(|i| place(chain.to[i], row));
        let mut i = 0;
        while i + S::LANES <= len {
            let [g, m, v, w] = from.map(
                #[inline(always)]
                |p| s.load(p.add(i)),
            );
            for (to, value) in to.into_iter().zip(f(g, m, v, w)) {
                s.store(to.add(i), value);
            }
            i += S::LANES;
        }
        let rest = len - i;
        if rest > 0 {
            let [g, m, v, w] = from.map(
                #[inline(always)]
                |p| s.load_partial(p.add(i), rest),
            );
            for (to, value) in to.into_iter().zip(f(g, m, v, w)) {
                s.store_partial(to.add(i), value, rest);
            }
        }
    });
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
