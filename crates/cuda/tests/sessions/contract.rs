use glorot_cuda::{CudaOptions, StepKind};
use glorot_graph::device::{DatasetId, Device, DeviceError, ProgramId, Rows, Session};
use glorot_graph::program::*;
use glorot_graph::{BinaryOp, ReduceKind, StateId, TensorSpec, UnaryOp};
use glorot_tensor::{DType, Shuffle, Tensor};
use libtest_mimic::Trial;

use crate::common::{BodyBuilder, Builder, Dice, dense};
use crate::target::device;
use crate::trial;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("tensors_go_in_and_come_out", tensors),
        trial("wrong_arguments_are_named", arguments),
        trial("invalid_programs_are_refused", invalid),
        trial("many_steps_are_as_one_after_the_other", many_steps),
        trial("orders_of_rows_are_those_of_the_host", orders),
        trial("data_that_does_not_fit_is_streamed", streamed),
        trial("memory_is_counted_limited_and_given_back", memory),
    ]
}

/// `y = 2 x` over four floats.
fn doubling() -> Builder {
    let mut builder = Builder::default();
    let x = builder.input([4], DType::F32, vec![1.0, 2.0, 3.0, 4.0]);
    let y = builder.output([4], DType::F32);
    let mut body = BodyBuilder::default();
    let a = body.load(x, dense(&[4]), DType::F32);
    let value = body.binary(BinaryOp::Add, a, a);
    let stores = vec![Store { value, buffer: y, view: dense(&[4]) }];
    builder.kernel(Kernel::Map(MapKernel { domain: [4].into(), body: body.0, stores }));
    builder
}

fn tensors() {
    let device = device(false, CudaOptions::default());
    let mut session = device.session(&[TensorSpec { shape: [2].into(), dtype: DType::I32 }]).unwrap();
    let program = session.add_program(&doubling().build()).unwrap();
    assert_eq!(session.read_state(StateId(0)).unwrap().as_i32().unwrap(), [0, 0]);
    session.write_state(StateId(0), &Tensor::i32([2], vec![7, -7]).unwrap()).unwrap();
    let id = session.add_state(&TensorSpec { shape: [].into(), dtype: DType::Bool }).unwrap();
    assert_eq!(session.read_state(id).unwrap().bytes(), [0]);
    assert_eq!(session.read_state(StateId(0)).unwrap().as_i32().unwrap(), [7, -7]);
    session.write_input(program, 0, &Tensor::f32([4], vec![1.0, 2.0, 3.0, 4.0]).unwrap()).unwrap();
    session.run(program).unwrap();
    assert_eq!(session.read_output(program, 0).unwrap().as_f32().unwrap(), [2.0, 4.0, 6.0, 8.0]);
    let mut values = vec![1.0];
    session.append_output(program, 0, &mut values).unwrap();
    assert_eq!(values, [1.0, 2.0, 4.0, 6.0, 8.0]);
}

fn arguments() {
    let device = device(false, CudaOptions::default());
    let mut session = device.session(&[TensorSpec { shape: [2].into(), dtype: DType::I32 }]).unwrap();
    let program = session.add_program(&doubling().build()).unwrap();
    let data = session.add_dataset(&Tensor::zeros([10], DType::F32)).unwrap();
    let gone = session.add_dataset(&Tensor::zeros([10], DType::F32)).unwrap();
    session.remove_dataset(gone);
    let mut fails = |run: &mut dyn FnMut(&mut dyn Session) -> Result<(), DeviceError>, want: &str| {
        let error = run(&mut *session).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    };
    let zeros = |shape: [usize; 1]| Tensor::zeros(shape, DType::F32);
    fails(&mut |s| s.write_input(program, 0, &zeros([5])), "expected float32 [4], received float32 [5]");
    fails(&mut |s| s.write_input(program, 1, &zeros([5])), "input 1 does not exist");
    fails(&mut |s| s.write_state(StateId(0), &zeros([2])), "expected int32 [2], received float32 [2]");
    fails(&mut |s| s.read_state(StateId(1)).map(|_| ()), "state 1 does not exist");
    fails(&mut |s| s.gather_input(program, 0, data, &[0, 1, 2]), "received 3 rows");
    fails(&mut |s| s.gather_input(program, 0, data, &[0, 1, 2, 10]), "row 10 of a data set of 10 rows");
    fails(&mut |s| s.gather_input(program, 0, gone, &[0, 1, 2, 3]), "does not exist");
    fails(&mut |s| s.gather_input(program, 0, DatasetId(9), &[0, 1, 2, 3]), "does not exist");
    fails(&mut |s| s.run_steps(program, &[(0, data)], Rows::Listed(&[0, 1, 2, 3]), 2), "for each of 2 steps");
    fails(&mut |s| s.run_steps(program, &[(1, data)], Rows::Listed(&[0, 1, 2, 3]), 1), "input 1 does not exist");
    let beyond = Rows::Following { first: 8, len: 4 };
    fails(&mut |s| s.run_steps(program, &[(0, data)], beyond, 1), "row 10 of a data set of 10 rows");
    let shuffle = Shuffle::new(1, 2, 11);
    let beyond = Rows::Shuffled { shuffle: &shuffle, first: 0, len: 4 };
    fails(&mut |s| s.run_steps(program, &[(0, data)], beyond, 1), "row 10 of a data set of 10 rows");
    fails(&mut |s| s.read_output(program, 1).map(|_| ()), "output 1 does not exist");
    fails(&mut |s| s.run(ProgramId(3)), "program 3 does not exist");
    fails(&mut |s| s.add_dataset(&Tensor::scalar_f32(1.0)).map(|_| ()), "received a scalar");
}

