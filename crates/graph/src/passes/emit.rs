//! Kernels from groups.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use glorot_tensor::Shape;

use super::access::{Access, squeeze};
use super::body::BodyBuilder;
use super::fuse::{Fusion, Work};
use super::matrix;
use super::updates::InPlace;
use crate::graph::{NodeId, TensorSpec};
use crate::op::{Op, StateId, Window};
use crate::program::{
    Body, Buffer, BufferId, FoldAxis, FoldWindowsKernel, GatherKernel, Instr, Kernel, MapKernel, MatMulKernel, Place,
    ReduceKernel, Reducer, Reduction, ScatterAddKernel, Store, View,
};

/// Kernels in order over buffers that are not placed in the arena yet.
pub struct Emitted {
    pub kernels: Vec<Kernel>,
    pub buffers: Vec<Buffer>,
    pub inputs: Vec<BufferId>,
    pub outputs: Vec<BufferId>,
}

pub struct Emitter<'f, 'g> {
    pub fusion: &'f Fusion<'g>,
    in_place: InPlace,
    buffers: Vec<Buffer>,
    of_base: HashMap<NodeId, BufferId>,
    of_copy: HashMap<NodeId, BufferId>,
    of_state: HashMap<StateId, BufferId>,
}

/// The node whose elements a copy writes: the operand of a reshape that strides cannot express, else the node.
pub fn copy_source(fusion: &Fusion<'_>, node: NodeId) -> NodeId {
    match fusion.graph.node(node).op {
        Op::Reshape if fusion.access(node).base == node => fusion.graph.node(node).inputs[0],
        _ => node,
    }
}

/// The instruction for an access to the index along an axis, where there is one.
pub fn iota_instr(fusion: &Fusion<'_>, operand: NodeId) -> Option<Instr> {
    let access = fusion.access(operand);
    let base = fusion.graph.node(access.base);
    let Op::Iota { axis } = base.op else { return None };
    let view = access.view();
    if view.strides == Access::dense(access.base, &base.shape).view().strides && access.is_whole(base.shape.numel()) {
        // In place: the axis of the domain is the axis of the index.
        if base.shape[axis] == 1 {
            return Some(Instr::Fill { value: 0.0, dtype: base.dtype });
        }
        let squeezed = base.shape[..axis].iter().filter(|&&dim| dim != 1).count();
        return Some(Instr::Iota { axis: squeezed, start: 0, dtype: base.dtype });
    }
    if base.shape[axis] != base.shape.numel() {
        return None;
    }
    // A vector of indices, stretched: at most one axis of the domain steps through it.
    let mut steps = view.strides.iter().enumerate().filter(|&(_, &stride)| stride != 0);
    match (steps.next(), steps.next()) {
        (None, _) => Some(Instr::Fill { value: view.offset as f64, dtype: base.dtype }),
        (Some((axis, 1)), None) => Some(Instr::Iota { axis, start: view.offset, dtype: base.dtype }),
        _ => None,
    }
}

pub fn emit(fusion: &Fusion<'_>, in_place: InPlace) -> Emitted {
    let mut emitter = Emitter {
        fusion,
        in_place,
        buffers: Vec::new(),
        of_base: HashMap::new(),
        of_copy: HashMap::new(),
        of_state: HashMap::new(),
    };
    let graph = fusion.graph;
    let inputs = (0..graph.inputs().len() as u32).map(|number| emitter.input(number)).collect();
    let outputs: Vec<BufferId> = graph.outputs().iter().map(|&node| emitter.output(node)).collect();
    let mut kernels: Vec<Kernel> = Vec::new();
    for group in in_order(fusion) {
        emitter.group(group, &mut kernels);
    }
    let needed = needed_buffers(&kernels, &outputs, &emitter.buffers);
    for kernel in &mut kernels {
        if let Kernel::Map(map) | Kernel::MatMul(MatMulKernel { epilogue: map, .. }) = kernel {
            map.stores.retain(|store| needed.contains(&store.buffer));
            super::body::prune(&mut map.body, map.stores.iter_mut().map(|store| &mut store.value).collect());
        }
    }
    kernels.retain(|kernel| !matches!(kernel, Kernel::Map(map) if map.stores.is_empty()));
    Emitted { kernels, buffers: emitter.buffers, inputs, outputs }
}

