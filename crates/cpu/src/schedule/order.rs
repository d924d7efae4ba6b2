//! The order of kernels for several threads: those that others wait for come first.
//!
//! In the order of the graph a weight is updated as soon as its gradient is known, and the chain of gradients behind it
//! waits. No other kernel needs the update, so it can wait until the chain has ended, when every thread takes updates of
//! its own.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use glorot_graph::program::{BufferId, Kernel, Place, Program};

/// Rough nanoseconds of a multiply-add, of an instruction of a fused loop, of starting a kernel.
const MULTIPLY_ADD: f64 = 0.012;
const INSTRUCTION: f64 = 0.02;
const START: f64 = 100.0;

/// Which kernels each kernel must run after.
fn dependencies(program: &Program) -> Vec<Vec<usize>> {
    // Buffers of one state are the same memory.
    let key = |buffer: BufferId| match program.buffers.get(buffer.index()).map(|buffer| &buffer.place) {
        Some(Place::State(state)) => (true, state.0),
        _ => (false, buffer.0),
    };
    let mut writers: HashMap<(bool, u32), Vec<usize>> = HashMap::new();
    let mut readers: HashMap<(bool, u32), Vec<usize>> = HashMap::new();
    let mut all = Vec::with_capacity(program.kernels.len());
    for (index, kernel) in program.kernels.iter().enumerate() {
        let (reads, writes) = (kernel.reads(), kernel.writes());
        let mut before: Vec<usize> = Vec::new();
        for memory in reads.iter().chain(&writes).map(|&buffer| key(buffer)) {
            before.extend(writers.get(&memory).into_iter().flatten());
        }
        for memory in writes.iter().map(|&buffer| key(buffer)) {
            before.extend(readers.get(&memory).into_iter().flatten());
        }
        before.sort_unstable();
        before.dedup();
        reads.iter().for_each(|&buffer| readers.entry(key(buffer)).or_default().push(index));
        writes.iter().for_each(|&buffer| writers.entry(key(buffer)).or_default().push(index));
        all.push(before);
    }
    all
}

/// Rough nanoseconds of a kernel on one thread.
fn estimate(kernel: &Kernel) -> f64 {
    let points = |domain: &[usize]| domain.iter().product::<usize>() as f64;
    START
        + match kernel {
            Kernel::Map(map) => points(&map.domain) * map.body.instrs.len() as f64 * INSTRUCTION,
            Kernel::Reduce(reduce) => points(&reduce.domain) * (1 + reduce.body.instrs.len()) as f64 * INSTRUCTION,
            Kernel::MatMul(product) => {
                let results = (product.batch * product.m * product.n) as f64;
                let epilogue = product.epilogue.body.instrs.len() as f64 * INSTRUCTION;
                results * (product.k as f64 * MULTIPLY_ADD + epilogue)
            }
            Kernel::Gather(gather) => (gather.rows * gather.row_len) as f64 * INSTRUCTION,
            Kernel::ScatterAdd(scatter) => (scatter.rows * scatter.row_len) as f64 * INSTRUCTION,
            Kernel::FoldWindows(fold) => {
                let windows: usize = fold.axes.iter().map(|axis| axis.positions * axis.size).product();
                let steps = fold.product.as_ref().map_or(0, |product| product.k) as f64;
                (fold.outer * windows * fold.inner) as f64 * (INSTRUCTION + steps * MULTIPLY_ADD)
            }
        }
}

/// A kernel that can run, with the time of the longest chain that begins with it.
#[derive(PartialEq)]
struct Ready {
    chain: f64,
    index: usize,
}

impl Eq for Ready {}