fn map(builder: &mut Builder) -> &mut MapKernel {
    match &mut builder.program.kernels[0] {
        Kernel::Map(kernel) => kernel,
        other => panic!("{other:?}"),
    }
}

fn invalid() {
    type Damage = fn(&mut Builder);
    let cases: [(&str, Damage); 14] = [
        ("reaches beyond", |b| map(b).stores[0].view.offset = 1),
        ("reaches beyond", |b| map(b).domain = [5].into()),
        ("reaches beyond", |b| map(b).stores[0].view.strides = vec![usize::MAX]),
        ("rank", |b| map(b).stores[0].view.strides = vec![1, 1]),
        ("more than once", |b| map(b).stores[0].view.strides = vec![0]),
        ("does not exist", |b| map(b).stores[0].buffer = BufferId(9)),
        ("is an input", |b| map(b).stores[0].buffer = BufferId(0)),
        ("before it is computed", |b| map(b).body.instrs[1] = Instr::Binary(BinaryOp::Add, 0, 1)),
        ("before it is computed", |b| map(b).stores[0].value = 7),
        ("dtype", |b| map(b).body.dtypes[1] = DType::I32),
        ("dtypes", |b| map(b).body.dtypes.truncate(1)),
        ("accumulator", |b| map(b).body.instrs[1] = Instr::Accumulator),
        ("state 3 does not exist", |b| b.program.buffers[1].place = Place::State(StateId(3))),
        ("another view", |b| {
            b.program.buffers[1].spec.shape = [5].into();
            let view = View { offset: 1, strides: vec![1] };
            map(b).body.instrs[0] = Instr::Load { buffer: BufferId(1), view };
        }),
    ];
    for (i, (message, damage)) in cases.iter().enumerate() {
        let mut builder = doubling();
        damage(&mut builder);
        let device = device(false, CudaOptions::default());
        let error = device.session(&[]).unwrap().add_program(&builder.build()).unwrap_err().to_string();
        assert!(error.contains(message), "case {i}: {error}");
    }
}

