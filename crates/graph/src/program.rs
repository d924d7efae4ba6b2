//! What a backend runs: kernels in order, over buffers whose places in memory are known.
//!
//! A program is made once from a graph ([`crate::compile`]) and run step after step. It knows nothing of a device:
//! the CPU interprets or specializes the fused bodies, CUDA generates source from them.

use glorot_tensor::{DType, Shape, Tensor};

use crate::graph::TensorSpec;
use crate::op::{BinaryOp, CompareOp, RandomKind, ReduceKind, StateId, UnaryOp};

/// Number of a buffer in its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BufferId(pub u32);

impl BufferId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a buffer lies.
#[derive(Clone, Debug)]
pub enum Place {
    /// Handed over at each step.
    Input(u32),
    /// Outlives the step and is shared by the programs of a session.
    State(StateId),
    /// Known at compile time.
    Constant(Tensor),
    /// At this byte offset of the program's arena, 64-byte aligned. Buffers that are never alive at once share memory;
    /// buffers of outputs keep theirs until the next step.
    Arena { offset: usize },
}

/// A dense, row-major piece of memory.
#[derive(Clone, Debug)]
pub struct Buffer {
    pub spec: TensorSpec,
    pub place: Place,
}

/// Which element of a buffer belongs to a point of an iteration domain: `offset + sum(index[axis] * strides[axis])`,
/// counted in elements. A stride of 0 repeats.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct View {
    pub offset: usize,
    pub strides: Vec<usize>,
}

/// Number of a value inside a [`Body`]: the index of the instruction that computes it.
pub type ValueId = u32;

/// One instruction of a fused loop, executed for every point of the domain.
#[derive(Clone, Debug, PartialEq)]
pub enum Instr {
    /// Reads the element that the view names.
    Load {
        buffer: BufferId,
        view: View,
    },
    Fill {
        value: f64,
        dtype: DType,
    },
    /// The index along an axis of the domain plus `start`, as int32 or float32.
    Iota {
        axis: usize,
        start: usize,
        dtype: DType,
    },
    /// The random number of the element whose row-major number is the view's offset (see [`crate::ops::random`]).
    /// `state` is the int32 `[4]` key and counter.
    Random {
        kind: RandomKind,
        stream: u32,
        state: BufferId,
        element: View,
    },
    /// In the epilogue of a matrix product: the product's element at this point (float32).
    Accumulator,
    Unary(UnaryOp, ValueId),
    Binary(BinaryOp, ValueId, ValueId),
    Compare(CompareOp, ValueId, ValueId),
    Select {
        condition: ValueId,
        on_true: ValueId,
        on_false: ValueId,
    },
    Cast {
        value: ValueId,
        to: DType,
    },
}

/// Instructions in order; each uses only earlier ones. `dtypes[i]` is the dtype of value `i`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Body {
    pub instrs: Vec<Instr>,
    pub dtypes: Vec<DType>,
}

/// Writes a value to the element that the view names. Views of stores never overlap.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    pub value: ValueId,
    pub buffer: BufferId,
    pub view: View,
}

/// A fused elementwise loop. A stored buffer may also be loaded, but only through the same view: an element is
/// written after everything that its point loads.
#[derive(Clone, Debug, PartialEq)]
pub struct MapKernel {
    pub domain: Shape,
    pub body: Body,
    pub stores: Vec<Store>,
}

/// One reduced value of a [`ReduceKernel`].
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    pub kind: Reducer,
    pub value: ValueId,
    /// Dense result over the kept axes, in order.
    pub output: BufferId,
}

/// How a reduce kernel combines values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reducer {
    /// The result has the dtype of the value.
    Fold(ReduceKind),
    /// int32 index of the first largest value; exactly one axis is reduced. NaN counts as the largest.
    ArgMax,
}

/// A fused loop over a domain whose values are combined along some axes. The order of combination is fixed by the
/// shapes alone, never by the number of threads.
#[derive(Clone, Debug, PartialEq)]
pub struct ReduceKernel {
    pub domain: Shape,
    /// Axes of the domain that are reduced, ascending, not empty.
    pub axes: Vec<usize>,
    pub body: Body,
    pub reductions: Vec<Reduction>,
}

