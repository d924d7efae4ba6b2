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

#[cfg(test)]
mod tests;

use glorot_tensor::Shape;

use crate::graph::Graph;
use crate::program::{Place, Program};

/// Compiles a graph: its outputs and updates, and nothing that they do not need.
pub fn compile(graph: &Graph) -> Program {
    let mut fusion = fuse::fuse(graph);
    let in_place = updates::settle(&mut fusion);
    let emitted = emit::emit(&fusion, in_place);
    place_buffers(emitted)
}

/// Gives every buffer of the arena its place.
fn place_buffers(emitted: emit::Emitted) -> Program {
    let emit::Emitted { kernels, mut buffers, inputs, outputs } = emitted;
    let end = kernels.len();
    let mut lifetimes: Vec<Option<plan::Lifetime>> = vec![None; buffers.len()];
    let mut touch = |buffer: crate::program::BufferId, index: usize| {
        let lifetime = lifetimes[buffer.index()].get_or_insert(plan::Lifetime { first: index, last: index });
        lifetime.last = lifetime.last.max(index);
    };
    for (index, kernel) in kernels.iter().enumerate() {
        kernel.writes().into_iter().chain(kernel.reads()).for_each(|buffer| touch(buffer, index));
    }
    outputs.iter().for_each(|&output| touch(output, end));
    let in_arena = |index: &usize| matches!(buffers[*index].place, Place::Arena { .. });
    let placed: Vec<usize> = (0..buffers.len()).filter(in_arena).filter(|&index| lifetimes[index].is_some()).collect();
    let sizes: Vec<(usize, plan::Lifetime)> = placed
        .iter()
        .map(|&index| {
            let spec = &buffers[index].spec;
            let lifetime = lifetimes[index].unwrap_or(plan::Lifetime { first: 0, last: end });
            ((spec.shape.numel() * spec.dtype.size()).max(1), lifetime)
        })
        .collect();
    let (offsets, arena_bytes) = plan::place(&sizes);
    for (index, offset) in placed.into_iter().zip(offsets) {
        buffers[index].place = Place::Arena { offset };
    }
    // What only its own kernel uses is never stored and takes no memory.
    for (buffer, _) in buffers.iter_mut().zip(&lifetimes).filter(|(_, lifetime)| lifetime.is_none()) {
        if let Place::Arena { .. } = buffer.place {
            buffer.spec.shape = Shape::from([0]);
        }
    }
    Program { buffers, inputs, outputs, kernels, arena_bytes }
}
