//! Where the buffers of a step lie in its arena.

use glorot_graph::program::{Place, Program};

use super::Phase;

/// Every buffer begins at a multiple of this many bytes, as allocations of CUDA do.
pub(crate) const ALIGNMENT: usize = 256;

/// Places in the arena.
#[derive(Debug)]
pub(crate) struct Placement {
    /// Of each buffer, if it is in the arena.
    pub offsets: Vec<Option<usize>>,
    pub bytes: usize,
}

/// Places all buffers that are no input, state or constant. Buffers that are never alive in one stage share memory;
/// those of outputs keep theirs, and come first: they lie where they lie however the stages are. Then come large ones, each
/// at the lowest place that is free while it lives.
pub(super) fn place(program: &Program, bytes: &[usize], phases: &[Phase], stages: &[Vec<usize>]) -> Placement {
    let in_arena = |number: usize| match program.buffers.get(number) {
        Some(buffer) => matches!(buffer.place, Place::Arena { .. }),
        None => true,
    };
    let mut lives: Vec<Option<(usize, usize)>> = vec![None; bytes.len()];
    for (stage, numbers) in stages.iter().enumerate() {
        for &number in numbers {
            for buffer in phases[number].reads.iter().chain(&phases[number].writes) {
                let life = lives[buffer.index()].get_or_insert((stage, stage));
                *life = (life.0.min(stage), life.1.max(stage));
            }
        }
    }
    for output in &program.outputs {
        let life = lives[output.index()].get_or_insert((0, 0));
        life.1 = stages.len();
    }
    let mut order: Vec<usize> =
        (0..bytes.len()).filter(|&number| in_arena(number) && lives[number].is_some()).collect();
    let is_output = |number: usize| program.outputs.iter().any(|output| output.index() == number);
    order.sort_by_cached_key(|&number| (!is_output(number), std::cmp::Reverse(bytes[number]), number));
    let size = |number: usize| bytes[number].max(1).next_multiple_of(ALIGNMENT);
    let mut placement = Placement { offsets: vec![None; bytes.len()], bytes: 0 };
    let mut placed: Vec<(usize, usize, (usize, usize))> = Vec::new();
    for number in order {
        let life = lives[number].unwrap_or_default();
        let mut taken: Vec<(usize, usize)> = placed
            .iter()
            .filter(|(_, _, other)| other.0 <= life.1 && life.0 <= other.1)
            .map(|&(start, end, _)| (start, end))
            .collect();
        taken.sort_unstable();
        let mut offset = 0;
        for (start, end) in taken {
            if offset + size(number) <= start {
                break;
            }
            offset = offset.max(end);
        }
        placement.offsets[number] = Some(offset);
        placement.bytes = placement.bytes.max(offset + size(number));
        placed.push((offset, offset + size(number), life));
    }
    placement
}
