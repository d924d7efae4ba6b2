//! From the instructions of a [`Body`] to nodes of 32-bit lanes, with every dtype and view checked.

use glorot_graph::device::DeviceError;
use glorot_graph::program::{Body, Instr, Store, View};
use glorot_graph::{BinaryOp, UnaryOp};
use glorot_tensor::DType;

use super::code::{Draw, Func, MAX_ARGS};
use super::domain::{Nest, Placed};
use super::lower::Accumulator;
use super::select;
use crate::memory::Buffers;

/// What computes a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node {
    /// The bits of every lane.
    Constant(u32),
    /// Number of the view, dtype.
    Load(usize, DType),
    /// Number of the view; float32 rather than int32.
    Iota(usize, bool),
    Random {
        view: usize,
        draw: Draw,
    },
    /// Function, operands, number of operands.
    Compute(Func, [u32; MAX_ARGS], usize),
}

impl Node {
    pub fn compute(func: Func, args: &[u32]) -> Node {
        let last = *args.last().expect("a function has operands");
        Node::Compute(func, std::array::from_fn(|i| args.get(i).copied().unwrap_or(last)), args.len())
    }

    pub fn args(&self) -> &[u32] {
        match self {
            Node::Compute(_, args, count) => &args[..*count],
            _ => &[],
        }
    }

    pub fn view(&self) -> Option<usize> {
        match *self {
            Node::Load(view, _) | Node::Iota(view, _) | Node::Random { view, .. } => Some(view),
            _ => None,
        }
    }
}

/// A store of a node's value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sink {
    pub node: u32,
    pub view: usize,
    pub dtype: DType,
}

/// A body as nodes, each used only by later ones.
#[derive(Debug, Default)]
pub(super) struct Translation {
    pub nest: Nest,
    pub nodes: Vec<Node>,
    pub sinks: Vec<Sink>,
    pub results: Vec<u32>,
    /// The view of an accumulator in scratch memory.
    pub accumulator: Option<usize>,
    /// The view of an accumulator, wherever it lies.
    pub product: Option<usize>,
}

pub(super) fn error(detail: impl Into<String>) -> DeviceError {
    DeviceError(format!("fused loop: {}", detail.into()))
}

fn expect(fits: bool, i: usize, what: &str) -> Result<(), DeviceError> {
    if fits { Ok(()) } else { Err(error(format!("value {i}: {what}"))) }
}

pub(super) fn translate(
    buffers: &Buffers,
    domain: &[usize],
    body: &Body,
    stores: &[Store],
    results: &[u32],
    accumulator: Option<&Accumulator>,
) -> Result<Translation, DeviceError> {
    if body.instrs.len() != body.dtypes.len() {
        return Err(error(format!("{} instructions have {} dtypes", body.instrs.len(), body.dtypes.len())));
    }
    let nest = Nest { dims: domain.to_vec(), views: Vec::new() };
    let out = Translation { nest, ..Translation::default() };
    let mut translator =
        Translator { buffers, domain, body, accumulator, ids: Vec::new(), known_accumulator: None, out };
    for (i, instr) in body.instrs.iter().enumerate() {
        let id = translator.instr(i, instr)?;
        translator.ids.push(id);
    }
    for store in stores {
        let (node, dtype) = (translator.id(store.value)?, body.dtypes[store.value as usize]);
        let expected = buffers.dtype(store.buffer)?;
        if expected != dtype {
            return Err(error(format!("stores {dtype} in a buffer of {expected}")));
        }
        let view = translator.view(buffers.stored_view(store.buffer, &store.view, domain)?);
        translator.out.sinks.push(Sink { node, view, dtype });
    }
    buffers.check_aliases(domain, body, stores)?;
    for &value in results {
        let node = translator.id(value)?;
        translator.out.results.push(node);
    }
    translator.out.product = translator.known_accumulator;
    Ok(translator.out)
}

struct Translator<'a> {
    buffers: &'a Buffers,
    domain: &'a [usize],
    body: &'a Body,
    accumulator: Option<&'a Accumulator>,
    /// Node of each value of the body.
    ids: Vec<u32>,
    known_accumulator: Option<usize>,
    out: Translation,
}