/// Groups in an order that respects what must run first, otherwise in that of the graph.
fn in_order(fusion: &Fusion<'_>) -> Vec<usize> {
    let groups: Vec<usize> = (0..fusion.order.len()).filter(|&group| !fusion.order.is_merged_away(group)).collect();
    let first_node = |group: usize| match &fusion.groups[group].work {
        Work::Copy(node) => *node,
        Work::Update { .. } => NodeId(u32::MAX),
        _ => fusion.groups[group].members[0],
    };
    let mut missing: Vec<usize> =
        (0..fusion.order.len()).map(|group| fusion.order.before(group).iter().count()).collect();
    let start = groups.iter().filter(|&&group| missing[group] == 0);
    let mut ready: BinaryHeap<Reverse<(NodeId, usize)>> =
        start.map(|&group| Reverse((first_node(group), group))).collect();
    let mut ordered = Vec::with_capacity(groups.len());
    while let Some(Reverse((_, done))) = ready.pop() {
        ordered.push(done);
        for &group in groups.iter().filter(|&&group| fusion.order.is_before(done, group)) {
            missing[group] -= 1;
            if missing[group] == 0 {
                ready.push(Reverse((first_node(group), group)));
            }
        }
    }
    assert_eq!(ordered.len(), groups.len(), "the order of groups has no cycle");
    ordered
}

/// Buffers whose content somebody uses after the kernel that writes it.
fn needed_buffers(kernels: &[Kernel], outputs: &[BufferId], buffers: &[Buffer]) -> HashSet<BufferId> {
    let mut needed: HashSet<BufferId> = outputs.iter().copied().collect();
    let states = buffers.iter().enumerate().filter(|(_, buffer)| matches!(buffer.place, Place::State(_)));
    needed.extend(states.map(|(index, _)| BufferId(index as u32)));
    for kernel in kernels {
        needed.extend(kernel.reads());
    }
    needed
}

impl Emitter<'_, '_> {
    fn new_buffer(&mut self, spec: TensorSpec, place: Place) -> BufferId {
        self.buffers.push(Buffer { spec, place });
        BufferId(self.buffers.len() as u32 - 1)
    }

    fn spec(&self, node: NodeId) -> TensorSpec {
        let node = self.fusion.graph.node(node);
        TensorSpec { shape: node.shape.clone(), dtype: node.dtype }
    }

    fn input(&mut self, number: u32) -> BufferId {
        let graph = self.fusion.graph;
        let spec = graph.inputs()[number as usize].clone();
        let buffer = self.new_buffer(spec, Place::Input(number));
        let node = graph.nodes().iter().position(|node| node.op == Op::Input(number)).expect("inputs are nodes");
        self.of_base.insert(NodeId(node as u32), buffer);
        buffer
    }

    fn state(&mut self, state: StateId, spec: TensorSpec) -> BufferId {
        if let Some(&buffer) = self.of_state.get(&state) {
            return buffer;
        }
        let buffer = self.new_buffer(spec, Place::State(state));
        self.of_state.insert(state, buffer);
        buffer
    }

    /// The buffer of a base.
    pub fn base(&mut self, base: NodeId) -> BufferId {
        if let Some(&buffer) = self.of_base.get(&base) {
            return buffer;
        }
        let spec = self.spec(base);
        let buffer = match (&self.fusion.graph.node(base).op, self.in_place.get(&base)) {
            (Op::State(state), _) | (_, Some(state)) => self.state(*state, spec),
            (Op::Constant(number), _) => {
                let value = self.fusion.graph.constants()[*number as usize].clone();
                self.new_buffer(spec, Place::Constant(value))
            }
            _ => self.new_buffer(spec, Place::Arena { offset: 0 }),
        };
        self.of_base.insert(base, buffer);
        buffer
    }

    /// The buffer of a node's dense copy.
    pub fn copy(&mut self, node: NodeId) -> BufferId {
        if let Some(&buffer) = self.of_copy.get(&node) {
            return buffer;
        }
        let spec = self.spec(node);
        let buffer = self.new_buffer(spec, Place::Arena { offset: 0 });
        self.of_copy.insert(node, buffer);
        buffer
    }

    fn output(&mut self, node: NodeId) -> BufferId {
        if self.fusion.copies.contains_key(&node) { self.copy(node) } else { self.base(self.fusion.access(node).base) }
    }

