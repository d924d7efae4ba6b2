//! Random bodies.

use glorot_graph::program::*;
use glorot_graph::{BinaryOp, CompareOp, Real, ReduceKind, UnaryOp};
use glorot_tensor::DType;

use super::{BodyBuilder, Builder, Dice};

/// A random body over a domain whose loads come from inputs made for it. Returns the values to choose results from.
pub fn random_body(builder: &mut Builder, dice: &mut Dice, domain: &[usize], steps: usize) -> BodyBuilder {
    let mut body = BodyBuilder::default();
    let loads = 1 + dice.below(3);
    for _ in 0..loads {
        let dtype = dice.pick(&[DType::F32, DType::F32, DType::F32, DType::I32, DType::U8, DType::Bool]);
        let (view, numel) = random_view(dice, domain);
        let values = dice.values(numel, dtype);
        let buffer = builder.input([numel], dtype, values);
        body.load(buffer, view, dtype);
    }
    for _ in 0..steps {
        step(&mut body, dice, domain);
    }
    body
}

/// A view of a random buffer: some axes broadcast, any order of the others, gaps, an offset. And its buffer's length.
fn random_view(dice: &mut Dice, domain: &[usize]) -> (View, usize) {
    let mut axes: Vec<usize> = (0..domain.len()).collect();
    if dice.below(3) == 0 {
        for i in (1..axes.len()).rev() {
            axes.swap(i, dice.below(i + 1));
        }
    }
    let (mut strides, mut reach) = (vec![0; domain.len()], 1);
    for &axis in axes.iter().rev() {
        if dice.below(4) == 0 {
            continue;
        }
        strides[axis] = reach + if dice.below(5) == 0 { dice.below(3) } else { 0 };
        reach = strides[axis] * domain[axis].max(1);
    }
    let offset = if dice.below(3) == 0 { dice.below(5) } else { 0 };
    let last: usize = domain.iter().zip(&strides).map(|(d, s)| s * d.saturating_sub(1)).sum();
    (View { offset, strides }, offset + last + 1 + dice.below(3))
}

/// The values that a device and the meaning have alike to the last bit: what jumps takes only those.
fn exact(body: &BodyBuilder) -> Vec<u32> {
    let Body { instrs, dtypes } = &body.0;
    let leaf = |i: usize| matches!(instrs[i], Instr::Load { .. } | Instr::Fill { .. } | Instr::Iota { .. });
    (0..instrs.len()).filter(|&i| leaf(i) || dtypes[i] != DType::F32).map(|i| i as u32).collect()
}

