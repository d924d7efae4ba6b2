//! Random numbers by element number; see `glorot_graph::ops::random` for their definition.

use glorot_graph::RandomKind;
use glorot_tensor::random::{philox4x32, to_normal, to_unit};

use super::code::{Access, Draw, Frame};
use crate::simd::{Isa, MAX_LANES};

/// Draws the number of each point's element.
///
/// # Safety
/// See [`super::exec`]; `state` is the address of four words.
#[inline(always)]
pub(super) unsafe fn random<S: Isa>(s: S, frame: &Frame, to: u16, access: Access, draw: Draw, scalar: bool) {
    let Draw { kind, stream, state } = draw;
    // SAFETY: the caller vouches for the state, the views and the slots.
    unsafe {
        let words = (state as *const [u32; 4]).read_unaligned();
        let mut source = Source { key: [words[0], words[1]], stream, step: [words[2], words[3]], block: None };
        let first = *frame.views.add(access.view as usize);
        let to = *frame.slots.add(to as usize);
        if scalar {
            let value = source.draw(kind, first);
            (0..MAX_LANES).for_each(|lane| to.add(lane).write(value));
            return;
        }
        for row in 0..frame.rows {
            let (first, to) = (first + row * access.row, to.add(row * frame.columns));
            if kind == RandomKind::Uniform && access.column == 1 {
                source.uniform(s, first, frame.columns, to);
                continue;
            }
            (0..frame.columns).for_each(|column| {
                to.add(column).write(source.draw(kind, first + column * access.column));
            });
        }
    }
}

/// [`philox4x32`] in each lane.
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

/// Keeps the last block, since neighbours share it.
struct Source {
    key: [u32; 2],
    stream: u32,
    step: [u32; 2],
    block: Option<(usize, [f32; 4])>,
}

impl Source {
    /// Uniform numbers of neighbouring elements: a block in each lane.
    ///
    /// # Safety
    /// `to` takes `count` floats.
    #[inline(always)]
    unsafe fn uniform<S: Isa>(&mut self, s: S, first: usize, count: usize, to: *mut f32) {
        let mut i = 0;
        while i < count {
            if !(first + i).is_multiple_of(4) || count - i < 4 * S::LANES {
                // SAFETY: i < count.
                unsafe { to.add(i).write(self.draw(RandomKind::Uniform, first + i)) };
                i += 1;
                continue;
            }
            let block = ((first + i) / 4) as u32;
            let lanes: [f32; MAX_LANES] = std::array::from_fn(|lane| f32::from_bits(block.wrapping_add(lane as u32)));
            // SAFETY: MAX_LANES lanes are enough for a load.
            let block = s.bits(unsafe { s.load(lanes.as_ptr()) });
            let splat = |word: u32| s.splat_i(word as i32);
            let counter = [block, splat(self.stream), splat(self.step[0]), splat(self.step[1])];
            let words = philox(s, self.key, counter).map(|word| {
                let bits = s.iand(s.shr::<8>(word), s.splat_i(0x00FF_FFFF));
                s.mul(s.to_float(bits), s.splat(1.0 / 16_777_216.0))
            });
            let mut rows = [[0f32; MAX_LANES]; 4];
            for (row, word) in rows.iter_mut().zip(words) {
                // SAFETY: a row holds MAX_LANES floats.
                unsafe { s.store(row.as_mut_ptr(), word) };
            }
            for lane in 0..S::LANES {
                for (word, row) in rows.iter().enumerate() {
                    // SAFETY: at least 4 LANES elements are left.
                    unsafe { to.add(i + 4 * lane + word).write(row[lane]) };
                }
            }
            i += 4 * S::LANES;
        }
    }

    fn draw(&mut self, kind: RandomKind, element: usize) -> f32 {
        let width = match kind {
            RandomKind::Uniform => 4,
            RandomKind::Normal => 2,
        };
        let (number, lane) = (element / width, element % width);
        if let Some((known, values)) = &self.block
            && *known == number
        {
            return values[lane];
        }
        let words = philox4x32(self.key, [number as u32, self.stream, self.step[0], self.step[1]]);
        let values = match kind {
            RandomKind::Uniform => words.map(to_unit),
            RandomKind::Normal => {
                let (cosine, sine) = to_normal(words[0], words[1]);
                [cosine, sine, 0.0, 0.0]
            }
        };
        self.block = Some((number, values));
        values[lane]
    }
}