/// A small training: `w -= 0.1 xᵀ (tanh(x w) - y)`, with the sum of squares counted in a state, and several stages.
fn training(batch: usize) -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(8));
    let (features, units) = (12, 20);
    let x = builder.input([batch, features], DType::F32, vec![0.0; batch * features]);
    let y = builder.input([batch], DType::U8, vec![0.0; batch]);
    let values = dice.values(features * units, DType::F32);
    let w = builder.state([features, units], DType::F32, values);
    let total = builder.state([], DType::F32, vec![0.0]);
    let (error, loss) = (builder.scratch([batch, units], DType::F32), builder.output([], DType::F32));
    let view = |rows, columns| MatrixView { buffer: x, offset: 0, batch: 0, rows, columns, loops: None };

    let mut body = BodyBuilder::default();
    let sum = body.push(Instr::Accumulator, DType::F32);
    let h = body.unary(UnaryOp::Tanh, sum);
    let label = body.load(y, View { offset: 0, strides: vec![0, 1, 0] }, DType::U8);
    let label = body.push(Instr::Cast { value: label, to: DType::F32 }, DType::F32);
    let scale = body.fill(0.01);
    let label = body.binary(BinaryOp::Mul, label, scale);
    let value = body.binary(BinaryOp::Sub, h, label);
    let domain = [1, batch, units];
    let stores = vec![Store { value, buffer: error, view: dense(&domain) }];
    let epilogue = MapKernel { domain: domain.into(), body: body.0, stores };
    let b = MatrixView { buffer: w, offset: 0, batch: 0, rows: units, columns: 1, loops: None };
    let product = MatMulKernel { batch: 1, m: batch, n: units, k: features, a: view(features, 1), b, epilogue };
    builder.kernel(Kernel::MatMul(product));

    let mut body = BodyBuilder::default();
    let e = body.load(error, dense(&[batch, units]), DType::F32);
    let value = body.unary(UnaryOp::Square, e);
    let reductions = vec![Reduction { kind: Reducer::Fold(ReduceKind::Sum), value, output: loss }];
    let domain = [batch, units].into();
    builder.kernel(Kernel::Reduce(ReduceKernel { domain, axes: vec![0, 1], body: body.0, reductions }));

    let mut body = BodyBuilder::default();
    let [old, new] = [total, loss].map(|b| body.load(b, dense(&[]), DType::F32));
    let value = body.binary(BinaryOp::Add, old, new);
    let stores = vec![Store { value, buffer: total, view: dense(&[]) }];
    builder.kernel(Kernel::Map(MapKernel { domain: [].into(), body: body.0, stores }));

    let mut body = BodyBuilder::default();
    let gradient = body.push(Instr::Accumulator, DType::F32);
    let rate = body.fill(0.01);
    let change = body.binary(BinaryOp::Mul, gradient, rate);
    let domain = [1, features, units];
    let old = body.load(w, dense(&domain), DType::F32);
    let value = body.binary(BinaryOp::Sub, old, change);
    let stores = vec![Store { value, buffer: w, view: dense(&domain) }];
    let epilogue = MapKernel { domain: domain.into(), body: body.0, stores };
    let b = MatrixView { buffer: error, offset: 0, batch: 0, rows: units, columns: 1, loops: None };
    let product = MatMulKernel { batch: 1, m: features, n: units, k: batch, a: view(1, features), b, epilogue };
    builder.kernel(Kernel::MatMul(product));
    builder
}

const BATCH: usize = 8;
const SAMPLES: usize = 100;

/// Inputs and labels.
fn data() -> [Tensor; 2] {
    let mut dice = Dice::new(9);
    let x = dice.values(SAMPLES * 12, DType::F32);
    let y = dice.values(SAMPLES, DType::U8);
    [Tensor::from_f64([SAMPLES, 12], DType::F32, &x).unwrap(), Tensor::from_f64([SAMPLES], DType::U8, &y).unwrap()]
}

/// The weights and the total after `steps` steps in calls of `at_once`.
pub fn train(device: &dyn Device, steps: usize, at_once: usize) -> Vec<Vec<u8>> {
    let mut dice = Dice::new(10);
    let rows: Vec<u32> = (0..steps * BATCH).map(|_| dice.below(SAMPLES) as u32).collect();
    train_on(device, Rows::Listed(&rows), at_once)
}

/// The same after steps on these rows.
fn train_on(device: &dyn Device, rows: Rows<'_>, at_once: usize) -> Vec<Vec<u8>> {
    let steps = rows.len() / BATCH;
    let builder = training(BATCH);
    let specs: Vec<TensorSpec> = builder.states().into_iter().map(|(spec, _)| spec).collect();
    let mut session = device.session(&specs).unwrap();
    let program = session.add_program(&builder.build()).unwrap();
    builder.write(&mut *session, program).unwrap();
    let feeds: Vec<(usize, DatasetId)> =
        data().iter().enumerate().map(|(i, tensor)| (i, session.add_dataset(tensor).unwrap())).collect();
    let mut done = 0;
    while done < steps {
        let count = at_once.min(steps - done);
        session.run_steps(program, &feeds, rows.part(done * BATCH, count * BATCH), count).unwrap();
        done += count;
        // A kernel that is compiled meanwhile gets its turn.
        std::thread::sleep(std::time::Duration::from_millis(if at_once > 1 && done < 200 { 20 } else { 0 }));
    }
    for (_, dataset) in feeds {
        session.remove_dataset(dataset);
    }
    (0..specs.len()).map(|state| session.read_state(StateId(state as u32)).unwrap().bytes().to_vec()).collect()
}

