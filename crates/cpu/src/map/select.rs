//! Which function of 32-bit lanes an instruction is, given its dtypes.

use glorot_graph::{BinaryOp, CompareOp, UnaryOp};
use glorot_tensor::DType;

use super::code::Func;

/// Function of a unary op. `Elu` also takes its alpha.
pub(super) fn unary(op: UnaryOp, dtype: DType) -> Option<Func> {
    Some(match (op, dtype) {
        (UnaryOp::Not, DType::Bool) => Func::Not,
        (UnaryOp::Neg, DType::I32) => Func::NegInt,
        (UnaryOp::Abs, DType::I32) => Func::AbsInt,
        (UnaryOp::Not, _) => return None,
        (op, DType::F32) => match op {
            UnaryOp::Neg => Func::Neg,
            UnaryOp::Abs => Func::Abs,
            UnaryOp::Sign => Func::Sign,
            UnaryOp::Exp => Func::Exp,
            UnaryOp::Expm1 => Func::Expm1,
            UnaryOp::Log => Func::Log,
            UnaryOp::Log1p => Func::Log1p,
            UnaryOp::Sqrt => Func::Sqrt,
            UnaryOp::Rsqrt => Func::Rsqrt,
            UnaryOp::Reciprocal => Func::Reciprocal,
            UnaryOp::Square => Func::Square,
            UnaryOp::Sin => Func::Sin,
            UnaryOp::Cos => Func::Cos,
            UnaryOp::Tanh => Func::Tanh,
            UnaryOp::Sigmoid => Func::Sigmoid,
            UnaryOp::Softplus => Func::Softplus,
            UnaryOp::Relu => Func::Relu,
            UnaryOp::Elu { .. } => Func::Elu,
            UnaryOp::Erf => Func::Erf,
            UnaryOp::Floor => Func::Floor,
            UnaryOp::Ceil => Func::Ceil,
            UnaryOp::Round => Func::Round,
            UnaryOp::IsFinite => Func::IsFinite,
            UnaryOp::Not => return None,
        },
        _ => return None,
    })
}

pub(super) fn binary(op: BinaryOp, dtype: DType) -> Option<Func> {
    Some(match (op, dtype) {
        (BinaryOp::Add, DType::F32) => Func::Add,
        (BinaryOp::Sub, DType::F32) => Func::Sub,
        (BinaryOp::Mul, DType::F32) => Func::Mul,
        (BinaryOp::Div, DType::F32) => Func::Div,
        (BinaryOp::Max, DType::F32) => Func::Max,
        (BinaryOp::Min, DType::F32) => Func::Min,
        (BinaryOp::Pow, DType::F32) => Func::Pow,
        (BinaryOp::Mod, DType::F32) => Func::Mod,
        (BinaryOp::Add, DType::I32) => Func::AddInt,
        (BinaryOp::Sub, DType::I32) => Func::SubInt,
        (BinaryOp::Mul, DType::I32) => Func::MulInt,
        (BinaryOp::Div, DType::I32) => Func::DivInt,
        (BinaryOp::Max, DType::I32) => Func::MaxInt,
        (BinaryOp::Min, DType::I32) => Func::MinInt,
        (BinaryOp::Mod, DType::I32) => Func::ModInt,
        (BinaryOp::And, DType::Bool) => Func::And,
        (BinaryOp::Or, DType::Bool) => Func::Or,
        _ => return None,
    })
}

/// Function of a comparison, and whether its operands change places.
pub(super) fn compare(op: CompareOp, dtype: DType) -> (Func, bool) {
    let float = dtype == DType::F32;
    let pick = |f, i| if float { f } else { i };
    let (func, swapped) = match op {
        CompareOp::Eq => (pick(Func::Eq, Func::EqInt), false),
        CompareOp::Ne => (pick(Func::Ne, Func::NeInt), false),
        CompareOp::Lt => (pick(Func::Lt, Func::LtInt), false),
        CompareOp::Le => (pick(Func::Le, Func::LeInt), false),
        CompareOp::Gt => (pick(Func::Lt, Func::LtInt), true),
        CompareOp::Ge => (pick(Func::Le, Func::LeInt), true),
    };
    // A true mask is -1 as an integer: less than false.
    let mask = dtype == DType::Bool && !matches!(op, CompareOp::Eq | CompareOp::Ne);
    (func, swapped != mask)
}

/// Function of a conversion; `None` where the lanes stay as they are.
pub(super) fn cast(from: DType, to: DType) -> Option<Func> {
    match (from, to) {
        (DType::F32, DType::I32) => Some(Func::FloatToInt),
        (DType::F32, DType::U8) => Some(Func::FloatToByte),
        (DType::F32, DType::Bool) => Some(Func::FloatToMask),
        (DType::I32 | DType::U8, DType::F32) => Some(Func::IntToFloat),
        (DType::I32, DType::U8) => Some(Func::IntToByte),
        (DType::I32 | DType::U8, DType::Bool) => Some(Func::IntToMask),
        (DType::Bool, DType::F32) => Some(Func::MaskToFloat),
        (DType::Bool, DType::I32 | DType::U8) => Some(Func::MaskToInt),
        (DType::F32, DType::F32) | (DType::I32, DType::I32) | (DType::U8, DType::U8 | DType::I32) => None,
        (DType::Bool, DType::Bool) => None,
    }
}
