//! Fusion: which nodes one kernel computes together.
//!
//! 1. Backwards through the graph: an elementwise node is computed inside the kernel of its consumers (*inlined*) if
//!    they all are in one kernel, or if it is cheap enough to be computed again in each. Otherwise it is a *root*: a
//!    value that some kernel stores.
//! 2. Forwards: each root starts a group and joins the groups of the values it reads at the same point (other roots, a
//!    matrix product, whose epilogue it then is), as long as no other kernel must run in between. Reductions over one
//!    domain that read a common tensor share a loop.

use std::collections::{HashMap, HashSet};

use super::access::{Access, accesses, squeeze};
use super::groups::{GroupSet, Order};
use crate::graph::{Graph, NodeId};
use crate::op::{BinaryOp, Op, StateId, UnaryOp};

/// What the kernel of a group does.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// An elementwise loop that stores its members.
    Map,
    /// A matrix product with the members as epilogue.
    MatMul(NodeId),
    /// Reductions (the members) along these axes of the domain.
    Reduce { axes: Vec<usize> },
    /// A loop over one table row or one operand after another.
    Single(NodeId),
    /// Writes the elements of a node to a dense buffer: its own if it is a base, else that of its copy.
    Copy(NodeId),
    /// Writes a value (`copied`: the dense copy of it) to a state.
    Update { state: StateId, value: NodeId, copied: bool },
}

#[derive(Clone, Debug)]
pub struct Group {
    pub work: Work,
    /// Axes of the loop, those of length 1 left out.
    pub domain: Vec<usize>,
    /// Roots, matrix product or reductions, in order.
    pub members: Vec<NodeId>,
}

/// A tensor that a kernel reads: `operand` of some node, whose elements lie in the buffer of `base`.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    pub operand: NodeId,
    pub base: NodeId,
    /// Each point of the loop reads the element of the same number.
    pub aligned: bool,
    /// As `aligned`, but the tensor that is read has other axes.
    pub reshaped: bool,
    /// The kernel cannot use the access and reads a dense copy of the operand.
    pub copied: bool,
}

pub struct Fusion<'g> {
    pub graph: &'g Graph,
    pub accesses: Vec<Access>,
    pub groups: Vec<Group>,
    pub order: Order,
    /// Dense copies of nodes whose elements do not lie as their consumer needs them: the group that copies.
    pub copies: HashMap<NodeId, usize>,
    live: Vec<bool>,
    root: Vec<bool>,
    group_of: HashMap<NodeId, usize>,
    /// Groups that a group must not become part of: it reads them at other points.
    apart: Vec<GroupSet>,
}

/// Larger groups would need more registers than a backend has.
const MAX_MEMBERS: usize = 24;
/// Groups over domains up to this size are merged without sharing data: a launch costs more than the work.
const TINY: usize = 64;
/// An elementwise node may be computed in several kernels if it costs at most this many simple operations.
const CHEAP: usize = 3;
const MAX_COPIES_OF_CHEAP: usize = 4;
/// Of a longer chain of elementwise nodes a value is stored on the way, so that emitting a kernel needs little stack.
const MAX_CHAIN: usize = 64;

pub fn fuse(graph: &Graph) -> Fusion<'_> {
    let mut fusion = Fusion {
        graph,
        accesses: accesses(graph),
        groups: Vec::new(),
        order: Order::default(),
        copies: HashMap::new(),
        live: vec![false; graph.nodes().len()],
        root: vec![false; graph.nodes().len()],
        group_of: HashMap::new(),
        apart: Vec::new(),
    };
    fusion.mark_live();
    fusion.find_roots();
    for index in 0..graph.nodes().len() {
        if fusion.live[index] {
            fusion.place(NodeId(index as u32));
        }
    }
    fusion
}

