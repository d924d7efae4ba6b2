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
    /// `a * b + c`.
    MulAdd,
    /// `c - a * b`.
    NegMulAdd,
    FloatToInt,
    FloatToByte,
    FloatToMask,
    IntToFloat,
    IntToByte,
    IntToMask,
    MaskToFloat,
    MaskToInt,
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
    /// Random numbers of the elements that the view counts. `state`: address of four words.
    Random {
        to: u16,
        access: Access,
        kind: RandomKind,
        stream: u32,
        state: usize,
        scalar: bool,
    },
    Compute {
        func: Func,
        to: u16,
        args: [Operand; 3],
    },
    Store {
        value: Operand,
        access: Access,
        dtype: DType,
    },
}

/// The tile that steps work on.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    /// Addresses of the slots.
    pub slots: *const *mut f32,
    /// Address (for index views: number) of the tile's first element for each view.
    pub views: *const usize,
    pub rows: usize,
    pub columns: usize,
}