/// A matrix operand: element (row, column) of batch `i` is at `offset + i * batch + row * rows + column * columns`
/// (strides in elements; one of `rows`, `columns` is 1 or its axis has length 1).
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixView {
    pub buffer: BufferId,
    pub offset: usize,
    pub batch: usize,
    pub rows: usize,
    pub columns: usize,
    /// In place of `rows` and `columns`, where two strides cannot say how a matrix lies (that of overlapping windows).
    /// [`crate::compile`] copies such matrices; a backend that reads them where they lie may put this for the copy.
    pub loops: Option<MatrixLoops>,
}

/// Nests of loops, outermost first, whose turns are counted by the row and the column of a matrix.
#[derive(Clone, Debug, PartialEq)]
pub struct MatrixLoops {
    pub rows: Vec<Loop>,
    pub columns: Vec<Loop>,
}

/// So many turns, each so many elements after the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loop {
    pub length: usize,
    pub stride: usize,
}

/// `batch` products of `[m, k]` by `[k, n]` float32 matrices, each element of which passes through the epilogue.
/// The epilogue's domain is `[batch, m, n]`; its `Accumulator` is the product. It never stores to a buffer of `a` or `b`.
#[derive(Clone, Debug, PartialEq)]
pub struct MatMulKernel {
    pub batch: usize,
    pub m: usize,
    pub n: usize,
    pub k: usize,
    pub a: MatrixView,
    pub b: MatrixView,
    pub epilogue: MapKernel,
}

/// `output[i, ...] = table[indices[i], ...]`; rows of NaN (float) or zeros (integer) where an index is out of range.
#[derive(Clone, Debug, PartialEq)]
pub struct GatherKernel {
    pub table: BufferId,
    pub indices: BufferId,
    pub output: BufferId,
    pub rows: usize,
    pub row_len: usize,
    pub table_rows: usize,
}

/// `output = 0; output[indices[i], ...] += rows[i, ...]` in ascending order of `i`; indices out of range are skipped.
#[derive(Clone, Debug, PartialEq)]
pub struct ScatterAddKernel {
    pub indices: BufferId,
    pub source: BufferId,
    pub output: BufferId,
    pub rows: usize,
    pub row_len: usize,
    pub table_rows: usize,
}

/// An axis of a [`FoldWindowsKernel`]: `positions` windows over `length` elements, of which window `p` takes
/// `p * stride + i * dilation` for `i` below `size`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FoldAxis {
    pub length: usize,
    pub positions: usize,
    pub size: usize,
    pub stride: usize,
    pub dilation: usize,
}

/// `output[outer, lengths, inner]`, each element the sum of those of `source[outer, positions, sizes, inner]` whose
/// window takes it (0 where none does), in ascending order of their place in `source`. float32, both dense.
#[derive(Clone, Debug, PartialEq)]
pub struct FoldWindowsKernel {
    pub source: BufferId,
    /// A product of one matrix by another whose elements, in order, are those of `source`, which is not read then. Its
    /// epilogue stores nothing. [`crate::compile`] makes none; a backend that needs no memory between both may.
    pub product: Option<Box<MatMulKernel>>,
    pub output: BufferId,
    pub outer: usize,
    /// At least one.
    pub axes: Vec<FoldAxis>,
    pub inner: usize,
}

/// One launch.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    Map(MapKernel),
    Reduce(ReduceKernel),
    MatMul(MatMulKernel),
    Gather(GatherKernel),
    ScatterAdd(ScatterAddKernel),
    FoldWindows(FoldWindowsKernel),
}

/// A compiled step.
#[derive(Clone, Debug)]
pub struct Program {
    pub buffers: Vec<Buffer>,
    /// Buffer of each input, in order.
    pub inputs: Vec<BufferId>,
    /// Buffer of each output, in order.
    pub outputs: Vec<BufferId>,
    /// Kernels in the order they must appear to run.
    pub kernels: Vec<Kernel>,
    /// Bytes of scratch memory that a step needs.
    pub arena_bytes: usize,
}
