use glorot_graph::RandomKind;
use glorot_tensor::DType;

/// A value of a tile: an entry of the frame's table of addresses. A value that is the same for all points has 16 equal
/// lanes in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Operand {
    pub slot: u16,
    /// False: the same for all points.
    pub varying: bool,
}

/// The most operands of a function.
pub(crate) const MAX_ARGS: usize = 4;

/// What one step computes. Values are 32-bit lanes: float32, int32 (uint8 as well) or masks (bool: all bits or none).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Func {
    Neg,
    Abs,
    Sign,
    Exp,
    Expm1,
    Log,
    Log1p,
    Sqrt,
    Rsqrt,
    Reciprocal,
    Square,
    Sin,
    Cos,
    Tanh,
    Sigmoid,
    Softplus,
    Relu,
    /// The second operand is alpha.
    Elu,
    /// `elu(a + b)`, the third operand is alpha.
    AddElu,
    /// `a` times the derivative of ELU, whose result is `b`, the third operand is alpha.
    MulEluSlope,
    Erf,
    Floor,
    Ceil,
    Round,
    IsFinite,
    NegInt,
    AbsInt,
    /// Bitwise complement of a mask.
    Not,
    Add,
    Sub,
    Mul,
    Div,
    Max,
    Min,
    Pow,
    Mod,
    AddInt,
    SubInt,
    MulInt,
    DivInt,
    MaxInt,
    MinInt,
    ModInt,
    And,
    Or,
    Eq,
    Ne,
    Lt,
    Le,
    EqInt,
    NeInt,
    LtInt,
    LeInt,
    /// Mask, value where it holds, value elsewhere.
    Select,
    /// `a == b ? c : d`, and so on.
    SelectEq,
    SelectLt,
    SelectLe,
    SelectEqInt,
    /// `a * b + c`.
    MulAdd,
    /// `a * b - c`.
    MulSub,
    /// `c - a * b`.
    NegMulAdd,
    /// `b + (a - b) * c`: a moving average.
    Lerp,
    /// `b + (a * a - b) * c`.
    LerpSquare,
    /// `a * b + c * d`.
    MulAddMul,
    /// `sqrt(a) + b`, by [`crate::simd::Isa::sqrt_near`].
    SqrtAdd,
    /// `a - b / c`.
    SubDiv,
    /// `a - b * c / d`.
    SubMulDiv,
    FloatToInt,
    FloatToByte,
    FloatToMask,
    IntToFloat,
    IntToByte,
    IntToMask,
    MaskToFloat,
    MaskToInt,
}

/// Which steps a chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChainKind {
    /// `m' = m + (g - m) t`, `v' = v + (g g - v) s`, `w' = w - m' a / (sqrt(v') + e)`.
    Adam,
    /// The same moments, `w' = w - (g p + m' q) / (sqrt(v') + e)`.
    Nadam,
}

/// Several functions in one loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub kind: ChainKind,
    /// Where `m'`, `v'` and `w'` go.
    pub to: [u16; 3],
    /// `g, m, v, w` and the scalars `t, s, a, e` or `t, s, p, q, e`.
    pub args: [Operand; 9],
    /// As in [`Step::Compute`].
    pub by_rows: bool,
}

/// Where the elements of a view lie within a tile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Access {
    /// Entry of the frame's table of view addresses.
    pub view: u16,
    /// Strides in elements.
    pub row: usize,
    pub column: usize,
}

/// Which random numbers are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw {
    pub kind: RandomKind,
    pub stream: u32,
    /// Address of the four words of key and counter.
    pub state: usize,
}

/// One step over a tile (or, for values that are the same for all points, over one vector).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// 16 equal lanes.
    Constant {
        to: u16,
        bits: u32,
    },
    /// Reads one element into 16 equal lanes.
    LoadScalar {
        to: u16,
        access: Access,
        dtype: DType,
    },
    /// Gathers elements into a dense tile.
    Load {
        to: u16,
        access: Access,
        dtype: DType,
    },
    /// The position of each point, counted along the view.
    Iota {
        to: u16,
        access: Access,
        float: bool,
        scalar: bool,
    },
    /// Random numbers of the elements that the view counts.
    Random {
        to: u16,
        access: Access,
        draw: Draw,
        scalar: bool,
    },
    Compute {
        func: Func,
        to: u16,
        args: [Operand; MAX_ARGS],
        /// Rows of some operand, or of the result, do not begin where the row before ends.
        by_rows: bool,
    },
    Chain(Chain),
    Store {
        value: Operand,
        access: Access,
        dtype: DType,
    },
}

impl Step {
    /// The slots that the step reads.
    pub fn reads(&self) -> &[Operand] {
        match self {
            Step::Compute { args, .. } => args,
            Step::Chain(chain) => &chain.args,
            Step::Store { value, .. } => std::slice::from_ref(value),
            _ => &[],
        }
    }

    /// The slots that the step writes.
    pub fn writes(&self) -> &[u16] {
        match self {
            Step::Constant { to, .. }
            | Step::LoadScalar { to, .. }
            | Step::Load { to, .. }
            | Step::Iota { to, .. }
            | Step::Random { to, .. }
            | Step::Compute { to, .. } => std::slice::from_ref(to),
            Step::Chain(chain) => &chain.to,
            Step::Store { .. } => &[],
        }
    }
}

/// The tile that steps work on.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// Addresses of the slots.
    pub slots: *const *mut f32,
    /// Address (for index views: number) of the tile's first element for each view.
    pub views: *const usize,
    /// For each slot the elements from a row to the next; [`DENSE`]: as many as there are columns.
    pub row_steps: *const usize,
    pub rows: usize,
    pub columns: usize,
}

/// See [`Frame::row_steps`].
pub(crate) const DENSE: usize = usize::MAX;

impl Frame {
    /// Elements from a row of an operand to the next.
    ///
    /// # Safety
    /// The slot is one of the frame's.
    #[inline(always)]
    pub unsafe fn row_step(&self, operand: Operand) -> usize {
        // SAFETY: the caller's.
        match unsafe { *self.row_steps.add(operand.slot as usize) } {
            _ if !operand.varying => 0,
            DENSE => self.columns,
            step => step,
        }
    }

    /// The rows that a step goes through, and the points of each: those of the tile, or all of `len` points as one.
    #[inline(always)]
    pub fn cut(&self, by_rows: bool, len: usize) -> [usize; 2] {
        if by_rows { [self.rows, self.columns] } else { [1, len] }
    }
}