    fn group(&mut self, group: usize, kernels: &mut Vec<Kernel>) {
        let fusion = self.fusion;
        let members = fusion.groups[group].members.clone();
        match fusion.groups[group].work.clone() {
            Work::Map => {
                let domain = &fusion.groups[group].domain;
                let (body, stores) = self.stores(domain, &members, None);
                kernels.push(Kernel::Map(MapKernel { domain: domain.as_slice().into(), body, stores }));
            }
            Work::MatMul(product) => kernels.push(self.mat_mul(product, &members)),
            Work::Reduce { axes } => {
                let domain = Shape::from(fusion.groups[group].domain.as_slice());
                kernels.push(self.reduce(domain, axes, &members));
            }
            Work::Single(node) => match &fusion.graph.node(node).op {
                Op::Gather => kernels.push(self.gather(node)),
                Op::ScatterAdd => kernels.push(self.scatter_add(node)),
                Op::FoldWindows { axis, windows } => kernels.push(self.fold_windows(node, *axis, windows)),
                Op::Pad { .. } => self.pad(node, kernels),
                Op::Concat { .. } => self.concat(node, kernels),
                other => unreachable!("{} has a kernel of its own kind", other.name()),
            },
            Work::Copy(node) => {
                let is_copy = fusion.copy_of(node) == Some(group);
                let source = if is_copy { node } else { copy_source(fusion, node) };
                let target = if is_copy { self.copy(node) } else { self.base(node) };
                self.copy_elements(source, target, kernels);
            }
            Work::Update { state, value, copied } => {
                let target = self.state(state, self.spec(value));
                let domain = squeeze(fusion.graph.shape(value));
                let strides = Shape::from(domain.as_slice()).strides();
                let mut builder = BodyBuilder::new();
                let loaded = if copied {
                    let buffer = self.copy(value);
                    builder.load(buffer, View { offset: 0, strides: strides.clone() }, self.spec(value).dtype)
                } else {
                    builder.operand(self, value)
                };
                let stores = vec![Store { value: loaded, buffer: target, view: View { offset: 0, strides } }];
                kernels.push(Kernel::Map(MapKernel { domain: domain.into(), body: builder.finish(), stores }));
            }
        }
    }

    /// Bodies and stores for the roots of a group; `product` is the matrix product whose epilogue this is.
    fn stores(&mut self, domain: &[usize], members: &[NodeId], product: Option<NodeId>) -> (Body, Vec<Store>) {
        let mut builder = BodyBuilder::over(domain, members, product);
        let mut stores = Vec::new();
        for &member in members {
            let value = builder.node(self, member);
            let view = builder.view(&Access::dense(member, self.fusion.graph.shape(member)));
            let buffer = self.base(member);
            stores.push(Store { value, buffer, view });
        }
        (builder.finish(), stores)
    }

    fn mat_mul(&mut self, product: NodeId, members: &[NodeId]) -> Kernel {
        let graph = self.fusion.graph;
        let node = graph.node(product);
        let Op::MatMul { transpose_a, transpose_b } = node.op else { unreachable!("not a matrix product") };
        let rank = node.shape.rank();
        let (m, n) = (node.shape[rank - 2], node.shape[rank - 1]);
        let batch: usize = node.shape[..rank - 2].iter().product();
        let operand = |emitter: &mut Self, operand: NodeId, transposed: bool| {
            let access = emitter.fusion.access(operand).clone();
            if emitter.fusion.is_inline_leaf(access.base) || !matrix::fits(&access) {
                let buffer = emitter.copy(operand);
                let dense = Access::dense(operand, emitter.fusion.graph.shape(operand));
                return matrix::view(&dense, buffer, transposed).expect("a dense matrix fits");
            }
            let buffer = emitter.base(access.base);
            matrix::view(&access, buffer, transposed).expect("unfit operands are copied")
        };
        let a = operand(self, node.inputs[0], transpose_a);
        let b = operand(self, node.inputs[1], transpose_b);
        let shape_a = graph.shape(node.inputs[0]);
        let k = shape_a[if transpose_a { rank - 2 } else { rank - 1 }];
        let (mut body, mut stores) = self.stores(&squeeze(&node.shape), members, Some(product));
        // Views of the epilogue get all three axes of the product back.
        let lengths = [batch, m, n];
        let squeezed = squeeze(&node.shape).len();
        let widen = |view: &mut View| {
            let dense = lengths.iter().filter(|&&length| length != 1).count();
            if dense == squeezed {
                let mut strides = view.strides.iter();
                let mut next = |&length: &usize| if length == 1 { 0 } else { strides.next().copied().unwrap_or(0) };
                view.strides = lengths.iter().map(&mut next).collect();
            } else {
                // Several batch axes: the group is the product alone, stored densely.
                view.strides = vec![m * n, n, 1];
            }
        };
        stores.iter_mut().for_each(|store| widen(&mut store.view));
        for instr in &mut body.instrs {
            match instr {
                Instr::Load { view, .. } | Instr::Random { element: view, .. } => widen(view),
                Instr::Iota { axis, .. } => {
                    let kept: Vec<usize> = (0..3).filter(|&axis| lengths[axis] != 1).collect();
                    *axis = kept[*axis];
                }
                _ => {}
            }
        }
        let epilogue = MapKernel { domain: lengths.into(), body, stores };
        Kernel::MatMul(MatMulKernel { batch, m, n, k, a, b, epilogue })
    }

