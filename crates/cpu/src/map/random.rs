//! Random numbers by element number; see `glorot_graph::ops::random` for their definition.
//!
//! A block of random words gives the numbers of a few neighbouring elements. Vectors of blocks are computed at once;
//! where the elements of a tile are not neighbours along its columns, they may be along its rows.

use glorot_graph::RandomKind;

use super::code::{Access, Draw, Frame};
use crate::math;
use crate::simd::{Isa, MAX_LANES};

/// The most numbers of a block.
const MOST: usize = 4;

/// Draws the number of each point's element.
///
/// # Safety
/// See [`super::exec`]; `state` is the address of four words.
#[inline(always)]
pub(super) unsafe fn random<S: Isa>(s: S, frame: &Frame, to: u16, access: Access, draw: Draw, scalar: bool) {
    // SAFETY: the caller vouches for the state, the views and the slots.
    unsafe {
        let words = (draw.state as *const [u32; 4]).read_unaligned();
        let source =
            Source { kind: draw.kind, key: [words[0], words[1]], stream: draw.stream, step: [words[2], words[3]] };
        let first = *frame.views.add(access.view as usize);
        let to = *frame.slots.add(to as usize);
        if scalar {
            // 16 equal lanes.
            (0..MAX_LANES).step_by(S::LANES).for_each(|lane| source.some(s, first, 0, S::LANES, to.add(lane)));
            return;
        }
        let width = source.width();
        let rows_share = access.row == 1 && access.column.is_multiple_of(width);
        let mut row = 0;
        while row < frame.rows {
            let (first, to) = (first + row * access.row, to.add(row * frame.columns));
            if access.column == 1 {
                source.neighbours(s, first, frame.columns, to);
            } else if rows_share && first.is_multiple_of(width) && frame.rows - row >= width {
                source.rows(s, first, access.column, frame.columns, to);
                row += width;
                continue;
            } else {
                source.apart(s, first, access.column, frame.columns, to);
            }
            row += 1;
        }
    }
}

/// `philox4x32` in each lane.
#[inline(always)]
fn philox<S: Isa>(s: S, key: [u32; 2], mut counter: [S::I; 4]) -> [S::I; 4] {
    let (mut k0, mut k1) = (key[0], key[1]);
    let (m0, m1) = (s.splat_i(0xD251_1F53u32 as i32), s.splat_i(0xCD9E_8D57u32 as i32));
    for _ in 0..10 {
        let [c0, c1, c2, c3] = counter;
        counter = [
            s.ixor(s.ixor(s.umulhi(m1, c2), c1), s.splat_i(k0 as i32)),
            s.imul(m1, c2),
            s.ixor(s.ixor(s.umulhi(m0, c0), c3), s.splat_i(k1 as i32)),
            s.imul(m0, c0),
        ];
        (k0, k1) = (k0.wrapping_add(0x9E37_79B9), k1.wrapping_add(0xBB67_AE85));
    }
    counter
}

/// A stream at a step.
#[derive(Clone, Copy)]
struct Source {
    kind: RandomKind,
    key: [u32; 2],
    stream: u32,
    step: [u32; 2],
}

impl Source {
    /// Numbers of a block.
    #[inline(always)]
    fn width(self) -> usize {
        match self.kind {
            RandomKind::Uniform => 4,
            RandomKind::Normal => 2,
        }
    }

    /// The numbers of a block in each lane; those behind the block's width are zero.
    #[inline(always)]
    fn blocks<S: Isa>(self, s: S, numbers: [u32; MAX_LANES]) -> [S::V; MOST] {
        let numbers = numbers.map(f32::from_bits);
        // SAFETY: MAX_LANES lanes are enough for a load.
        let block = s.bits(unsafe { s.load(numbers.as_ptr()) });
        let [low, high] = self.step.map(
            #[inline(always)]
            |word| s.splat_i(word as i32),
        );
        let words = philox(s, self.key, [block, s.splat_i(self.stream as i32), low, high]);
        let (one, scale) = (s.splat(1.0), s.splat(1.0 / 16_777_216.0));
        let high = words.map(
            #[inline(always)]
            |word| s.to_float(s.iand(s.shr::<8>(word), s.splat_i(0x00FF_FFFF))),
        );
        match self.kind {
            RandomKind::Uniform => high.map(
                #[inline(always)]
                |word| s.mul(word, scale),
            ),
            RandomKind::Normal => {
                let u = s.mul(s.add(high[0], one), scale);
                let radius = s.sqrt(s.mul(s.splat(-2.0), math::log(s, u)));
                let angle = s.mul(s.splat(std::f32::consts::TAU), s.mul(high[1], scale));
                let zero = s.splat(0.0);
                [s.mul(radius, math::cos(s, angle)), s.mul(radius, math::sin(s, angle)), zero, zero]
            }
        }
    }

