//! The op set: small, so that every backend can have all of it. The files of `ops/` hold, for each family, the shape
//! rule, the gradient and the plain f64 reference.

use glorot_tensor::DType;

/// An f64 attribute that can be compared and hashed by its bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Real(u64);

impl Real {
    pub fn new(value: f64) -> Real {
        Real(value.to_bits())
    }
    pub fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

/// Elementwise functions of one argument. Float in, float out, unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-x` (float or int32).
    Neg,
    /// `|x|` (float or int32).
    Abs,
    /// -1, 0 or 1 (float); of NaN: NaN.
    Sign,
    Exp,
    /// `exp(x) - 1`, exact near 0.
    Expm1,
    Log,
    /// `log(1 + x)`, exact near 0.
    Log1p,
    Sqrt,
    /// `1 / sqrt(x)`.
    Rsqrt,
    /// `1 / x`.
    Reciprocal,
    Square,
    Sin,
    Cos,
    Tanh,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `log(1 + exp(x))`, without overflow.
    Softplus,
    /// `max(x, 0)`; the derivative at 0 is 0. NaN stays NaN.
    Relu,
    /// `x` where `x > 0`, else `alpha (exp(x) - 1)`; the derivative at 0 is `alpha`.
    Elu {
        alpha: Real,
    },
    /// Error function.
    Erf,
    Floor,
    Ceil,
    /// Nearest integer, ties to even.
    Round,
    /// Float to bool: neither NaN nor infinite.
    IsFinite,
    /// Bool to bool.
    Not,
}

/// Elementwise functions of two arguments of one shape and dtype: float or int32 unless said otherwise. int32 wraps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    /// int32: truncated towards zero, and 0 where the divisor is 0.
    Div,
    /// NaN where either operand is NaN.
    Max,
    /// NaN where either operand is NaN.
    Min,
    /// `a ^ b` (float); negative bases only with integral exponents, else NaN.
    Pow,
    /// Remainder with the sign of the divisor (Python's `%`); int32: 0 where the divisor is 0.
    Mod,
    /// Bool.
    And,
    /// Bool.
    Or,
}

/// Elementwise comparison: two arguments of one shape and dtype (any), bool out. With NaN only `Ne` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// How a reduction combines float or int32 elements; int32 wraps. Never over nothing: constructors fold that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReduceKind {
    Sum,
    Prod,
    /// NaN if any element is NaN.
    Max,
    /// NaN if any element is NaN.
    Min,
}

/// Distribution of a random op.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RandomKind {
    /// Uniform in [0, 1).
    Uniform,
    /// Standard normal.
    Normal,
}

/// How windows slide along an axis: window `p` takes the elements `p * stride + i * dilation` for `i` below `size`. All
/// three are at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    pub size: usize,
    pub stride: usize,
    pub dilation: usize,
}

/// One operation. Operand order, shapes and dtypes are in the constructors on [`crate::Graph`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    // Leaves
    /// A tensor that is handed over at each step: number of the program's input.
    Input(u32),
    /// A tensor that outlives the step (weight, optimizer slot, counter): its value at the start of the step.
    State(StateId),
    /// All elements have this value, which the dtype can hold (float32: after rounding).
    Fill(Real),
    /// A tensor known at compile time: number in the graph's list of constants.
    Constant(u32),
    /// The index along an axis, int32 or float32.
    Iota {
        axis: usize,
    },
    /// Random numbers. Operand: int32 `[4]`, key and step counter (see [`crate::ops::random`]); `stream` tells the
    /// random ops of a model apart.
    Random {
        kind: RandomKind,
        stream: u32,
    },

    // Elementwise
    Unary(UnaryOp),
    Binary(BinaryOp),
    Compare(CompareOp),
    /// Operands: condition (bool), value where true, value where false (any dtype).
    Select,
    /// Truncates towards zero and saturates; NaN becomes the integer 0; bool is `x != 0`.
    Cast(DType),
    /// The identity, through which no gradient flows.
    StopGradient,
    /// The first operand, whose gradient flows to the second, which is not computed for it.
    Surrogate,

    // Reductions: the axes vanish from the shape
    Reduce {
        kind: ReduceKind,
        axes: Vec<usize>,
    },
    /// Index (int32) of the first largest element along an axis, which vanishes. NaN counts as the largest.
    ArgMax {
        axis: usize,
    },

    // Movement
    Reshape,
    /// Axes of length 1 are stretched; the rank stays.
    Broadcast,
    /// Axis `i` of the result is axis `permutation[i]` of the operand.
    Transpose {
        permutation: Vec<usize>,
    },
    /// Elements `start .. start + length of the result` of each axis.
    Slice {
        start: Vec<usize>,
    },
    /// `low` elements of a value before and `high` after, for each axis.
    Pad {
        low: Vec<usize>,
        high: Vec<usize>,
        value: Real,
    },
    /// Overlapping windows over the axes `axis ..`, one window an axis: `[outer, lengths, inner]` becomes
    /// `[outer, positions, sizes, inner]`.
    Windows {
        axis: usize,
        windows: Vec<Window>,
    },
    /// The transpose of `Windows`: float32 `[outer, positions, sizes, inner]` becomes `[outer, lengths, inner]`, the
    /// overlaps added.
    FoldWindows {
        axis: usize,
        windows: Vec<Window>,
    },
    /// Any number of operands, joined along an axis.
    Concat {
        axis: usize,
    },

    // Contractions and indexing
    /// Matrix product over the last two axes, the others are batch axes (equal in both). A transposed operand is stored
    /// with its last two axes swapped.
    MatMul {
        transpose_a: bool,
        transpose_b: bool,
    },
    /// Operands: table `[n, ...]`, indices (int32, any shape). Result: shape of the indices, then the row's. An index out
    /// of range (also a negative one) gives a row of NaN (of zeros for other dtypes).
    Gather,
    /// The transpose of `Gather`. Operands: indices, rows. Result `[n, ...]`: the rows summed by index, in ascending order
    /// of the row number; indices out of range are skipped.
    ScatterAdd,
}

