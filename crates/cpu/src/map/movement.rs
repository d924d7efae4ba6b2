//! Elements between memory of any dtype and strides and dense tiles of 32-bit lanes.

use glorot_tensor::DType;

use super::code::{Access, Frame, Operand};
use crate::simd::{Isa, MAX_LANES};

/// The lane of an element: float32 and int32 bits, a byte's number, a truth value's mask.
#[inline(always)]
unsafe fn lane(address: usize, index: usize, dtype: DType) -> u32 {
    // SAFETY: the caller vouches for element `index`.
    unsafe {
        match dtype {
            DType::F32 | DType::I32 => (address as *const u32).add(index).read(),
            DType::U8 => u32::from((address as *const u8).add(index).read()),
            DType::Bool => u32::from((address as *const u8).add(index).read() != 0).wrapping_neg(),
        }
    }
}

/// Reads one element into equal lanes.
///
/// # Safety
/// See [`super::exec`].
#[inline(always)]
pub(super) unsafe fn load_scalar(frame: &Frame, to: u16, access: Access, dtype: DType) {
    // SAFETY: passed on from the caller.
    unsafe {
        let bits = lane(*frame.views.add(access.view as usize), 0, dtype);
        splat(frame, to, bits);
    }
}

#[inline(always)]
unsafe fn splat(frame: &Frame, to: u16, bits: u32) {
    // SAFETY: broadcast slots hold MAX_LANES lanes.
    unsafe {
        let to = (*frame.slots.add(to as usize)).cast::<u32>();
        (0..MAX_LANES).for_each(|lane| to.add(lane).write(bits));
    }
}

/// Copies a strided tile to a dense one.
///
/// # Safety
/// See [`super::exec`].
#[inline(always)]
pub(super) unsafe fn load<S: Isa>(s: S, frame: &Frame, to: u16, access: Access, dtype: DType) {
    // SAFETY: passed on from the caller: the view holds every (row, column) of the frame, the slot as many lanes.
    unsafe {
        let to = (*frame.slots.add(to as usize)).cast::<u32>();
        let from = *frame.views.add(access.view as usize);
        match dtype {
            DType::F32 | DType::I32 if access.column == 0 => {
                fill_rows(s, from as *const f32, access.row, [frame.rows, frame.columns], to.cast());
            }
            DType::F32 | DType::I32 if access.column == 1 => {
                let steps = [access.row, frame.columns];
                copy_rows(s, from as *const f32, to.cast(), steps, [frame.rows, frame.columns]);
            }
            DType::F32 | DType::I32 => copy(frame, from as *const u32, access, to, |x| x),
            DType::U8 => copy(frame, from as *const u8, access, to, u32::from),
            DType::Bool => copy(frame, from as *const u8, access, to, |x| u32::from(x != 0).wrapping_neg()),
        }
    }
}

/// Fills each row of a dense tile with its element.
#[inline(always)]
unsafe fn fill_rows<S: Isa>(s: S, from: *const f32, step: usize, [rows, columns]: [usize; 2], to: *mut f32) {
    let (whole, rest) = (columns / S::LANES * S::LANES, columns % S::LANES);
    for row in 0..rows {
        // SAFETY: the caller vouches for an element of each row and for the tile's lanes.
        unsafe {
            let (value, to) = (s.splat(from.add(row * step).read()), to.add(row * columns));
            let mut column = 0;
            while column < whole {
                s.store(to.add(column), value);
                column += S::LANES;
            }
            if rest > 0 {
                s.store_partial(to.add(whole), value, rest);
            }
        }
    }
}

/// Copies rows that begin so many elements apart in both places.
#[inline(always)]
unsafe fn copy_rows<S: Isa>(
    s: S,
    from: *const f32,
    to: *mut f32,
    steps: [usize; 2],
    [mut rows, mut columns]: [usize; 2],
) {
    if steps == [columns; 2] {
        (rows, columns) = (1, rows * columns);
    }
    let (whole, rest) = (columns / S::LANES * S::LANES, columns % S::LANES);
    for row in 0..rows {
        // SAFETY: the caller vouches for these elements.
        unsafe {
            let (from, to) = (from.add(row * steps[0]), to.add(row * steps[1]));
            let mut column = 0;
            while column < whole {
                s.store(to.add(column), s.load(from.add(column)));
                column += S::LANES;
            }
            if rest > 0 {
                s.store_partial(to.add(whole), s.load_partial(from.add(whole), rest), rest);
            }
        }
    }
}

