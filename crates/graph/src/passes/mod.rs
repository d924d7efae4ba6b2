//! From a graph to a program: fusion, order, memory.

mod access;
mod body;
mod domains;
mod emit;
mod fuse;
mod groups;
mod matrix;
mod plan;
mod updates;
pub mod windows;

#[cfg(test)]
mod tests;

use glorot_tensor::Shape;

use crate::graph::Graph;
use crate::program::{Kernel, Place, Program};

/// Compiles a graph: its outputs and updates, and nothing that they do not need.
pub fn compile(graph: &Graph) -> Program {
    let mut fusion = fuse::fuse(graph);
    let in_place = updates::settle(&mut fusion);
    let emitted = emit::emit(&fusion, in_place);
    place_buffers(emitted)
}

/// Gives every buffer of the arena its place.
fn place_buffers(emitted: emit::Emitted) -> Program {
    let emit::Emitted { kernels, buffers, inputs, outputs } = emitted;
    let mut program = Program { buffers, inputs, outputs, kernels, arena_bytes: 0 };
    let lifetimes = place_arena(&mut program, Sharing { apart: 0, together: usize::MAX });
    // What only its own kernel uses is never stored and takes no memory.
    for (buffer, _) in program.buffers.iter_mut().zip(&lifetimes).filter(|(_, lifetime)| lifetime.is_none()) {
        if let Place::Arena { .. } = buffer.place {
            buffer.spec.shape = Shape::from([0]);
        }
    }
    program
}

/// How [`rearrange`] shares memory between buffers.
#[derive(Clone, Copy, Debug)]
pub struct Sharing {
    /// Buffers of at most so many bytes share their memory with no other, so that kernels which run side by side do not
    /// wait for each other's memory.
    pub apart: usize,
    /// From this kernel on all kernels may run at the same time.
    pub together: usize,
}

/// Brings the kernels of a program into another order, in which each still runs after those whose results it needs, and
/// gives the buffers of the arena places for it.
pub fn rearrange(program: &mut Program, order: &[usize], sharing: Sharing) {
    let mut kernels: Vec<Option<Kernel>> = std::mem::take(&mut program.kernels).into_iter().map(Some).collect();
    program.kernels = order.iter().filter_map(|&index| kernels.get_mut(index)?.take()).collect();
    place_arena(program, sharing);
}

/// Places the buffers of the arena by when they are used. Returns when each buffer is used, if it is.
fn place_arena(program: &mut Program, sharing: Sharing) -> Vec<Option<plan::Lifetime>> {
    let Program { kernels, buffers, outputs, arena_bytes, .. } = program;
    let end = kernels.len();
    let mut lifetimes: Vec<Option<plan::Lifetime>> = vec![None; buffers.len()];
    let mut touch = |buffer: crate::program::BufferId, index: usize| {
        let index = index.min(sharing.together);
        let lifetime = lifetimes[buffer.index()].get_or_insert(plan::Lifetime { first: index, last: index });
        lifetime.last = lifetime.last.max(index);
    };
    for (index, kernel) in kernels.iter().enumerate() {
        kernel.writes().into_iter().chain(kernel.reads()).for_each(|buffer| touch(buffer, index));
    }
    outputs.iter().for_each(|&output| touch(output, end));
    let (mut placed, mut sizes) = (Vec::new(), Vec::new());
    for (index, buffer) in buffers.iter().enumerate() {
        if let (Place::Arena { .. }, Some(lifetime)) = (&buffer.place, lifetimes[index]) {
            let bytes = (buffer.spec.shape.numel() * buffer.spec.dtype.size()).max(1);
            let lifetime = if bytes <= sharing.apart { plan::Lifetime { first: 0, last: end } } else { lifetime };
            placed.push(index);
            sizes.push((bytes, lifetime));
        }
    }
    let (offsets, bytes) = plan::place(&sizes);
    for (index, offset) in placed.into_iter().zip(offsets) {
        buffers[index].place = Place::Arena { offset };
    }
    *arena_bytes = bytes;
    lifetimes
}