impl Fusion<'_> {
    pub fn access(&self, node: NodeId) -> &Access {
        &self.accesses[node.index()]
    }

    /// Leaves whose elements lie in a buffer.
    pub fn is_buffer_leaf(&self, node: NodeId) -> bool {
        matches!(self.graph.node(node).op, Op::Input(_) | Op::State(_) | Op::Constant(_))
    }

    /// Leaves that are instructions.
    pub fn is_inline_leaf(&self, node: NodeId) -> bool {
        matches!(self.graph.node(node).op, Op::Fill(_) | Op::Iota { .. })
    }

    /// Nodes that fused loops compute element by element.
    pub fn is_fusible(&self, node: NodeId) -> bool {
        let op = &self.graph.node(node).op;
        (op.is_elementwise() && *op != Op::StopGradient) || matches!(op, Op::Random { .. })
    }

    /// True for a fusible node that has no buffer of its own.
    pub fn is_inlined(&self, node: NodeId) -> bool {
        self.is_fusible(node) && !self.root[node.index()]
    }

    /// True if some kernel computes the node (it is no leaf and no view).
    fn is_computed(&self, node: NodeId) -> bool {
        self.access(node).base == node && !self.is_buffer_leaf(node) && !self.is_inline_leaf(node)
    }

    /// The group that computes a base, unless it is a leaf or inlined.
    pub fn group_of(&self, base: NodeId) -> Option<usize> {
        self.group_of.get(&base).map(|&group| self.order.find(group))
    }

    /// The group that writes a node's dense copy, if it has one.
    pub fn copy_of(&self, node: NodeId) -> Option<usize> {
        self.copies.get(&node).map(|&group| self.order.find(group))
    }

    fn mark_live(&mut self) {
        let mut stack: Vec<NodeId> = self.graph.outputs().to_vec();
        stack.extend(self.graph.updates().iter().map(|&(_, value)| value));
        while let Some(node) = stack.pop() {
            if !std::mem::replace(&mut self.live[node.index()], true) {
                let node = self.graph.node(node);
                let computed = if node.op == Op::Surrogate { 1 } else { node.inputs.len() };
                stack.extend(&node.inputs[..computed]);
            }
        }
    }

    /// How `consumer` reads one of its operands.
    fn read(&self, consumer: &Op, operand: NodeId) -> Read {
        let access = self.access(operand);
        let base_shape = self.graph.shape(access.base);
        let whole = access.is_whole(base_shape.numel());
        let pointwise = (consumer.is_elementwise() && *consumer != Op::StopGradient) || is_reduction(consumer);
        let inline = self.is_inline_leaf(access.base);
        let copied = match consumer {
            Op::MatMul { .. } => inline || !super::matrix::fits(access),
            Op::Gather | Op::ScatterAdd | Op::FoldWindows { .. } | Op::Random { .. } => inline || !whole,
            _ => false,
        };
        let same_axes = access.domain() == squeeze(base_shape);
        let (aligned, reshaped) = (pointwise && whole && same_axes, pointwise && whole && !same_axes);
        Read { operand, base: access.base, aligned, reshaped, copied }
    }

    /// A read of an operand's elements at other points than those of the loop.
    fn read_elsewhere(&self, operand: NodeId, copied: bool) -> Read {
        Read { operand, base: self.access(operand).base, aligned: false, reshaped: false, copied }
    }

    fn find_roots(&mut self) {
        let count = self.graph.nodes().len();
        let mut cost = vec![0usize; count];
        for index in (0..count).filter(|&index| self.live[index]) {
            let node = NodeId(index as u32);
            if self.is_fusible(node) {
                let op = &self.graph.node(node).op;
                let operands = self.graph.node(node).inputs.iter().map(|&operand| self.read(op, operand));
                let inner: usize = operands.filter(|read| read.aligned).map(|read| cost[read.base.index()]).sum();
                cost[index] = inner.saturating_add(op_cost(op));
            }
        }
        // The kernels in which a fusible node would be computed if it were inlined, named by their root or reduction.
        let mut homes: Vec<Vec<NodeId>> = vec![Vec::new(); count];
        // How many nodes lie between a node and the one that stores what is computed of it.
        let mut depth = vec![0usize; count];
        for &node in self.graph.outputs().iter().chain(self.graph.updates().iter().map(|(_, value)| value)) {
            let base = self.access(node).base;
            self.root[base.index()] = true;
        }
        for index in (0..count).rev().filter(|&index| self.live[index]) {
            let node = NodeId(index as u32);
            if !self.is_computed(node) {
                continue;
            }
            let fusible = self.is_fusible(node);
            let costly = homes[index].len() > MAX_COPIES_OF_CHEAP || (homes[index].len() > 1 && cost[index] > CHEAP);
            if fusible && (costly || depth[index] >= MAX_CHAIN) {
                self.root[index] = true;
            }
            let inner = if self.root[index] { 1 } else { depth[index] + 1 };
            let own_homes = if fusible && !self.root[index] { homes[index].clone() } else { vec![node] };
            for &operand in &self.graph.node(node).inputs {
                let read = self.read(&self.graph.node(node).op, operand);
                if read.aligned {
                    depth[read.base.index()] = depth[read.base.index()].max(inner);
                    let known = &mut homes[read.base.index()];
                    known.extend(own_homes.iter().filter(|home| !known.contains(home)).copied().collect::<Vec<_>>());
                } else {
                    self.root[read.base.index()] = true;
                }
            }
        }
    }

    /// What the kernel that computes `node` reads for it, looking through inlined nodes.
    pub fn reads(&self, node: NodeId) -> Vec<Read> {
        let mut found = Vec::new();
        let mut stack = vec![node];
        let mut seen = HashSet::new();
        while let Some(consumer) = stack.pop() {
            let consumer = self.graph.node(consumer);
            for read in consumer.inputs.iter().map(|&operand| self.read(&consumer.op, operand)) {
                if !seen.insert((read.operand, read.aligned)) {
                    continue;
                }
                if read.aligned && self.is_inlined(read.base) {
                    stack.push(read.base);
                } else {
                    found.push(read);
                }
            }
        }
        found
    }

    /// What the kernel of a group reads.
    pub fn group_reads(&self, group: usize) -> Vec<Read> {
        match &self.groups[group].work {
            Work::Copy(node) if self.copies.get(node).is_some_and(|&copy| self.order.find(copy) == group) => {
                vec![self.read_elsewhere(*node, false)]
            }
            Work::Copy(node) => vec![self.copy_read(*node)],
            Work::Update { value, copied, .. } => {
                vec![self.read_elsewhere(*value, *copied)]
            }
            _ => self.groups[group].members.iter().flat_map(|&member| self.reads(member)).collect(),
        }
    }

    /// What a copy of a node reads: the memory that its access names.
    fn copy_read(&self, node: NodeId) -> Read {
        let source = super::emit::copy_source(self, node);
        self.read_elsewhere(source, false)
    }

    /// Starts a group and says what must run before it.
    fn start(&mut self, group: Group, reads: &[Read]) -> usize {
        let (mut before, mut apart) = (GroupSet::default(), GroupSet::default());
        for read in reads {
            let writer = if read.copied { self.copy_of(read.operand) } else { self.group_of(read.base) };
            if let Some(writer) = writer {
                before.insert(writer);
                if read.copied || !(read.aligned || read.reshaped) {
                    apart.insert(writer);
                }
            }
        }
        self.groups.push(group);
        self.apart.push(apart);
        self.order.add(&before)
    }

    /// Makes the group that computes a node and merges it where that helps.
    fn place(&mut self, node: NodeId) {
        if !self.is_computed(node) || self.is_inlined(node) {
            return;
        }
        let op = self.graph.node(node).op.clone();
        let domain = squeeze(self.graph.shape(node));
        let group = if op == Op::Reshape {
            let read = self.copy_read(node);
            self.copy_odd_iota(read.operand);
            self.start(Group { work: Work::Copy(node), domain, members: vec![] }, &[read])
        } else {
            let reads = self.reads(node);
            for read in &reads {
                self.copy_odd_iota(read.operand);
                if read.copied {
                    self.copy(read.operand);
                }
            }
            let members = vec![node];
            match op {
                Op::MatMul { .. } => self.start(Group { work: Work::MatMul(node), domain, members }, &reads),
                Op::Reduce { .. } | Op::ArgMax { .. } => {
                    let work = Work::Reduce { axes: reduced_axes(self.graph, node) };
                    let domain = squeeze(self.graph.shape(self.graph.node(node).inputs[0]));
                    let group = self.start(Group { work, domain, members }, &reads);
                    self.join_reductions(group, &reads)
                }
                _ if self.is_fusible(node) => {
                    let group = self.start(Group { work: Work::Map, domain, members }, &reads);
                    self.join_producers(group, &reads)
                }
                _ => self.start(Group { work: Work::Single(node), domain, members }, &reads),
            }
        };
        self.group_of.insert(node, group);
    }

    /// An index along an axis is an instruction, unless it is moved about in a way that the instruction cannot say.
    fn copy_odd_iota(&mut self, operand: NodeId) {
        let base = self.access(operand).base;
        if matches!(self.graph.node(base).op, Op::Iota { .. }) && super::emit::iota_instr(self, operand).is_none() {
            self.copy_leaf(base);
        }
    }

    fn copy_leaf(&mut self, base: NodeId) {
        if self.group_of(base).is_none() {
            let domain = squeeze(self.graph.shape(base));
            let group = self.start(Group { work: Work::Copy(base), domain, members: vec![] }, &[]);
            self.group_of.insert(base, group);
        }
    }

    /// A dense copy of a node in a buffer of its own.
    pub fn copy(&mut self, node: NodeId) -> usize {
        if let Some(group) = self.copy_of(node) {
            return group;
        }
        self.copy_odd_iota(node);
        let read = self.read_elsewhere(node, false);
        let domain = squeeze(self.graph.shape(node));
        let group = self.start(Group { work: Work::Copy(node), domain, members: vec![] }, &[read]);
        self.copies.insert(node, group);
        group
    }

    /// A group that writes a value to a state at the end of the step, when everything has read the old one.
    pub fn update(&mut self, state: StateId, value: NodeId, copied: bool) -> usize {
        let read = self.read_elsewhere(value, copied);
        let domain = squeeze(self.graph.shape(value));
        self.start(Group { work: Work::Update { state, value, copied }, domain, members: vec![] }, &[read])
    }

    fn try_merge(&mut self, kept: usize, gone: usize) -> bool {
        let apart = |a: usize, b: usize| self.apart[a].iter().any(|group| self.order.find(group) == b);
        let sizes = self.groups[kept].members.len() + self.groups[gone].members.len();
        if sizes > MAX_MEMBERS || apart(kept, gone) || apart(gone, kept) || !self.order.can_merge(kept, gone) {
            return false;
        }
        self.order.merge(kept, gone);
        let members = std::mem::take(&mut self.groups[gone].members);
        self.groups[kept].members.extend(members);
        self.groups[kept].members.sort_unstable();
        let apart = std::mem::take(&mut self.apart[gone]);
        self.apart[kept].union(&apart);
        true
    }

    /// Merges a new map group with the groups of what it reads at its own points; returns where it ended up.
    fn join_producers(&mut self, group: usize, reads: &[Read]) -> usize {
        let mut current = group;
        let mut candidates: Vec<usize> = reads
            .iter()
            .filter(|read| read.aligned || read.reshaped)
            .filter_map(|read| self.group_of(read.base))
            .collect();
        if self.groups[group].domain.iter().product::<usize>() <= TINY {
            let recent = (0..group).rev().filter(|&other| !self.order.is_merged_away(other));
            let tiny = recent.filter(|&other| {
                self.groups[other].work == Work::Map && self.groups[other].domain == self.groups[group].domain
            });
            candidates.extend(tiny.take(4).collect::<Vec<_>>());
        }
        candidates.sort_unstable();
        candidates.dedup();
        for candidate in candidates.into_iter().rev() {
            let candidate = self.order.find(candidate);
            if candidate == current {
                continue;
            }
            let Some(domain) = self.joint_domain(candidate, current) else { continue };
            let (kept, gone) = match (&self.groups[candidate].work, &self.groups[current].work) {
                (Work::Map, Work::Map | Work::MatMul(_)) => (current, candidate),
                (Work::MatMul(product), Work::Map) if super::matrix::has_one_batch_axis(self.graph.shape(*product)) => {
                    (candidate, current)
                }
                _ => continue,
            };
            if self.try_merge(kept, gone) {
                self.groups[kept].domain = domain;
                current = kept;
            }
        }
        current
    }

    /// Merges a new reduction with one over the same points that reads a tensor it reads too.
    fn join_reductions(&mut self, group: usize, reads: &[Read]) -> usize {
        let shares = |member: NodeId| {
            self.reads(member).iter().any(|other| reads.iter().any(|read| read.aligned && read.base == other.base))
        };
        let found = (0..group).rev().filter(|&other| !self.order.is_merged_away(other)).find(|&other| {
            let (new, old) = (&self.groups[group], &self.groups[other]);
            let arg_max = |group: &Group| {
                group.members.iter().any(|&member| matches!(self.graph.node(member).op, Op::ArgMax { .. }))
            };
            new.work == old.work
                && new.domain == old.domain
                && arg_max(new) == arg_max(old)
                && !self.order.is_before(other, group)
                && old.members.iter().any(|&member| shares(member))
        });
        match found {
            Some(other) if self.try_merge(other, group) => other,
            _ => group,
        }
    }
}

