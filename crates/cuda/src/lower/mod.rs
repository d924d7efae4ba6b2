//! From the kernels of a program to launches: functions, phases, stages, memory.
//!
//! A *phase* is one device function over its buffers, or one product of a library. Phases that do not depend on one
//! another form a *stage*; stages run one after the other. A CUDA graph launches a stage at a time; a fused kernel runs
//! all stages with a barrier between them. Buffers are placed anew: those that live in different stages share memory.

mod phases;
mod place;
mod product;
mod source;
mod stages;

use std::collections::HashSet;

use std::ops::Range;

use glorot_graph::TensorSpec;
use glorot_graph::device::DeviceError;
use glorot_graph::program::{BufferId, Program};

pub(crate) use place::{ALIGNMENT, Placement};
pub(crate) use product::{LibraryProduct, Operand, Storage};
pub(crate) use source::{Bundle, Sources};

use crate::codegen::{self, Function, Precision};

/// How a program is made for a GPU. The same tuning gives the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tuning {
    pub multiprocessors: usize,
    /// Large products go to a library.
    pub library: bool,
    pub precision: Precision,
}

/// Addresses that a kernel may take: 4 KiB of arguments, less some room.
const MAX_ADDRESSES: usize = 480;

/// What a phase does.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// A device function, by number, with the buffers of its pointers.
    Function(usize, Vec<BufferId>),
    Product(LibraryProduct),
}

#[derive(Clone, Debug)]
pub(crate) struct Phase {
    pub work: Work,
    pub reads: Vec<BufferId>,
    pub writes: Vec<BufferId>,
    /// How long one block has to do: elements of its loop, or multiplications; of a sum an eighth, since a thread reads many
    /// elements before it writes one.
    pub cost: usize,
}

/// A program made for a GPU.
#[derive(Debug)]
pub(crate) struct Lowered {
    /// How each buffer is stored: those of the program, then those that only this backend needs.
    pub storage: Vec<Storage>,
    pub functions: Vec<Function>,
    pub phases: Vec<Phase>,
    /// Numbers of the phases of each stage.
    pub stages: Vec<Vec<usize>>,
    /// Where the buffers lie that no input, state or constant is.
    pub placement: Placement,
    /// The stages that are launched together; see [`stages::together`].
    pub groups: Vec<Range<usize>>,
    /// True if all of a step is small enough for one kernel.
    pub narrow: bool,
}

/// Shapes of products, `[batch, rows, columns, depth]`, that the library does not compute.
pub(crate) type Refused = HashSet<[usize; 4]>;

/// Makes a program for a GPU. Fails if the program is invalid.
pub(crate) fn lower(program: &Program, tuning: Tuning, refused: &Refused) -> Result<Lowered, DeviceError> {
    codegen::check(program)?;
    let narrow = phases::is_narrow(program);
    let mut builder = phases::Builder::new(program, tuning, refused, narrow);
    program.kernels.iter().for_each(|kernel| builder.kernel(kernel));
    let phases::Builder { specs, functions, phases, storage, .. } = builder;
    let bytes: Vec<usize> = specs.iter().zip(&storage).map(|(spec, storage)| bytes_of(spec, *storage)).collect();
    let identity = stages::identities(program, bytes.len());
    let stages = stages::stages(&phases, &identity);
    let placement = place::place(program, &bytes, &phases, &stages);
    let groups = stages::together(&phases, &stages);
    Ok(Lowered { storage, functions, phases, stages, groups, placement, narrow })
}

fn bytes_of(spec: &TensorSpec, storage: Storage) -> usize {
    let size = match storage {
        Storage::Whole => spec.dtype.size(),
        Storage::Half => 2,
    };
    spec.shape.numel() * size
}