fn step(body: &mut BodyBuilder, dice: &mut Dice, domain: &[usize]) {
    let count = body.0.instrs.len();
    let of = |body: &BodyBuilder, dtype: DType| -> Vec<u32> {
        (0..count as u32).filter(|&i| body.0.dtypes[i as usize] == dtype).collect()
    };
    let (floats, ints, bools) = (of(body, DType::F32), of(body, DType::I32), of(body, DType::Bool));
    // Conversions and comparisons jump.
    let exact = exact(body);
    match dice.below(12) {
        0 => {
            let value = dice.values(1, DType::F32)[0];
            body.fill(value);
        }
        1 if !domain.is_empty() => {
            let dtype = dice.pick(&[DType::F32, DType::I32]);
            body.push(Instr::Iota { axis: dice.below(domain.len()), start: dice.below(4), dtype }, dtype);
        }
        2 => {
            let value = dice.pick(&exact);
            let to = dice.pick(&[DType::F32, DType::I32, DType::U8, DType::Bool]);
            body.push(Instr::Cast { value, to }, to);
        }
        3 => {
            let a = dice.pick(&exact);
            let same: Vec<u32> =
                exact.iter().copied().filter(|&b| body.0.dtypes[b as usize] == body.0.dtypes[a as usize]).collect();
            let op =
                dice.pick(&[CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge]);
            body.push(Instr::Compare(op, a, dice.pick(&same)), DType::Bool);
        }
        4 if !bools.is_empty() => {
            let a = dice.below(count) as u32;
            let dtype = body.0.dtypes[a as usize];
            let on_false = dice.pick(&of(body, dtype));
            body.push(Instr::Select { condition: dice.pick(&bools), on_true: a, on_false }, dtype);
        }
        5 if !ints.is_empty() => {
            let op =
                dice.pick(&[BinaryOp::Add, BinaryOp::Sub, BinaryOp::Div, BinaryOp::Mod, BinaryOp::Max, BinaryOp::Min]);
            body.binary(op, dice.pick(&ints), dice.pick(&ints));
        }
        6 if !bools.is_empty() => {
            match dice.below(3) {
                0 => body.unary(UnaryOp::Not, dice.pick(&bools)),
                1 => body.binary(BinaryOp::And, dice.pick(&bools), dice.pick(&bools)),
                _ => body.binary(BinaryOp::Or, dice.pick(&bools), dice.pick(&bools)),
            };
        }
        7 if !floats.is_empty() => {
            // Bounded functions, so that values stay comparable.
            let elu = UnaryOp::Elu { alpha: Real::new(0.75) };
            let op = dice.pick(&[
                UnaryOp::Tanh,
                UnaryOp::Sigmoid,
                UnaryOp::Neg,
                UnaryOp::Abs,
                UnaryOp::Relu,
                UnaryOp::Sin,
                elu,
            ]);
            body.unary(op, dice.pick(&floats));
        }
        _ if !floats.is_empty() => {
            let op = dice.pick(&[BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul, BinaryOp::Max, BinaryOp::Min]);
            body.binary(op, dice.pick(&floats), dice.pick(&floats));
        }
        _ => {
            body.fill(0.5);
        }
    }
}

/// What values are reduced by.
pub const KINDS: [Reducer; 5] = [
    Reducer::Fold(ReduceKind::Sum),
    Reducer::Fold(ReduceKind::Prod),
    Reducer::Fold(ReduceKind::Max),
    Reducer::Fold(ReduceKind::Min),
    Reducer::ArgMax,
];

/// Adds a kernel that reduces one or two numbers of a body along random axes, or along all.
pub fn random_reductions(builder: &mut Builder, dice: &mut Dice, domain: &[usize], mut body: BodyBuilder, all: bool) {
    body.fill(1.25);
    let rank = domain.len();
    let mut axes: Vec<usize> = (0..rank).filter(|_| all || dice.below(2) == 0).collect();
    if axes.is_empty() {
        axes.push(dice.below(rank));
    }
    let numbers: Vec<u32> = (0..body.0.instrs.len() as u32)
        .filter(|&i| matches!(body.0.dtypes[i as usize], DType::F32 | DType::I32))
        .collect();
    let kept: Vec<usize> = (0..rank).filter(|axis| !axes.contains(axis)).map(|axis| domain[axis]).collect();
    let count: usize = axes.iter().map(|&axis| domain[axis]).product();
    let single = axes.len() == 1 && count > 0;
    let mut reductions = Vec::new();
    for _ in 0..1 + dice.below(2) {
        let value = dice.pick(&numbers);
        let dtype = body.0.dtypes[value as usize];
        let mut kind = dice.pick(&KINDS[..if single { 5 } else { 4 }]);
        if kind == KINDS[1] && (dtype == DType::I32 || count > 6) {
            // Products leave the range in which the meaning is exact.
            kind = KINDS[0];
        }
        if kind == Reducer::ArgMax && !exact(&body).contains(&value) {
            // Values that are equal by their meaning may be rounded apart.
            kind = KINDS[2];
        }
        let dtype = if kind == Reducer::ArgMax { DType::I32 } else { dtype };
        reductions.push(Reduction { kind, value, output: builder.output(kept.clone(), dtype) });
    }
    builder.kernel(Kernel::Reduce(ReduceKernel { domain: domain.into(), axes, body: body.0, reductions }));
}
