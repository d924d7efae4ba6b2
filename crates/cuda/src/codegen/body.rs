//! Fused bodies as C.

use std::fmt::Write;

use glorot_graph::program::{Body, Instr};
use glorot_graph::{BinaryOp, CompareOp, RandomKind, UnaryOp};
use glorot_tensor::DType;

/// The C type of a value in a register.
pub(crate) fn register(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "float",
        DType::I32 | DType::U8 => "int",
        DType::Bool => "bool",
    }
}

/// The C type of an element in memory.
pub(crate) fn element(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "float",
        DType::I32 => "int",
        DType::U8 | DType::Bool => "byte",
    }
}

/// Four neighbours in memory.
pub(crate) fn vector(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "float4",
        DType::I32 => "int4",
        DType::U8 | DType::Bool => "byte4",
    }
}

/// A constant of a dtype.
pub(crate) fn literal(value: f64, dtype: DType) -> String {
    match dtype {
        DType::F32 => float(value as f32),
        DType::I32 if value as i32 == i32::MIN => "(-2147483647 - 1)".into(),
        DType::I32 | DType::U8 => (value as i32).to_string(),
        DType::Bool => (value != 0.0).to_string(),
    }
}

fn float(value: f32) -> String {
    match value {
        value if value.is_nan() => "GLOROT_NAN".into(),
        f32::INFINITY => "GLOROT_INFINITY".into(),
        f32::NEG_INFINITY => "(-GLOROT_INFINITY)".into(),
        // The shortest decimal that reads back as the same number.
        value => format!(
            "{}{value:e}f{}",
            if value.is_sign_negative() { "(" } else { "" },
            if value.is_sign_negative() { ")" } else { "" }
        ),
    }
}

/// A value at one point (or the same at all), or at four neighbouring points.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Same(String),
    Each([String; 4]),
}

impl Value {
    pub fn lane(&self, lane: usize) -> &str {
        match self {
            Value::Same(name) => name,
            Value::Each(names) => &names[lane],
        }
    }
}

/// What a body reads besides its own values.
pub(crate) trait Reads {
    /// The value of a load, a random number, an index or the accumulator. May write statements first.
    fn read(&mut self, out: &mut String, number: usize, instr: &Instr) -> Value;
}

/// Writes the statements of a body, in which value `i` is `v{i}` (or `v{i}_0` to `v{i}_3`). Returns the values.
pub(crate) fn write(out: &mut String, body: &Body, reads: &mut dyn Reads) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::with_capacity(body.instrs.len());
    for (number, (instr, &dtype)) in body.instrs.iter().zip(&body.dtypes).enumerate() {
        let arguments = arguments(instr);
        if arguments.is_empty() {
            let value = match instr {
                Instr::Fill { value, dtype } => Value::Same(literal(*value, *dtype)),
                _ => reads.read(out, number, instr),
            };
            values.push(value);
            continue;
        }
        let each = arguments.iter().any(|&argument| matches!(values[argument as usize], Value::Each(_)));
        let mut names: [String; 4] = Default::default();
        for (lane, name) in names.iter_mut().enumerate().take(if each { 4 } else { 1 }) {
            *name = if each { format!("v{number}_{lane}") } else { format!("v{number}") };
            let of = |argument: u32| values[argument as usize].lane(lane);
            let expression = expression(instr, body, &of);
            let _ = writeln!(out, "const {} {name} = {expression};", register(dtype));
        }
        let [first, ..] = &names;
        values.push(if each { Value::Each(names) } else { Value::Same(first.clone()) });
    }
    values
}

/// The values that an instruction uses.
fn arguments(instr: &Instr) -> Vec<u32> {
    match *instr {
        Instr::Unary(_, a) | Instr::Cast { value: a, .. } => vec![a],
        Instr::Binary(_, a, b) | Instr::Compare(_, a, b) => vec![a, b],
        Instr::Select { condition, on_true, on_false } => vec![condition, on_true, on_false],
        _ => vec![],
    }
}

fn expression<'v>(instr: &Instr, body: &Body, of: &dyn Fn(u32) -> &'v str) -> String {
    match *instr {
        Instr::Unary(UnaryOp::Not, a) => format!("!{}", of(a)),
        Instr::Unary(UnaryOp::Elu { alpha }, a) => format!("g_elu({}, {})", of(a), float(alpha.get() as f32)),
        Instr::Unary(op, a) => format!("g_{}({})", unary(op), of(a)),
        Instr::Binary(BinaryOp::And, a, b) => format!("{} && {}", of(a), of(b)),
        Instr::Binary(BinaryOp::Or, a, b) => format!("{} || {}", of(a), of(b)),
        Instr::Binary(op, a, b) => format!("g_{}({}, {})", binary(op), of(a), of(b)),
        Instr::Compare(op, a, b) => format!("{} {} {}", of(a), compare(op), of(b)),
        Instr::Select { condition, on_true, on_false } => {
            format!("{} ? {} : {}", of(condition), of(on_true), of(on_false))
        }
        Instr::Cast { value, to } => cast(of(value), body.dtypes[value as usize], to),
        _ => String::new(),
    }
}

fn unary(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::IsFinite => "is_finite",
        op => op.name(),
    }
}

fn binary(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Max => "max",
        BinaryOp::Min => "min",
        op => op.name(),
    }
}

fn compare(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}

fn cast(value: &str, from: DType, to: DType) -> String {
    match (from, to) {
        (DType::F32, DType::I32) => format!("g_to_int({value})"),
        (DType::F32 | DType::I32, DType::U8) => format!("g_to_byte({value})"),
        (DType::F32, DType::Bool) => format!("{value} != 0.0f"),
        (_, DType::Bool) => format!("{value} != 0"),
        (_, to) => format!("({}){value}", register(to)),
    }
}

/// The random number of an element.
pub(crate) fn random(kind: RandomKind, state: &str, stream: u32, element: &str) -> String {
    let name = match kind {
        RandomKind::Uniform => "g_uniform",
        RandomKind::Normal => "g_normal",
    };
    format!("{name}({state}, {stream}u, {element})")
}