    fn reduce(&mut self, domain: Shape, axes: Vec<usize>, members: &[NodeId]) -> Kernel {
        let mut builder = BodyBuilder::new();
        let mut reductions = Vec::new();
        for &member in members {
            let node = self.fusion.graph.node(member);
            let value = builder.operand(self, node.inputs[0]);
            let kind = match &node.op {
                Op::Reduce { kind, .. } => Reducer::Fold(*kind),
                _ => Reducer::ArgMax,
            };
            reductions.push(Reduction { kind, value, output: self.base(member) });
        }
        Kernel::Reduce(ReduceKernel { domain, axes, body: builder.finish(), reductions })
    }

    /// The dense buffer of an operand: its base's or its copy's.
    pub fn dense_operand(&mut self, operand: NodeId) -> BufferId {
        let access = self.fusion.access(operand);
        let whole = access.is_whole(self.fusion.graph.shape(access.base).numel());
        if self.fusion.is_inline_leaf(access.base) || !whole { self.copy(operand) } else { self.base(access.base) }
    }

    fn gather(&mut self, node: NodeId) -> Kernel {
        let graph = self.fusion.graph;
        let inputs = &graph.node(node).inputs;
        let (table, indices, output) = (self.dense_operand(inputs[0]), self.dense_operand(inputs[1]), self.base(node));
        let table_shape = graph.shape(inputs[0]);
        Kernel::Gather(GatherKernel {
            table,
            indices,
            output,
            rows: graph.shape(inputs[1]).numel(),
            row_len: table_shape[1..].iter().product(),
            table_rows: table_shape[0],
        })
    }

    fn scatter_add(&mut self, node: NodeId) -> Kernel {
        let graph = self.fusion.graph;
        let inputs = &graph.node(node).inputs;
        let (indices, source, output) = (self.dense_operand(inputs[0]), self.dense_operand(inputs[1]), self.base(node));
        let shape = graph.shape(node);
        Kernel::ScatterAdd(ScatterAddKernel {
            indices,
            source,
            output,
            rows: graph.shape(inputs[0]).numel(),
            row_len: shape[1..].iter().product(),
            table_rows: shape[0],
        })
    }

    fn fold_windows(&mut self, node: NodeId, axis: usize, windows: &[Window]) -> Kernel {
        let graph = self.fusion.graph;
        let operand = graph.node(node).inputs[0];
        let (source, output) = (self.dense_operand(operand), self.base(node));
        let (shape, end) = (graph.shape(node), axis + windows.len());
        let lengths = shape[axis..end].iter();
        let fold = |(&Window { size, stride, dilation }, (&length, &positions))| FoldAxis {
            length,
            positions,
            size,
            stride,
            dilation,
        };
        Kernel::FoldWindows(FoldWindowsKernel {
            source,
            product: None,
            output,
            outer: shape[..axis].iter().product(),
            axes: windows.iter().zip(lengths.zip(&graph.shape(operand)[axis..])).map(fold).collect(),
            inner: shape[end..].iter().product(),
        })
    }

