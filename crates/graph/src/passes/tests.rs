//! Programs against the plain reference: the same graph, computed both ways, on memory that is shared as planned.

use std::collections::HashMap;

use glorot_tensor::{DType, Shape};
use proptest::prelude::*;

use super::compile;
use crate::graph::{Graph, Node};
use crate::op::{Op, RandomKind, StateId, Window};
use crate::program::*;
use crate::reference::{self, Value, evaluate, indices};
use crate::{Sym, Tracer};

/// Memory of a program: the arena holds an element at the place of its first byte.
struct Memory<'p> {
    program: &'p Program,
    arena: Vec<f64>,
    states: HashMap<StateId, Value>,
    inputs: Vec<Value>,
}

impl Memory<'_> {
    fn at(&mut self, buffer: BufferId, element: usize) -> &mut f64 {
        let Buffer { spec, place } = &self.program.buffers[buffer.index()];
        assert!(element < spec.shape.numel(), "element {element} of {}", spec.shape);
        match place {
            Place::Arena { offset } => &mut self.arena[offset + element * spec.dtype.size()],
            Place::State(state) => &mut self.states.get_mut(state).expect("known state").data[element],
            Place::Input(number) => &mut self.inputs[*number as usize].data[element],
            Place::Constant(_) => panic!("constants are read by value"),
        }
    }

    fn read(&mut self, buffer: BufferId, element: usize) -> f64 {
        match &self.program.buffers[buffer.index()].place {
            Place::Constant(value) => value.to_f64()[element],
            _ => *self.at(buffer, element),
        }
    }

    fn dense(&mut self, buffer: BufferId) -> Value {
        let spec = self.program.buffers[buffer.index()].spec.clone();
        let data = (0..spec.shape.numel()).map(|element| self.read(buffer, element)).collect();
        Value::new(spec.shape, spec.dtype, data)
    }

    /// The values of all instructions over the domain.
    fn body(&mut self, domain: &Shape, body: &Body, accumulator: Option<&Value>) -> Vec<Value> {
        let mut values: Vec<Value> = Vec::new();
        for (instr, &dtype) in body.instrs.iter().zip(&body.dtypes) {
            let node = |op: Op| Node { op, inputs: vec![], shape: domain.clone(), dtype };
            let of = |value: &ValueId| &values[*value as usize];
            let value = match instr {
                Instr::Load { buffer, view } => {
                    let points: Vec<usize> = indices(domain).map(|index| element(view, &index)).collect();
                    Value::new(domain.clone(), dtype, points.iter().map(|&at| self.read(*buffer, at)).collect())
                }
                Instr::Fill { value, .. } => Value::new(domain.clone(), dtype, vec![*value; domain.numel()]),
                Instr::Iota { axis, start, .. } => {
                    let data = indices(domain).map(|index| (index[*axis] + start) as f64).collect();
                    Value::new(domain.clone(), dtype, data)
                }
                Instr::Random { kind, stream, state, element: view } => {
                    let in_order = indices(domain).enumerate().all(|(point, index)| element(view, &index) == point);
                    assert!(in_order, "a random tensor is generated in order");
                    reference::compute(&node(Op::Random { kind: *kind, stream: *stream }), &[&self.dense(*state)])
                }
                Instr::Accumulator => accumulator.expect("an epilogue").clone(),
                Instr::Unary(op, a) => reference::compute(&node(Op::Unary(*op)), &[of(a)]),
                Instr::Binary(op, a, b) => reference::compute(&node(Op::Binary(*op)), &[of(a), of(b)]),
                Instr::Compare(op, a, b) => reference::compute(&node(Op::Compare(*op)), &[of(a), of(b)]),
                Instr::Select { condition, on_true, on_false } => {
                    reference::compute(&node(Op::Select), &[of(condition), of(on_true), of(on_false)])
                }
                Instr::Cast { value, to } => reference::compute(&node(Op::Cast(*to)), &[of(value)]),
            };
            values.push(value);
        }
        values
    }

    fn store(&mut self, domain: &Shape, stores: &[Store], values: &[Value]) {
        for store in stores {
            assert_eq!(self.program.buffers[store.buffer.index()].spec.dtype, values[store.value as usize].dtype);
            for (point, index) in indices(domain).enumerate() {
                *self.at(store.buffer, element(&store.view, &index)) = values[store.value as usize].data[point];
            }
        }
    }

    fn run(&mut self, kernel: &Kernel) {
        match kernel {
            Kernel::Map(map) => {
                let values = self.body(&map.domain, &map.body, None);
                self.store(&map.domain, &map.stores, &values);
            }
            Kernel::Reduce(reduce) => {
                let values = self.body(&reduce.domain, &reduce.body, None);
                for reduction in &reduce.reductions {
                    let value = &values[reduction.value as usize];
                    let op = match reduction.kind {
                        Reducer::Fold(kind) => Op::Reduce { kind, axes: reduce.axes.clone() },
                        Reducer::ArgMax => Op::ArgMax { axis: reduce.axes[0] },
                    };
                    let dtype = self.program.buffers[reduction.output.index()].spec.dtype;
                    let shape = reduce.domain.reduced(&reduce.axes, false);
                    let result = reference::compute(&Node { op, inputs: vec![], shape, dtype }, &[value]);
                    for (at, &x) in result.data.iter().enumerate() {
                        *self.at(reduction.output, at) = x;
                    }
                }
            }
            Kernel::MatMul(product) => {
                let &MatMulKernel { batch, m, n, k, .. } = product;
                let operands = [product.a.buffer, product.b.buffer];
                assert!(product.epilogue.stores.iter().all(|store| !operands.contains(&store.buffer)));
                let mut data = Vec::new();
                for index in indices(&Shape::from([batch, m, n])) {
                    let at = |view: &MatrixView, row: usize, column: usize| {
                        view.offset + index[0] * view.batch + row * view.rows + column * view.columns
                    };
                    let dot = (0..k).map(|inner| {
                        let (a, b) = (at(&product.a, index[1], inner), at(&product.b, inner, index[2]));
                        self.read(product.a.buffer, a) * self.read(product.b.buffer, b)
                    });
                    data.push(dot.sum());
                }
                let accumulator = Value::f32([batch, m, n], data);
                let map = &product.epilogue;
                assert_eq!(map.domain, Shape::from([batch, m, n]));
                let values = self.body(&map.domain, &map.body, Some(&accumulator));
                self.store(&map.domain, &map.stores, &values);
            }
            Kernel::Gather(gather) => {
                let fill =
                    if self.program.buffers[gather.output.index()].spec.dtype.is_float() { f64::NAN } else { 0.0 };
                for row in 0..gather.rows {
                    let index = self.read(gather.indices, row);
                    let known = index >= 0.0 && (index as usize) < gather.table_rows;
                    for at in 0..gather.row_len {
                        let value =
                            if known { self.read(gather.table, index as usize * gather.row_len + at) } else { fill };
                        *self.at(gather.output, row * gather.row_len + at) = value;
                    }
                }
            }
            Kernel::ScatterAdd(scatter) => {
                for at in 0..scatter.table_rows * scatter.row_len {
                    *self.at(scatter.output, at) = 0.0;
                }
                for row in 0..scatter.rows {
                    let index = self.read(scatter.indices, row);
                    if index >= 0.0 && (index as usize) < scatter.table_rows {
                        for at in 0..scatter.row_len {
                            let value = self.read(scatter.source, row * scatter.row_len + at);
                            *self.at(scatter.output, index as usize * scatter.row_len + at) += value;
                        }
                    }
                }
            }
            Kernel::FoldWindows(fold) => {
                let dims = |of: fn(&FoldAxis) -> usize| fold.axes.iter().map(of).collect::<Vec<_>>();
                let (positions, sizes, lengths) =
                    (dims(|axis| axis.positions), dims(|axis| axis.size), dims(|axis| axis.length));
                let shape = |middle: &[usize]| Shape::from([&[fold.outer], middle, &[fold.inner]].concat());
                let (from, to) = (shape(&[positions, sizes].concat()), shape(&lengths));
                let source = Value::f32(from.clone(), self.dense(fold.source).data);
                let window = |a: &FoldAxis| Window { size: a.size, stride: a.stride, dilation: a.dilation };
                let op = Op::FoldWindows { axis: 1, windows: fold.axes.iter().map(window).collect() };
                let result = reference::compute(&Node { op, inputs: vec![], shape: to, dtype: DType::F32 }, &[&source]);
                for (at, &x) in result.data.iter().enumerate() {
                    *self.at(fold.output, at) = x;
                }
            }
        }
    }
}