pub fn is_reduction(op: &Op) -> bool {
    matches!(op, Op::Reduce { .. } | Op::ArgMax { .. })
}

/// The reduced axes of a reduction's operand, counted without the axes of length 1.
fn reduced_axes(graph: &Graph, node: NodeId) -> Vec<usize> {
    let node = graph.node(node);
    let shape = graph.shape(node.inputs[0]);
    let axes: Vec<usize> = match &node.op {
        Op::Reduce { axes, .. } => axes.clone(),
        Op::ArgMax { axis } => vec![*axis],
        _ => unreachable!("only reductions have reduced axes"),
    };
    let squeezed = |axis: usize| shape[..axis].iter().filter(|&&dim| dim != 1).count();
    axes.into_iter().filter(|&axis| shape[axis] != 1).map(squeezed).collect()
}

/// Cost of an elementwise op, in simple operations.
fn op_cost(op: &Op) -> usize {
    match op {
        Op::Random { .. } => 50,
        Op::Unary(
            UnaryOp::Neg
            | UnaryOp::Abs
            | UnaryOp::Sign
            | UnaryOp::Square
            | UnaryOp::Relu
            | UnaryOp::Not
            | UnaryOp::Floor
            | UnaryOp::Ceil
            | UnaryOp::Round
            | UnaryOp::IsFinite,
        ) => 1,
        Op::Unary(_) | Op::Binary(BinaryOp::Pow | BinaryOp::Mod) => 10,
        Op::Binary(BinaryOp::Div) => 3,
        _ => 1,
    }
}
