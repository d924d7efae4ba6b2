//! The interpreter: steps over one tile.

use super::code::{Frame, Step};
use super::{elementwise, movement, random};
use crate::simd::{Isa, MAX_LANES};

/// Runs steps over `len` points (a tile, or one vector of equal lanes).
///
/// # Safety
/// All slots that the steps name are valid for `len` lanes (broadcast slots: for [`MAX_LANES`]), all views for the
/// frame's rows and columns, and nothing else writes them meanwhile.
#[inline(always)]
pub(crate) unsafe fn exec<S: Isa>(s: S, steps: &[Step], frame: &Frame, len: usize) {
    for step in steps {
        // SAFETY: passed on from the caller.
        unsafe {
            match *step {
                Step::Constant { to, bits } => {
                    let to = *frame.slots.add(to as usize);
                    (0..MAX_LANES).for_each(|lane| to.add(lane).write(f32::from_bits(bits)));
                }
                Step::LoadScalar { to, access, dtype } => movement::load_scalar(frame, to, access, dtype),
                Step::Load { to, access, dtype } => movement::load(s, frame, to, access, dtype),
                Step::Iota { to, access, float, scalar } => movement::iota(frame, to, access, float, scalar),
                Step::Random { to, access, draw, scalar } => random::random(s, frame, to, access, draw, scalar),
                Step::Compute { func, to, args, by_rows } => {
                    elementwise::compute(s, func, frame, to, args, frame.cut(by_rows, len));
                }
                Step::Chain(ref chain) => elementwise::chain(s, chain, frame, frame.cut(chain.by_rows, len)),
                Step::Store { value, access, dtype } => movement::store(s, frame, value, access, dtype),
            }
        }
    }
}