fn element(view: &View, index: &[usize]) -> usize {
    assert_eq!(view.strides.len(), index.len(), "rank of a view");
    view.offset + view.strides.iter().zip(index).map(|(stride, i)| stride * i).sum::<usize>()
}

/// Runs a graph both ways and compares outputs and states.
fn check(graph: &Graph, inputs: &[Value], states: &HashMap<StateId, Value>) -> Program {
    let program = compile(graph);
    for Buffer { spec, place } in &program.buffers {
        let end = |offset: usize| offset + spec.shape.numel() * spec.dtype.size();
        let fits = !matches!(place, Place::Arena { offset } if end(*offset) > program.arena_bytes);
        assert!(fits, "{spec:?} at {place:?} of {} bytes", program.arena_bytes);
    }
    let expected = evaluate(graph, inputs, &|state| states[&state].clone());
    let mut memory = Memory {
        program: &program,
        arena: vec![f64::NAN; program.arena_bytes],
        states: states.clone(),
        inputs: inputs.to_vec(),
    };
    for kernel in &program.kernels {
        memory.run(kernel);
    }
    for (number, (buffer, want)) in program.outputs.iter().zip(&expected.outputs).enumerate() {
        close(&memory.dense(*buffer), want, &format!("output {number}"));
    }
    let updated: HashMap<StateId, Value> = expected.updates.into_iter().collect();
    for (state, old) in states {
        close(&memory.states[state], updated.get(state).unwrap_or(old), &format!("state {}", state.0));
    }
    program
}

