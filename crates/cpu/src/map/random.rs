//! Random numbers by element number; see `glorot_graph::ops::random` for their definition.

use glorot_graph::RandomKind;
use glorot_tensor::random::{philox4x32, to_normal, to_unit};

use super::code::{Access, Frame};
use crate::simd::MAX_LANES;

/// Draws the number of each point's element.
///
/// # Safety
/// See [`super::exec`]; `state` is the address of four words.
#[inline(always)]
pub(super) unsafe fn random(
    frame: &Frame,
    to: u16,
    access: Access,
    kind: RandomKind,
    stream: u32,
    state: usize,
    scalar: bool,
) {
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
            (0..frame.columns).for_each(|column| {
                to.add(column).write(source.draw(kind, first + column * access.column));
            });
        }
    }
}

/// Keeps the last block, since neighbours share it.
struct Source {
    key: [u32; 2],
    stream: u32,
    step: [u32; 2],
    block: Option<(usize, [f32; 4])>,
}

impl Source {
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