impl Translator<'_> {
    fn view(&mut self, view: Placed) -> usize {
        self.out.nest.views.push(view);
        self.out.nest.views.len() - 1
    }

    fn push(&mut self, node: Node) -> u32 {
        self.out.nodes.push(node);
        self.out.nodes.len() as u32 - 1
    }

    fn id(&self, value: u32) -> Result<u32, DeviceError> {
        let missing = || error(format!("value {value} is used before it is computed"));
        self.ids.get(value as usize).copied().ok_or_else(missing)
    }

    fn compute(&mut self, func: Func, args: &[u32]) -> u32 {
        self.push(Node::compute(func, args))
    }

    /// Adds the nodes of one instruction and returns the one that holds its value.
    fn instr(&mut self, i: usize, instr: &Instr) -> Result<u32, DeviceError> {
        let (body, domain, dtype) = (self.body, self.domain, self.body.dtypes[i]);
        let of = |value: u32| body.dtypes[value as usize];
        let (id, result) = match instr {
            Instr::Load { buffer, view } => {
                let (found, placed) = (self.buffers.dtype(*buffer)?, self.buffers.view(*buffer, view, domain)?);
                let view = self.view(placed);
                (self.push(Node::Load(view, dtype)), found)
            }
            Instr::Fill { value, dtype } => (self.push(Node::Constant(constant(*value, *dtype))), *dtype),
            Instr::Iota { axis, start, dtype } => {
                expect(*axis < domain.len(), i, "counts along an axis that does not exist")?;
                expect(matches!(dtype, DType::F32 | DType::I32), i, "positions are float32 or int32")?;
                let strides = (0..domain.len()).map(|other| usize::from(other == *axis)).collect();
                let view = self.view(Placed::counter(&View { offset: *start, strides }));
                (self.push(Node::Iota(view, *dtype == DType::F32)), *dtype)
            }
            Instr::Random { kind, stream, state, element } => {
                expect(element.strides.len() == domain.len(), i, "counts elements along axes that do not exist")?;
                let state = self.buffers.dense(*state, DType::I32, 4)?;
                let view = self.view(Placed::counter(element));
                (self.push(Node::Random { view, draw: Draw { kind: *kind, stream: *stream, state } }), DType::F32)
            }
            Instr::Accumulator => {
                let Some(accumulator) = self.accumulator else {
                    return Err(error("only the epilogue of a matrix product has an accumulator"));
                };
                let view = match (self.known_accumulator, accumulator) {
                    (Some(view), _) => view,
                    (None, Accumulator::View(placed)) => self.view(placed.clone()),
                    (None, Accumulator::Scratch(pitch)) => {
                        let view = self.view(Placed { address: 0, strides: vec![0, pitch * 4, 4], unit: 4 });
                        self.out.accumulator = Some(view);
                        view
                    }
                };
                self.known_accumulator = Some(view);
                (self.push(Node::Load(view, DType::F32)), DType::F32)
            }
            Instr::Unary(op, a) => {
                let x = self.id(*a)?;
                let Some(func) = select::unary(*op, of(*a)) else {
                    return Err(error(format!("{} of {}", op.name(), of(*a))));
                };
                let args = match op {
                    UnaryOp::Elu { alpha } => vec![x, self.push(Node::Constant(constant(alpha.get(), DType::F32)))],
                    _ => vec![x],
                };
                let result = if *op == UnaryOp::IsFinite { DType::Bool } else { of(*a) };
                (self.compute(func, &args), result)
            }
            Instr::Binary(op, a, b) => {
                let (x, y) = (self.id(*a)?, self.id(*b)?);
                expect(of(*a) == of(*b), i, "combines different dtypes")?;
                let id = match self.power(*op, *b) {
                    Some(func) => self.compute(func, &[x]),
                    None => match select::binary(*op, of(*a)) {
                        Some(func) => self.compute(func, &[x, y]),
                        None => return Err(error(format!("{} of {}", op.name(), of(*a)))),
                    },
                };
                (id, of(*a))
            }
            Instr::Compare(op, a, b) => {
                let (x, y) = (self.id(*a)?, self.id(*b)?);
                expect(of(*a) == of(*b), i, "compares different dtypes")?;
                let (func, swapped) = select::compare(*op, of(*a));
                (self.compute(func, &if swapped { [y, x] } else { [x, y] }), DType::Bool)
            }
            Instr::Select { condition, on_true, on_false } => {
                let args = [self.id(*condition)?, self.id(*on_true)?, self.id(*on_false)?];
                expect(of(*condition) == DType::Bool, i, "selects by a value that is not bool")?;
                expect(of(*on_true) == of(*on_false), i, "selects from different dtypes")?;
                (self.compute(Func::Select, &args), of(*on_true))
            }
            Instr::Cast { value, to } => {
                let x = self.id(*value)?;
                let id = match select::cast(of(*value), *to) {
                    Some(func) => self.compute(func, &[x]),
                    None => x,
                };
                (id, *to)
            }
        };
        expect(result == dtype, i, &format!("expected dtype {result}, received {dtype}"))?;
        Ok(id)
    }

    /// The function of one argument that a power with a constant exponent is.
    fn power(&self, op: BinaryOp, exponent: u32) -> Option<Func> {
        let Instr::Fill { value, dtype: DType::F32 } = self.body.instrs[exponent as usize] else { return None };
        match op {
            BinaryOp::Pow if value == 2.0 => Some(Func::Square),
            BinaryOp::Pow if value == 0.5 => Some(Func::Sqrt),
            BinaryOp::Pow if value == -0.5 => Some(Func::Rsqrt),
            BinaryOp::Pow if value == -1.0 => Some(Func::Reciprocal),
            _ => None,
        }
    }
}

/// The lanes of a constant.
fn constant(value: f64, dtype: DType) -> u32 {
    match dtype {
        DType::F32 => (value as f32).to_bits(),
        DType::I32 => value as i32 as u32,
        DType::U8 => u32::from(value as u8),
        DType::Bool => u32::from(value != 0.0).wrapping_neg(),
    }
}