    /// The numbers of at most a vector of elements, `step` apart.
    ///
    /// # Safety
    /// `to` takes `count` floats.
    #[inline(always)]
    unsafe fn some<S: Isa>(self, s: S, first: usize, step: usize, count: usize, to: *mut f32) {
        let width = self.width();
        let mut numbers = [0u32; MAX_LANES];
        let mut places = [0f32; MAX_LANES];
        for lane in 0..S::LANES {
            let element = first + lane * step;
            numbers[lane] = (element / width) as u32;
            places[lane] = f32::from_bits((element % width) as u32);
        }
        let values = self.blocks(s, numbers);
        // SAFETY: MAX_LANES lanes are enough for a load; the caller vouches for the destination.
        unsafe {
            let place = s.bits(s.load(places.as_ptr()));
            let mut value = values[0];
            for (number, &other) in values.iter().enumerate().skip(1) {
                value = s.select(s.ieq(place, s.splat_i(number as i32)), other, value);
            }
            if count < S::LANES { s.store_partial(to, value, count) } else { s.store(to, value) }
        }
    }

    /// The numbers of elements, `step` apart.
    ///
    /// # Safety
    /// `to` takes `count` floats.
    #[inline(always)]
    unsafe fn apart<S: Isa>(self, s: S, first: usize, step: usize, count: usize, to: *mut f32) {
        for i in (0..count).step_by(S::LANES) {
            // SAFETY: i < count.
            unsafe { self.some(s, first + i * step, step, S::LANES.min(count - i), to.add(i)) };
        }
    }

    /// The numbers of neighbouring elements: a block in each lane, whose numbers lie one after the other.
    ///
    /// # Safety
    /// `to` takes `count` floats.
    #[inline(always)]
    unsafe fn neighbours<S: Isa>(self, s: S, first: usize, count: usize, to: *mut f32) {
        let width = self.width();
        let mut i = 0;
        while i < count {
            let beside = (first + i) % width;
            if beside != 0 || count - i < width * S::LANES {
                let some = if beside != 0 { width - beside } else { S::LANES }.min(count - i);
                // SAFETY: `some` elements are left.
                unsafe { self.some(s, first + i, 1, some, to.add(i)) };
                i += some;
                continue;
            }
            let block = ((first + i) / width) as u32;
            let values = self.blocks(s, std::array::from_fn(|lane| block.wrapping_add(lane as u32)));
            let mut rows = [0f32; MOST * MAX_LANES];
            // SAFETY: a row holds MAX_LANES floats; width × LANES elements are left.
            unsafe {
                for (row, &value) in values.iter().enumerate().take(width) {
                    s.store(rows.as_mut_ptr().add(row * S::LANES), value);
                }
                s.transpose(rows.as_ptr(), S::LANES, [width, S::LANES], to.add(i), width, width.min(S::LANES));
            }
            i += width * S::LANES;
        }
    }

    /// The numbers of as many rows as a block has, which are neighbours; elements of a row are `step` apart.
    ///
    /// # Safety
    /// `to` takes the rows, each of `columns` floats.
    #[inline(always)]
    unsafe fn rows<S: Isa>(self, s: S, first: usize, step: usize, columns: usize, to: *mut f32) {
        let width = self.width();
        for column in (0..columns).step_by(S::LANES) {
            let block = |lane: usize| ((first + (column + lane) * step) / width) as u32;
            let values = self.blocks(s, std::array::from_fn(block));
            let count = S::LANES.min(columns - column);
            for (row, &value) in values.iter().enumerate().take(width) {
                // SAFETY: `count` columns of the row are left.
                unsafe {
                    let to = to.add(row * columns + column);
                    if count < S::LANES { s.store_partial(to, value, count) } else { s.store(to, value) }
                }
            }
        }
    }
}