impl PartialOrd for Ready {
    fn partial_cmp(&self, other: &Ready) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ready {
    fn cmp(&self, other: &Ready) -> Ordering {
        self.chain.total_cmp(&other.chain).then(other.index.cmp(&self.index))
    }
}

/// Kernels in an order for several threads.
#[derive(Debug)]
pub(crate) struct KernelOrder {
    /// The kernels of the program, none before those that it depends on.
    pub kernels: Vec<usize>,
    /// From this place on are kernels that no other depends on: they can run in any order, and at the same time.
    pub last: usize,
}

/// Among the kernels that can run, the one comes first that the longest chain begins with; what no other kernel needs
/// comes last.
pub(crate) fn by_longest_chain(program: &Program) -> KernelOrder {
    let before = dependencies(program);
    let count = before.len();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (index, before) in before.iter().enumerate() {
        before.iter().for_each(|&earlier| after[earlier].push(index));
    }
    let mut chains = vec![0.0f64; count];
    for index in (0..count).rev() {
        let rest = after[index].iter().map(|&later| chains[later]).fold(0.0, f64::max);
        chains[index] = estimate(&program.kernels[index]) + rest;
    }
    let mut missing: Vec<usize> = before.iter().map(Vec::len).collect();
    let ready = |index: usize| Ready { chain: chains[index], index };
    let mut heap: BinaryHeap<Ready> = (0..count).filter(|&index| missing[index] == 0).map(ready).collect();
    let (mut kernels, mut last) = (Vec::with_capacity(count), Vec::new());
    while let Some(Ready { index, .. }) = heap.pop() {
        if after[index].is_empty() { &mut last } else { &mut kernels }.push(index);
        for &later in &after[index] {
            missing[later] -= 1;
            if missing[later] == 0 {
                heap.push(ready(later));
            }
        }
    }
    let first_of_last = kernels.len();
    kernels.append(&mut last);
    KernelOrder { kernels, last: first_of_last }
}

#[cfg(test)]
mod tests {
    use super::*;
    use glorot_graph::program::{Body, Buffer, Instr, MapKernel, Store, View};
    use glorot_graph::{StateId, TensorSpec};
    use glorot_tensor::{DType, Shape};

    /// A copy of `n` floats.
    fn copy(n: usize, from: u32, to: u32) -> Kernel {
        let view = View { offset: 0, strides: vec![1] };
        let load = Instr::Load { buffer: BufferId(from), view: view.clone() };
        let body = Body { instrs: vec![load], dtypes: vec![DType::F32] };
        Kernel::Map(MapKernel {
            domain: Shape::from([n]),
            body,
            stores: vec![Store { value: 0, buffer: BufferId(to), view }],
        })
    }

    fn program(places: &[Place], kernels: Vec<Kernel>) -> Program {
        let spec = TensorSpec { shape: Shape::from([4]), dtype: DType::F32 };
        let buffers = places.iter().map(|place| Buffer { spec: spec.clone(), place: place.clone() }).collect();
        Program { buffers, inputs: vec![], outputs: vec![], kernels, arena_bytes: 0 }
    }

    #[test]
    fn updates_wait_for_the_chain() {
        let (arena, state) = (Place::Arena { offset: 0 }, |id| Place::State(StateId(id)));
        let places = [arena.clone(), arena.clone(), arena, state(0), state(1)];
        // 0 -> 1 -> 2, and copies to states after each.
        let kernels = vec![copy(4, 0, 3), copy(4, 0, 1), copy(4, 1, 4), copy(900, 1, 2), copy(4, 2, 0)];
        let KernelOrder { kernels, last } = by_longest_chain(&program(&places, kernels));
        // The last kernel overwrites what the first two read.
        assert_eq!((kernels, last), (vec![1, 3, 0, 2, 4], 3));
    }

    #[test]
    fn buffers_of_one_state_are_one() {
        let state = Place::State(StateId(7));
        let places = [state.clone(), state, Place::Arena { offset: 0 }];
        // The second kernel reads the state's new value.
        let kernels = vec![copy(4, 2, 0), copy(4, 1, 2)];
        assert_eq!(by_longest_chain(&program(&places, kernels)).kernels, [0, 1]);
    }
}