/// Number of a state in the session that the graph belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StateId(pub u32);

impl Op {
    /// The name that error messages use.
    pub fn name(&self) -> &'static str {
        match self {
            Op::Input(_) => "input",
            Op::State(_) => "state",
            Op::Fill(_) => "fill",
            Op::Constant(_) => "constant",
            Op::Iota { .. } => "iota",
            Op::Random { .. } => "random",
            Op::Unary(op) => op.name(),
            Op::Binary(op) => op.name(),
            Op::Compare(_) => "compare",
            Op::Select => "select",
            Op::Cast(_) => "cast",
            Op::StopGradient => "stopGradient",
            Op::Surrogate => "surrogate",
            Op::Reduce { kind, .. } => match kind {
                ReduceKind::Sum => "sum",
                ReduceKind::Prod => "prod",
                ReduceKind::Max => "max",
                ReduceKind::Min => "min",
            },
            Op::ArgMax { .. } => "argMax",
            Op::Reshape => "reshape",
            Op::Broadcast => "broadcast",
            Op::Transpose { .. } => "transpose",
            Op::Slice { .. } => "slice",
            Op::Pad { .. } => "pad",
            Op::Windows { .. } => "windows",
            Op::FoldWindows { .. } => "foldWindows",
            Op::Concat { .. } => "concat",
            Op::MatMul { .. } => "matMul",
            Op::Gather => "gather",
            Op::ScatterAdd => "scatterAdd",
        }
    }

    /// True for ops that a fused loop computes element by element.
    pub fn is_elementwise(&self) -> bool {
        matches!(self, Op::Unary(_) | Op::Binary(_) | Op::Compare(_) | Op::Select | Op::Cast(_) | Op::StopGradient)
    }
}

impl UnaryOp {
    pub fn name(self) -> &'static str {
        match self {
            UnaryOp::Neg => "neg",
            UnaryOp::Abs => "abs",
            UnaryOp::Sign => "sign",
            UnaryOp::Exp => "exp",
            UnaryOp::Expm1 => "expm1",
            UnaryOp::Log => "log",
            UnaryOp::Log1p => "log1p",
            UnaryOp::Sqrt => "sqrt",
            UnaryOp::Rsqrt => "rsqrt",
            UnaryOp::Reciprocal => "reciprocal",
            UnaryOp::Square => "square",
            UnaryOp::Sin => "sin",
            UnaryOp::Cos => "cos",
            UnaryOp::Tanh => "tanh",
            UnaryOp::Sigmoid => "sigmoid",
            UnaryOp::Softplus => "softplus",
            UnaryOp::Relu => "relu",
            UnaryOp::Elu { .. } => "elu",
            UnaryOp::Erf => "erf",
            UnaryOp::Floor => "floor",
            UnaryOp::Ceil => "ceil",
            UnaryOp::Round => "round",
            UnaryOp::IsFinite => "isFinite",
            UnaryOp::Not => "not",
        }
    }
}

impl BinaryOp {
    pub fn name(self) -> &'static str {
        match self {
            BinaryOp::Add => "add",
            BinaryOp::Sub => "sub",
            BinaryOp::Mul => "mul",
            BinaryOp::Div => "div",
            BinaryOp::Max => "maximum",
            BinaryOp::Min => "minimum",
            BinaryOp::Pow => "pow",
            BinaryOp::Mod => "mod",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
        }
    }
}