fn close(got: &Value, want: &Value, what: &str) {
    assert_eq!((&got.shape, got.dtype), (&want.shape, want.dtype), "{what}");
    for (at, (&a, &b)) in got.data.iter().zip(&want.data).enumerate() {
        let same = a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-9 * (1.0 + b.abs());
        assert!(same, "{what}, element {at}: {a}, expected {b}");
    }
}

/// A deep network with a momentum-like update, as a training step is built.
fn training_step(layers: usize) -> (Tracer, Vec<Value>, HashMap<StateId, Value>) {
    let t = Tracer::new();
    let mut states = HashMap::new();
    let x = t.input([8, 12], DType::F32);
    let labels = t.input([8], DType::I32);
    let (mut h, mut width, mut weights) = (x, 12, Vec::new());
    for layer in 0..=layers {
        let units = if layer == layers { 5 } else { 6 };
        let ids = [4 * layer as u32, 4 * layer as u32 + 1];
        let kernel = t.state(StateId(ids[0]), [width, units], DType::F32);
        let bias = t.state(StateId(ids[1]), [units], DType::F32);
        states.insert(StateId(ids[0]), Value::varied([width, units]));
        states.insert(StateId(ids[1]), Value::varied([units]));
        h = h.mat_mul(&kernel).unwrap().add(&bias).unwrap();
        if layer < layers {
            h = h.elu(1.0).unwrap();
        }
        weights.extend([(ids[0], kernel), (ids[1], bias)]);
        width = units;
    }
    let top = h.max(&[1], true).unwrap().stop_gradient().unwrap();
    let shifted = h.sub(&top).unwrap();
    let log_sum = shifted.exp().unwrap().sum(&[1], false).unwrap().log().unwrap();
    let one_hot = t.iota([1, 5], 1, DType::I32).unwrap().equal(&labels.reshape([8, 1]).unwrap()).unwrap();
    let picked = one_hot.select(&shifted, &shifted.scalar_like(0.0)).unwrap().sum(&[1], false).unwrap();
    let loss = log_sum.sub(&picked).unwrap().mean_all().unwrap();
    t.output(&loss);
    let variables: Vec<Sym> = weights.iter().map(|(_, weight)| weight.clone()).collect();
    let grads = t.gradients(&loss, &variables).unwrap();
    for ((id, weight), grad) in weights.iter().zip(&grads) {
        let slot = StateId(id + 2);
        let m = t.state(slot, weight.shape(), DType::F32);
        states.insert(slot, Value::varied(weight.shape()));
        let m = m.mul_scalar(0.9).unwrap().add(&grad.mul_scalar(0.1).unwrap()).unwrap();
        t.assign(slot, &m).unwrap();
        t.assign(StateId(*id), &weight.sub(&m.mul_scalar(0.01).unwrap()).unwrap()).unwrap();
    }
    let inputs = vec![Value::varied([8, 12]), Value::i32([8], vec![0, 1, 2, 3, 4, 0, 1, 2])];
    (t, inputs, states)
}

#[test]
fn a_training_step_is_few_kernels_and_in_place() {
    let (tracer, inputs, states) = training_step(3);
    let program = check(&tracer.graph(), &inputs, &states);
    let products = program.kernels.iter().filter(|kernel| matches!(kernel, Kernel::MatMul(_))).count();
    // Forward 4, weights 4, inputs 3 (none for the first layer).
    assert_eq!(products, 11);
    let described: Vec<String> = program.kernels.iter().map(describe).collect();
    // Of the rest: bias gradients with their updates, and the loss.
    assert!(program.kernels.len() <= 11 + 8 + 8, "{} kernels: {described:#?}", program.kernels.len());
    // Weights are updated in the epilogue of their gradient, without a buffer for the gradient.
    let updates_in_epilogue = program.kernels.iter().filter(|kernel| {
        let Kernel::MatMul(product) = kernel else { return false };
        let places = product.epilogue.stores.iter().map(|store| &program.buffers[store.buffer.index()].place);
        places.filter(|place| matches!(place, Place::State(_))).count() == 2
    });
    assert_eq!(updates_in_epilogue.count(), 4, "{described:#?}");
}