fn many_steps() {
    let with = |step| device(false, CudaOptions { step, ..CudaOptions::default() });
    let (steps, graph) = (400, with(StepKind::Graph));
    let each = train(&graph, steps, 1);
    assert_eq!(train(&graph, steps, 50), each, "graphs");
    for (name, kind) in StepKind::ALL {
        assert_eq!(train(&with(kind), steps, 50), each, "{name}");
    }
    let cpu = glorot_cpu::CpuDevice::new(glorot_cpu::CpuOptions { threads: Some(1), ..Default::default() });
    let floats = |bytes: &[u8]| -> Vec<f32> {
        bytes.chunks_exact(4).map(|w| f32::from_ne_bytes([w[0], w[1], w[2], w[3]])).collect()
    };
    for (got, want) in each.iter().zip(train(&cpu, steps, 1)) {
        for (a, b) in floats(got).iter().zip(floats(&want)) {
            assert!((a - b).abs() <= 1e-3 * (1.0 + b.abs()), "{a}, on the CPU {b}");
        }
    }
}

/// Bytes that are enough for a session of [`training`] and for two of its batches, but not for the samples.
pub const TOO_LITTLE: usize = 9 << 10;

/// The GPU works out an order of rows as the host does.
fn orders() {
    let (resident, cpu) = (device(false, CudaOptions::default()), glorot_cpu::CpuDevice::new(Default::default()));
    let small = device(false, CudaOptions { memory_limit: Some(TOO_LITTLE), ..CudaOptions::default() });
    let (whole, few) = (Shuffle::new(5, 1 << 63, SAMPLES as u32), Shuffle::new(6, 1, 65));
    for rows in [
        Rows::Following { first: 0, len: 96 },
        Rows::Following { first: 11, len: 88 },
        Rows::Shuffled { shuffle: &whole, first: 0, len: 96 },
        Rows::Shuffled { shuffle: &whole, first: 13, len: 80 },
        Rows::Shuffled { shuffle: &few, first: 1, len: 64 },
    ] {
        let mut list = Vec::new();
        let listed = Rows::Listed(rows.list(&mut list));
        let want = train_on(&resident, listed, 3);
        assert_eq!(train_on(&resident, rows, 3), want, "{rows:?}");
        assert_eq!(train_on(&small, rows, 3), want, "{rows:?}, sent from the host");
        assert_eq!(train_on(&cpu, rows, 3), train_on(&cpu, listed, 3), "{rows:?} on the CPU");
    }
}

fn streamed() {
    let resident = device(false, CudaOptions::default());
    let small = device(false, CudaOptions { memory_limit: Some(TOO_LITTLE), ..CudaOptions::default() });
    assert_eq!(train(&small, 60, 7), train(&resident, 60, 7));
    assert_eq!(small.used_bytes(), 0);
    let mut session = small.session(&[]).unwrap();
    let big = Tensor::u8([TOO_LITTLE, 1], vec![0; TOO_LITTLE]).unwrap();
    session.add_dataset(&big).unwrap();
    session.add_dataset(&Tensor::u8([1024, 1], vec![0; 1024]).unwrap()).unwrap();
    let report = session.report().unwrap();
    assert!(report.contains("; data: 1.0 KiB on the GPU, 9.0 KiB sent from the host by batches"), "{report}");
}

fn memory() {
    let device = device(false, CudaOptions { memory_limit: Some(1 << 20), ..CudaOptions::default() });
    let spec = TensorSpec { shape: [1 << 19].into(), dtype: DType::F32 };
    let error = device.session(std::slice::from_ref(&spec)).err().unwrap().to_string();
    let want = "cuda:0: no memory for the weights and the optimizer's state: it needs 2.0 MiB, 512 bytes are in use, \
                memoryLimit is 1.0 MiB; take a smaller batch or model, or raise memoryLimit";
    assert_eq!(error, want);
    let small = TensorSpec { shape: [100].into(), dtype: DType::F32 };
    let mut session = device.session(&[small]).unwrap();
    let before = device.used_bytes();
    session.add_program(&doubling().build()).unwrap();
    assert!(device.used_bytes() > before);
    let report = session.report().unwrap();
    let want = "cuda:0: 1.5 KiB in use, of which states 400 bytes\nprogram 0: arena 256 bytes, 1 launches a step";
    assert_eq!(report, want);
    drop(session);
    assert_eq!(device.used_bytes(), 0);
}
