//! From the kernels of a program to launches: functions, phases, stages, memory.
//!
//! A *phase* is one device function over its buffers, or one product of a library. Phases that do not depend on one
//! another form a *stage*; stages run one after the other. A CUDA graph launches a stage at a time; a fused kernel runs
//! all stages with a barrier between them. Buffers are placed anew: those that live in different stages share memory.

mod convolution;
mod fused;
mod phases;
mod place;
mod product;
mod rows;
mod source;
mod stages;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use glorot_graph::device::DeviceError;
use glorot_graph::program::{BufferId, Program};
use glorot_graph::{TensorSpec, windows};

pub(crate) use convolution::LibraryConvolution;
pub(crate) use place::{ALIGNMENT, Placement};
pub(crate) use product::{LibraryProduct, Operand, Storage};
pub(crate) use rows::RowPlan;
pub(crate) use source::{Bundle, Sources};

use crate::codegen::{self, Function, Own, Precision};
use crate::gpu::{Computes, ConvolutionShape};

/// How a program is made for a GPU. The same tuning gives the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tuning {
    pub multiprocessors: usize,
    /// Large products go to a library.
    pub library: bool,
    /// Large convolutions go to a library.
    pub convolutions: bool,
    pub precision: Precision,
}

/// Addresses that a kernel may take: 4 KiB of arguments, less some room.
const MAX_ADDRESSES: usize = 480;

/// Multiplications of a product, or a convolution, from which on a library is faster than a generated kernel.
const LIBRARY_MULTIPLICATIONS: usize = 1 << 24;

/// What a phase does.
#[derive(Clone, Debug)]
pub(crate) enum Work {
    /// A device function, by number, with the buffers of its pointers.
    Function(usize, Vec<BufferId>),
    Product(LibraryProduct),
    Convolution(LibraryConvolution),
}

#[derive(Clone, Debug)]
pub(crate) struct Phase {
    pub work: Work,
    pub reads: Vec<BufferId>,
    pub writes: Vec<BufferId>,
    /// How long one block has to do: elements of its loop, or multiplications; of a sum an eighth, since a thread reads many
    /// elements before it writes one.
    pub cost: usize,
    /// How it is done row by row of the batch, if it can be.
    pub by_rows: Option<ByRows>,
}

/// A phase of which a block does some rows.
#[derive(Clone, Debug)]
pub(crate) struct ByRows {
    /// A device function, by number among those of rows, with the buffers of its pointers.
    pub function: usize,
    pub buffers: Vec<BufferId>,
    pub own: Own,
}

/// In which order phases are done.
#[derive(Debug)]
pub(crate) struct Schedule {
    /// Numbers of the phases of each stage.
    pub stages: Vec<Vec<usize>>,
    /// The stages that are launched together; see [`stages::together`].
    pub groups: Vec<Range<usize>>,
    /// Where the buffers lie meanwhile that no input, state or constant is.
    pub placement: Placement,
}

impl Schedule {
    fn new(program: &Program, bytes: &[usize], phases: &[Phase], stages: Vec<Vec<usize>>) -> Schedule {
        let groups = stages::together(phases, &stages);
        let placement = place::place(program, bytes, phases, &stages);
        Schedule { stages, groups, placement }
    }

    /// The phases of a group, in order.
    pub fn phases(&self, group: &Range<usize>) -> Vec<usize> {
        self.stages[group.clone()].iter().flatten().copied().collect()
    }
}

/// A program made for a GPU.
#[derive(Debug)]
pub(crate) struct Lowered {
    /// How each buffer is stored: those of the program, then those that only this backend needs.
    pub storage: Vec<Storage>,
    pub functions: Vec<Function>,
    pub phases: Vec<Phase>,
    pub schedule: Schedule,
    /// True if all of a step is small enough for one kernel.
    pub narrow: bool,
    /// How blocks can take the rows of a batch from layer to layer, where this saves many barriers.
    pub by_rows: Option<RowPlan>,
}

impl Lowered {
    /// Bytes that are enough for each way to run a step.
    pub fn arena_bytes(&self) -> usize {
        self.schedule.placement.bytes.max(self.by_rows.as_ref().map_or(0, |plan| plan.schedule.placement.bytes))
    }
}

/// What the libraries do not compute.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    /// Products, `[batch, rows, columns, depth]`.
    products: HashSet<[usize; 4]>,
    convolutions: HashSet<(ConvolutionShape, Computes)>,
}

impl Refused {
    /// Notes that a library does not do this. False if that was known.
    pub fn add(&mut self, work: &Work) -> bool {
        match work {
            Work::Product(product) => {
                self.products.insert([product.batch, product.rows, product.columns, product.depth])
            }
            Work::Convolution(convolution) => self.convolutions.insert((convolution.shape, convolution.computes)),
            Work::Function(..) => false,
        }
    }
}

/// Makes a program for a GPU. Fails if the program is invalid.
pub(crate) fn lower(program: &Program, tuning: Tuning, refused: &Refused) -> Result<Lowered, DeviceError> {
    codegen::check(program)?;
    let narrow = phases::is_narrow(program);
    let mut program = Cow::Borrowed(program);
    if tuning.convolutions && !narrow {
        windows::leave_out(program.to_mut(), &convolution::Convolves { refused });
    }
    let program = &*program;
    let mut builder = phases::Builder::new(program, tuning, refused, narrow);
    program.kernels.iter().for_each(|kernel| builder.kernel(kernel));
    let phases::Builder { specs, functions, phases, storage, rows, .. } = builder;
    let bytes: Vec<usize> = specs.iter().zip(&storage).map(|(spec, storage)| bytes_of(spec, *storage)).collect();
    let identity = stages::identities(program, bytes.len());
    let stages = stages::stages(&phases, &identity);
    let schedule = Schedule::new(program, &bytes, &phases, stages);
    let by_rows = rows.and_then(|rows| rows.plan(program, &bytes, &phases, &identity, &schedule));
    Ok(Lowered { storage, functions: functions.list, phases, schedule, narrow, by_rows })
}

fn bytes_of(spec: &TensorSpec, storage: Storage) -> usize {
    let size = match storage {
        Storage::Whole => spec.dtype.size(),
        Storage::Half => 2,
    };
    spec.shape.numel() * size
}
