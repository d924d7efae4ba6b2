//! Instruction lists of fused loops.

use std::collections::{HashMap, HashSet};

use glorot_tensor::{DType, Shape};

use super::access::{Access, squeeze};
use super::domains::same_axis;
use super::emit::{Emitter, iota_instr};
use crate::graph::NodeId;
use crate::op::Op;
use crate::program::{Body, BufferId, Instr, ValueId, View};

/// Builds a body node by node; what is computed once is used again.
pub struct BodyBuilder {
    /// Roots that this kernel computes.
    pub members: HashSet<NodeId>,
    product: Option<NodeId>,
    /// Axes of the loop, if they may differ from those of what it reads.
    domain: Option<Shape>,
    body: Body,
    of_node: HashMap<NodeId, ValueId>,
    loads: HashMap<(BufferId, View), ValueId>,
}

impl BodyBuilder {
    /// A loop over the axes of what it computes.
    pub fn new() -> BodyBuilder {
        BodyBuilder {
            members: HashSet::new(),
            product: None,
            domain: None,
            body: Body::default(),
            of_node: HashMap::new(),
            loads: HashMap::new(),
        }
    }

    /// A loop over these axes (none of length 1). `product`: the matrix product whose result the body receives.
    pub fn over(domain: &[usize], members: &[NodeId], product: Option<NodeId>) -> BodyBuilder {
        let members = members.iter().copied().collect();
        BodyBuilder { members, product, domain: Some(Shape::from(domain)), ..BodyBuilder::new() }
    }

    /// The view of an access along the axes of the loop.
    pub fn view(&self, access: &Access) -> View {
        match &self.domain {
            Some(domain) => access.reshape(domain).expect("groups share a domain that says every access").view(),
            None => access.view(),
        }
    }

    pub fn finish(self) -> Body {
        self.body
    }

    fn push(&mut self, instr: Instr, dtype: DType) -> ValueId {
        self.body.instrs.push(instr);
        self.body.dtypes.push(dtype);
        self.body.instrs.len() as ValueId - 1
    }

    pub fn load(&mut self, buffer: BufferId, view: View, dtype: DType) -> ValueId {
        if let Some(&value) = self.loads.get(&(buffer, view.clone())) {
            return value;
        }
        let value = self.push(Instr::Load { buffer, view: view.clone() }, dtype);
        self.loads.insert((buffer, view), value);
        value
    }

    /// The value of an operand at the point of the loop.
    pub fn operand(&mut self, emitter: &mut Emitter<'_, '_>, operand: NodeId) -> ValueId {
        let access = emitter.fusion.access(operand).clone();
        let base = emitter.fusion.graph.node(access.base);
        let dtype = base.dtype;
        match base.op {
            Op::Fill(value) => self.push(Instr::Fill { value: value.get(), dtype }, dtype),
            Op::Iota { .. } => match iota_instr(emitter.fusion, operand) {
                Some(Instr::Iota { axis, start, dtype }) => {
                    let along = |domain: &Shape| same_axis(&access.domain(), axis, domain);
                    let axis = self.domain.as_ref().map_or(Some(axis), along);
                    let axis = axis.expect("groups share a domain that has every index");
                    self.push(Instr::Iota { axis, start, dtype }, dtype)
                }
                Some(instr) => self.push(instr, dtype),
                None => self.load(emitter.base(access.base), self.view(&access), dtype),
            },
            _ if self.computes(emitter, &access) => self.node(emitter, access.base),
            _ => self.load(emitter.base(access.base), self.view(&access), dtype),
        }
    }

    /// True if this kernel computes the base of an access at the same point. Inlined nodes have the axes of those that
    /// read them.
    fn computes(&self, emitter: &Emitter<'_, '_>, access: &Access) -> bool {
        let shape = emitter.fusion.graph.shape(access.base);
        let here = self.members.contains(&access.base) || self.product == Some(access.base);
        let same_axes = access.domain() == squeeze(shape);
        access.is_whole(shape.numel()) && (here || (same_axes && emitter.fusion.is_inlined(access.base)))
    }

    /// The value of a node that this kernel computes.
    pub fn node(&mut self, emitter: &mut Emitter<'_, '_>, id: NodeId) -> ValueId {
        if let Some(&value) = self.of_node.get(&id) {
            return value;
        }
        let node = emitter.fusion.graph.node(id).clone();
        let instr = if self.product == Some(id) {
            Instr::Accumulator
        } else if let Op::Random { kind, stream } = node.op {
            let state = emitter.dense_operand(node.inputs[0]);
            Instr::Random { kind, stream, state, element: self.view(&Access::dense(id, &node.shape)) }
        } else {
            let values: Vec<ValueId> = node.inputs.iter().map(|&operand| self.operand(emitter, operand)).collect();
            match node.op {
                Op::Unary(op) => Instr::Unary(op, values[0]),
                Op::Binary(op) => Instr::Binary(op, values[0], values[1]),
                Op::Compare(op) => Instr::Compare(op, values[0], values[1]),
                Op::Select => Instr::Select { condition: values[0], on_true: values[1], on_false: values[2] },
                Op::Cast(to) => Instr::Cast { value: values[0], to },
                other => unreachable!("{} is not computed element by element", other.name()),
            }
        };
        let value = self.push(instr, node.dtype);
        self.of_node.insert(id, value);
        value
    }
}

/// The values that an instruction uses.
pub fn operands(instr: &mut Instr) -> Vec<&mut ValueId> {
    match instr {
        Instr::Unary(_, a) | Instr::Cast { value: a, .. } => vec![a],
        Instr::Binary(_, a, b) | Instr::Compare(_, a, b) => vec![a, b],
        Instr::Select { condition, on_true, on_false } => vec![condition, on_true, on_false],
        _ => vec![],
    }
}

/// Drops the instructions that no result needs and numbers the rest anew.
pub fn prune(body: &mut Body, results: Vec<&mut ValueId>) {
    let mut needed = vec![false; body.instrs.len()];
    results.iter().for_each(|value| needed[**value as usize] = true);
    for index in (0..body.instrs.len()).rev() {
        if needed[index] {
            for operand in operands(&mut body.instrs[index]) {
                needed[*operand as usize] = true;
            }
        }
    }
    let mut renumbered = vec![0; needed.len()];
    let mut kept = 0;
    for (index, &needed) in needed.iter().enumerate() {
        renumbered[index] = kept;
        kept += ValueId::from(needed);
    }
    let mut flags = needed.iter();
    body.instrs.retain(|_| *flags.next().unwrap_or(&false));
    let mut flags = needed.iter();
    body.dtypes.retain(|_| *flags.next().unwrap_or(&false));
    for instr in &mut body.instrs {
        for operand in operands(instr) {
            *operand = renumbered[*operand as usize];
        }
    }
    results.into_iter().for_each(|value| *value = renumbered[*value as usize]);
}