fn describe(kernel: &Kernel) -> String {
    match kernel {
        Kernel::Map(map) => format!("map {} with {} instructions", map.domain, map.body.instrs.len()),
        Kernel::Reduce(reduce) => format!("reduce {} along {:?}", reduce.domain, reduce.axes),
        Kernel::MatMul(p) => format!("product {}x{}x{}, {} stores", p.m, p.n, p.k, p.epilogue.stores.len()),
        other => format!("{other:?}"),
    }
}

#[test]
fn reshaped_products_keep_their_epilogue() {
    let t = Tracer::new();
    let (x, w) = (t.input([24, 6], DType::F32), t.input([6, 8], DType::F32));
    let (bias, steps) = (t.input([8], DType::F32), t.input([3, 1, 1], DType::F32));
    let images = x.mat_mul(&w).unwrap().reshape([2, 3, 4, 8]).unwrap();
    t.output(&images.add(&bias).unwrap().relu().unwrap());
    let inputs = [Value::varied([24, 6]), Value::varied([6, 8]), Value::varied([8]), Value::varied([3, 1, 1])];
    assert_eq!(check(&t.graph(), &inputs, &HashMap::new()).kernels.len(), 1);
    // A position along a joined axis cannot be said in the axes of the product.
    t.output(&images.add(&steps).unwrap().relu().unwrap());
    assert_eq!(check(&t.graph(), &inputs, &HashMap::new()).kernels.len(), 2);
    // Loops can be split: one over both.
    let parts = bias.exp().unwrap();
    t.output(&parts);
    t.output(&parts.reshape([2, 4]).unwrap().add(&t.iota([1, 4], 1, DType::F32).unwrap()).unwrap());
    assert_eq!(check(&t.graph(), &inputs, &HashMap::new()).kernels.len(), 3);
}

#[test]
fn states_can_swap_and_outputs_keep_old_values() {
    let t = Tracer::new();
    let (a, b) = (t.state(StateId(0), [3], DType::F32), t.state(StateId(1), [3], DType::F32));
    t.output(&a);
    t.assign(StateId(0), &b).unwrap();
    t.assign(StateId(1), &a).unwrap();
    let states = HashMap::from([(StateId(0), Value::varied([3])), (StateId(1), Value::f32([3], vec![7.0, 8.0, 9.0]))]);
    check(&t.graph(), &[], &states);
}

#[test]
fn what_only_its_own_kernel_uses_takes_no_memory() {
    let tracer = Tracer::new();
    let (a, b) = (tracer.input([64, 1], DType::F32), tracer.input([1, 64], DType::F32));
    let state = StateId(0);
    let product = a.mat_mul(&b).unwrap().square().unwrap();
    let new = tracer.state(state, [64, 64], DType::F32).add(&product).unwrap();
    tracer.assign(state, &new.add(&product.mul(&product).unwrap()).unwrap()).unwrap();
    let states = HashMap::from([(state, Value::varied([64, 64]))]);
    let program = check(&tracer.graph(), &[Value::varied([64, 1]), Value::varied([1, 64])], &states);
    assert_eq!(program.arena_bytes, 0);
}

#[test]
fn a_state_can_be_replaced_by_its_transpose() {
    let t = Tracer::new();
    let a = t.state(StateId(0), [3, 3], DType::F32);
    t.assign(StateId(0), &a.transpose(&[1, 0]).unwrap()).unwrap();
    let b = a.exp().unwrap();
    t.assign(StateId(1), &b.add(&b.transpose(&[1, 0]).unwrap()).unwrap()).unwrap();
    let states = HashMap::from([(StateId(0), Value::varied([3, 3])), (StateId(1), Value::varied([3, 3]))]);
    check(&t.graph(), &[], &states);
}

/// One choice of an operation and its operands.
type Choice = (u8, u8, u8, u8);