    /// A kernel that writes the elements of a node to a dense buffer, in order.
    fn copy_elements(&mut self, source: NodeId, target: BufferId, kernels: &mut Vec<Kernel>) {
        let strides = Shape::from(squeeze(self.fusion.graph.shape(source))).strides();
        self.store_block(source, target, View { offset: 0, strides }, kernels);
    }

    /// A kernel that writes the elements of a node through a view.
    fn store_block(&mut self, source: NodeId, buffer: BufferId, view: View, kernels: &mut Vec<Kernel>) {
        let domain = Shape::from(squeeze(self.fusion.graph.shape(source)));
        let mut builder = BodyBuilder::new();
        let value = builder.operand(self, source);
        let stores = vec![Store { value, buffer, view }];
        kernels.push(Kernel::Map(MapKernel { domain, body: builder.finish(), stores }));
    }

    fn pad(&mut self, node: NodeId, kernels: &mut Vec<Kernel>) {
        let graph = self.fusion.graph;
        let (source, shape, dtype) = (graph.node(node).inputs[0], graph.shape(node).clone(), graph.dtype(node));
        let Op::Pad { low, value, .. } = &graph.node(node).op else { unreachable!("not a pad") };
        let target = self.base(node);
        let body = Body { instrs: vec![Instr::Fill { value: value.get(), dtype }], dtypes: vec![dtype] };
        let view = Access::dense(node, &shape).view();
        let stores = vec![Store { value: 0, buffer: target, view }];
        kernels.push(Kernel::Map(MapKernel { domain: squeeze(&shape).into(), body, stores }));
        let view = block_view(low, graph.shape(source), &shape);
        self.store_block(source, target, view, kernels);
    }

    fn concat(&mut self, node: NodeId, kernels: &mut Vec<Kernel>) {
        let graph = self.fusion.graph;
        let Op::Concat { axis } = graph.node(node).op else { unreachable!("not a concatenation") };
        let shape = graph.shape(node).clone();
        let target = self.base(node);
        let mut start = vec![0; shape.rank()];
        for &part in &graph.node(node).inputs {
            let view = block_view(&start, graph.shape(part), &shape);
            self.store_block(part, target, view, kernels);
            start[axis] += graph.shape(part)[axis];
        }
    }
}

/// The view of a block that begins at `start` inside a dense tensor.
fn block_view(start: &[usize], block: &Shape, whole: &Shape) -> View {
    let strides = whole.strides();
    let offset =
        if block.numel() == 0 { 0 } else { start.iter().zip(&strides).map(|(&first, &stride)| first * stride).sum() };
    let kept = block.iter().zip(&strides).filter(|&(&dim, _)| dim != 1);
    View { offset, strides: kept.map(|(_, &stride)| stride).collect() }
}

impl Kernel {
    /// The buffers that the kernel reads.
    pub fn reads(&self) -> Vec<BufferId> {
        let of_body = |body: &Body| {
            body.instrs
                .iter()
                .filter_map(|instr| match instr {
                    Instr::Load { buffer, .. } | Instr::Random { state: buffer, .. } => Some(*buffer),
                    _ => None,
                })
                .collect::<Vec<_>>()
        };
        match self {
            Kernel::Map(map) => of_body(&map.body),
            Kernel::Reduce(reduce) => of_body(&reduce.body),
            Kernel::MatMul(product) => {
                let mut reads = of_body(&product.epilogue.body);
                reads.extend([product.a.buffer, product.b.buffer]);
                reads
            }
            Kernel::Gather(gather) => vec![gather.table, gather.indices],
            Kernel::ScatterAdd(scatter) => vec![scatter.indices, scatter.source],
            Kernel::FoldWindows(FoldWindowsKernel { source, product, .. }) => match product {
                Some(product) => vec![product.a.buffer, product.b.buffer],
                None => vec![*source],
            },
        }
    }

    /// The buffers that the kernel writes.
    pub fn writes(&self) -> Vec<BufferId> {
        match self {
            Kernel::Map(map) | Kernel::MatMul(MatMulKernel { epilogue: map, .. }) => {
                map.stores.iter().map(|store| store.buffer).collect()
            }
            Kernel::Reduce(reduce) => reduce.reductions.iter().map(|reduction| reduction.output).collect(),
            Kernel::Gather(gather) => vec![gather.output],
            Kernel::ScatterAdd(scatter) => vec![scatter.output],
            Kernel::FoldWindows(fold) => vec![fold.output],
        }
    }
}