#[inline(always)]
unsafe fn copy<T: Copy>(frame: &Frame, from: *const T, access: Access, to: *mut u32, lane: impl Fn(T) -> u32) {
    let (mut rows, mut columns) = (frame.rows, frame.columns);
    if access.column == 1 && access.row == columns {
        // Dense: one long row.
        (rows, columns) = (1, rows * columns);
    }
    for row in 0..rows {
        // SAFETY: the caller vouches for these elements and lanes.
        unsafe {
            let (from, to) = (from.add(row * access.row), to.add(row * columns));
            match access.column {
                0 => {
                    let value = lane(from.read());
                    (0..columns).for_each(|column| to.add(column).write(value));
                }
                1 => (0..columns).for_each(|column| to.add(column).write(lane(from.add(column).read()))),
                stride => {
                    (0..columns).for_each(|column| to.add(column).write(lane(from.add(column * stride).read())));
                }
            }
        }
    }
}

/// Writes the number of each point.
///
/// # Safety
/// See [`super::exec`].
#[inline(always)]
pub(super) unsafe fn iota(frame: &Frame, to: u16, access: Access, float: bool, scalar: bool) {
    // SAFETY: passed on from the caller.
    unsafe {
        let first = *frame.views.add(access.view as usize);
        let bits = |number: usize| if float { (number as f32).to_bits() } else { number as u32 };
        if scalar {
            return splat(frame, to, bits(first));
        }
        let to = (*frame.slots.add(to as usize)).cast::<u32>();
        for row in 0..frame.rows {
            let (first, to) = (first + row * access.row, to.add(row * frame.columns));
            (0..frame.columns).for_each(|column| to.add(column).write(bits(first + column * access.column)));
        }
    }
}

/// Writes a dense tile (or one broadcast value) to strided memory.
///
/// # Safety
/// See [`super::exec`].
#[inline(always)]
pub(super) unsafe fn store<S: Isa>(s: S, frame: &Frame, value: Operand, access: Access, dtype: DType) {
    // SAFETY: passed on from the caller: the view holds every (row, column) of the frame, the slot as many lanes.
    unsafe {
        let from = (*frame.slots.add(value.slot as usize)).cast::<u32>().cast_const();
        let mask = if value.varying { usize::MAX } else { 0 };
        let to = *frame.views.add(access.view as usize);
        match dtype {
            DType::F32 | DType::I32 if value.varying && access.column == 1 => {
                let steps = [frame.columns, access.row];
                copy_rows(s, from.cast(), to as *mut f32, steps, [frame.rows, frame.columns]);
            }
            DType::F32 | DType::I32 => spread(frame, from, mask, to as *mut u32, access, |x| x),
            DType::U8 => spread(frame, from, mask, to as *mut u8, access, |x| x as u8),
            DType::Bool => spread(frame, from, mask, to as *mut u8, access, |x| (x & 1) as u8),
        }
    }
}

#[inline(always)]
unsafe fn spread<T>(
    frame: &Frame,
    from: *const u32,
    mask: usize,
    to: *mut T,
    access: Access,
    element: impl Fn(u32) -> T,
) {
    let (mut rows, mut columns) = (frame.rows, frame.columns);
    if access.column == 1 && access.row == columns {
        (rows, columns) = (1, rows * columns);
    }
    for row in 0..rows {
        // SAFETY: the caller vouches for these elements and lanes.
        unsafe {
            let (from, to) = (from.add((row * columns) & mask), to.add(row * access.row));
            match (mask, access.column) {
                (0, stride) => {
                    let bits = from.read();
                    (0..columns).for_each(|column| to.add(column * stride).write(element(bits)));
                }
                (_, 1) => (0..columns).for_each(|column| to.add(column).write(element(from.add(column).read()))),
                (_, stride) => {
                    (0..columns).for_each(|column| to.add(column * stride).write(element(from.add(column).read())));
                }
            }
        }
    }
}