/// Grows a graph from random choices; what does not fit is left out.
fn grow(choices: &[Choice]) -> (Tracer, HashMap<StateId, Value>) {
    let t = Tracer::new();
    let shapes: [&[usize]; 8] = [&[3, 4], &[4], &[3, 1], &[], &[4, 4], &[2, 3, 4], &[1, 4], &[12]];
    let mut states = HashMap::new();
    let mut pool: Vec<Sym> = Vec::new();
    for (number, shape) in shapes.iter().enumerate() {
        let state = StateId(number as u32);
        pool.push(t.state(state, *shape, DType::F32));
        states.insert(state, Value::varied(*shape));
    }
    let random_state = t.state(StateId(8), [4], DType::I32);
    states.insert(StateId(8), Value::i32([4], vec![5, 0, 7, 0]));
    for &(code, first, second, third) in choices {
        // Nearby operands make deep graphs, far ones shared values.
        let pick = |n: u8| pool[pool.len() - 1 - usize::from(n) % pool.len()].clone();
        let (a, b) = (pick(first), pick(second));
        let axis = usize::from(third) % a.rank().max(1);
        let made = match code % 23 {
            0 | 1 => a.add(&b),
            2 => a.mul(&b),
            3 => a.sub(&b),
            4 => a.maximum(&b),
            5 => a.tanh(),
            6 => a.elu(0.5),
            7 => a.greater(&b).and_then(|condition| condition.select(&a, &b)),
            8 => a.sum(&[axis], third % 2 == 0),
            9 => a.max(&[axis], true),
            10 => a.transpose(&(0..a.rank()).rev().collect::<Vec<_>>()),
            11 => {
                let (dims, count) = (a.shape().dims().to_vec(), a.shape().numel());
                match (dims.as_slice(), third % 3) {
                    ([first, second, rest @ ..], 0) => a.reshape([&[first * second], rest].concat()),
                    ([rest @ .., last], 1) if last % 2 == 0 => a.reshape([rest, &[last / 2, 2]].concat()),
                    _ => a.reshape([count]),
                }
            }
            12 | 13 => a.mat_mul_with(&b, third % 2 == 0, third % 4 < 2),
            14 => a.slice(&vec![0; a.rank()], &a.shape().iter().map(|&dim| dim.div_ceil(2)).collect::<Vec<_>>()),
            15 => a.pad(&vec![1; a.rank()], &vec![0; a.rank()], 0.25),
            16 => t.concat(&[a.clone(), a.tanh().unwrap(), b], axis),
            17 => t.random(RandomKind::Uniform, &random_state, a.shape()).and_then(|random| a.mul(&random)),
            20 => {
                let window = |n: u8| {
                    let n = usize::from(n);
                    Window { size: n % 3 + 1, stride: n / 3 % 2 + 1, dilation: n / 6 % 2 + 1 }
                };
                let count = (1 + usize::from(second) % 2).min(a.rank() - axis.min(a.rank()));
                a.windows(axis, &[window(third), window(first)][..count])
            }
            21 if a.rank() >= 2 => {
                let count = if a.rank() >= 4 { 2 } else { 1 };
                let axis = usize::from(third) % (a.rank() - 2 * count + 1);
                let shape = a.shape();
                let window = |i: usize| {
                    let (stride, dilation) = (1 + usize::from(second) / 2 % 3, 1 + usize::from(first) % 2);
                    Window { size: shape[axis + count + i], stride, dilation }
                };
                let windows: Vec<Window> = (0..count).map(window).collect();
                let length = |i: usize| {
                    (shape[axis + i] - 1) * windows[i].stride
                        + windows[i].span()
                        + usize::from(third) % windows[i].stride
                };
                a.fold_windows(axis, &windows, &(0..count).map(length).collect::<Vec<_>>())
            }
            22 => a.with_gradient_of(&b),
            18 => t.iota([4], 0, DType::I32).and_then(|index| a.gather(&index)),
            _ => t.iota([1, 4], 1, DType::F32).and_then(|index| a.mul(&index)),
        };
        if let Ok(value) = made
            && value.shape().numel() <= 600
            && value.dtype() == DType::F32
        {
            pool.push(value);
        }
    }
    for value in pool.iter().rev().take(3) {
        t.output(value);
    }
    // Every state gets the newest value of its shape, if there is one.
    for (state, old) in &states {
        let fits = |value: &&Sym| value.shape() == old.shape && value.dtype() == old.dtype;
        if let Some(value) = pool.iter().skip(8).rev().find(fits) {
            t.assign(*state, value).unwrap();
        }
    }
    (t, states)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn programs_compute_what_their_graphs_mean(
        choices in prop::collection::vec((any::<u8>(), 0u8..12, any::<u8>(), any::<u8>()), 1..40)
    ) {
        let (tracer, states) = grow(&choices);
        check(&tracer.graph(), &[], &states);
    }
}
