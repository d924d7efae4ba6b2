//! The session's contract: inputs, states, data sets, errors, no allocation in a run.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{BodyBuilder, Builder, Dice, dense};
use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::device::{Device, Session};
use glorot_graph::program::*;
use glorot_graph::{BinaryOp, ReduceKind, StateId, TensorSpec, UnaryOp};
use glorot_tensor::{DType, Tensor};

/// Counts allocations of all threads.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: passes everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Tests of this file take turns, so that none counts another's allocations.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

fn turn() -> std::sync::MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn device() -> CpuDevice {
    CpuDevice::new(CpuOptions { threads: Some(2), ..CpuOptions::default() })
}

/// A step with every kind of kernel, large enough for several threads.
fn step() -> Builder {
    let (mut builder, mut dice) = (Builder::default(), Dice::new(2));
    let (m, n, k) = (64, 200, 300);
    let values = dice.values(m * k, DType::F32);
    let x = builder.input([m, k], DType::F32, values);
    let values = dice.values(k * n, DType::F32);
    let w = builder.state([k, n], DType::F32, values);
    let indices = builder.input([m], DType::I32, vec![3.0; m]);
    let h = builder.output([m, n], DType::F32);
    let mut body = BodyBuilder::default();
    let sum = body.push(Instr::Accumulator, DType::F32);
    let value = body.unary(UnaryOp::Tanh, sum);
    let stores = vec![Store { value, buffer: h, view: dense(&[1, m, n]) }];
    let epilogue = MapKernel { domain: [1, m, n].into(), body: body.0, stores };
    let a = MatrixView { buffer: x, offset: 0, batch: 0, rows: k, columns: 1, loops: None };
    let b = MatrixView { buffer: w, offset: 0, batch: 0, rows: n, columns: 1, loops: None };
    builder.kernel(Kernel::MatMul(MatMulKernel { batch: 1, m, n, k, a, b, epilogue }));
    for axes in [vec![0], vec![1], vec![0, 1]] {
        let mut body = BodyBuilder::default();
        let value = body.load(h, dense(&[m, n]), DType::F32);
        let kept: Vec<usize> = (0..2).filter(|axis| !axes.contains(axis)).map(|axis| [m, n][axis]).collect();
        let output = builder.output(kept, DType::F32);
        let reductions = vec![Reduction { kind: Reducer::Fold(ReduceKind::Sum), value, output }];
        builder.kernel(Kernel::Reduce(ReduceKernel { domain: [m, n].into(), axes, body: body.0, reductions }));
    }
    let mut body = BodyBuilder::default();
    let old = body.load(w, dense(&[k, n]), DType::F32);
    let factor = body.fill(0.999);
    let value = body.binary(BinaryOp::Mul, old, factor);
    let stores = vec![Store { value, buffer: w, view: dense(&[k, n]) }];
    builder.kernel(Kernel::Map(MapKernel { domain: [k, n].into(), body: body.0, stores }));
    let output = builder.output([m, n], DType::F32);
    builder.kernel(Kernel::Gather(GatherKernel { table: h, indices, output, rows: m, row_len: n, table_rows: m }));
    let sums = builder.output([m, n], DType::F32);
    let scatter = ScatterAddKernel { indices, source: output, output: sums, rows: m, row_len: n, table_rows: m };
    builder.kernel(Kernel::ScatterAdd(scatter));
    builder
}

#[test]
fn the_step_means_what_it_says() {
    let _turn = turn();
    step().check(&device(), 1e-4);
}

#[test]
fn a_run_allocates_nothing() {
    let _turn = turn();
    let builder = step();
    let specs: Vec<TensorSpec> = builder.states().into_iter().map(|(spec, _)| spec).collect();
    let device = device();
    let mut session = device.session(&specs).unwrap();
    let program = session.add_program(&builder.build()).unwrap();
    let data = session.add_dataset(&Tensor::zeros([100, 300], DType::F32)).unwrap();
    let rows: Vec<u32> = (0..64).collect();
    let mut values: Vec<f32> = Vec::with_capacity(64 * 200);
    // The pool's threads have started when they have worked.
    session.run(program).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(20));
    let mut quiet = 0;
    for _ in 0..10 {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        session.gather_input(program, 0, data, &rows).unwrap();
        session.run(program).unwrap();
        values.clear();
        session.append_output(program, 0, &mut values).unwrap();
        quiet += usize::from(ALLOCATIONS.load(Ordering::Relaxed) == before);
    }
    // The thread that starts the tests may allocate meanwhile, once for each test.
    assert!(quiet >= 8, "nothing was allocated in {quiet} runs of 10");
    assert!(values.iter().all(|&v| v == 0.0));
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

fn map(builder: &mut Builder) -> &mut MapKernel {
    match &mut builder.program.kernels[0] {
        Kernel::Map(kernel) => kernel,
        other => panic!("{other:?}"),
    }
}

#[test]
fn invalid_programs_are_refused() {
    let _turn = turn();
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
        ("arena", |b| b.program.buffers[1].place = Place::Arena { offset: 64 }),
        ("arena", |b| b.program.buffers[1].place = Place::Arena { offset: 3 }),
        ("accumulator", |b| map(b).body.instrs[1] = Instr::Accumulator),
    ];
    for (i, (message, damage)) in cases.iter().enumerate() {
        let mut builder = doubling();
        damage(&mut builder);
        let error = device().session(&[]).unwrap().add_program(&builder.build()).unwrap_err().to_string();
        assert!(error.contains(message), "case {i}: {error}");
    }
}

#[test]
fn what_is_written_must_not_be_read_elsewhere() {
    let _turn = turn();
    let mut builder = Builder::default();
    let x = builder.state([5], DType::F32, vec![0.0; 5]);
    let mut body = BodyBuilder::default();
    let value = body.load(x, View { offset: 1, strides: vec![1] }, DType::F32);
    let stores = vec![Store { value, buffer: x, view: View { offset: 0, strides: vec![1] } }];
    builder.kernel(Kernel::Map(MapKernel { domain: [4].into(), body: body.0, stores }));
    let error = builder.try_run(&device()).unwrap_err().to_string();
    assert!(error.contains("another view"), "{error}");
}

#[test]
fn tensors_go_in_and_come_out() {
    let _turn = turn();
    let device = device();
    let mut session = device.session(&[TensorSpec { shape: [2].into(), dtype: DType::I32 }]).unwrap();
    let builder = doubling();
    let program = session.add_program(&builder.build()).unwrap();
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

#[test]
fn wrong_arguments_are_named() {
    let _turn = turn();
    let device = device();
    let mut session = device.session(&[TensorSpec { shape: [2].into(), dtype: DType::I32 }]).unwrap();
    let program = session.add_program(&doubling().build()).unwrap();
    let data = session.add_dataset(&Tensor::zeros([10], DType::F32)).unwrap();
    let gone = session.add_dataset(&Tensor::zeros([10], DType::F32)).unwrap();
    session.remove_dataset(gone);
    let mut fails = |run: &mut dyn FnMut(&mut dyn Session) -> Result<(), glorot_graph::device::DeviceError>,
                     want: &str| {
        let error = run(&mut *session).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    };
    fails(
        &mut |s| s.write_input(program, 0, &Tensor::zeros([5], DType::F32)),
        "expected float32 [4], received float32 [5]",
    );
    fails(&mut |s| s.write_input(program, 1, &Tensor::zeros([5], DType::F32)), "input 1 does not exist");
    fails(
        &mut |s| s.write_state(StateId(0), &Tensor::zeros([2], DType::F32)),
        "expected int32 [2], received float32 [2]",
    );
    fails(&mut |s| s.read_state(StateId(1)).map(|_| ()), "state 1 does not exist");
    fails(&mut |s| s.gather_input(program, 0, data, &[0, 1, 2]), "received 3 rows");
    fails(&mut |s| s.gather_input(program, 0, data, &[0, 1, 2, 10]), "row 10 of a data set of 10 rows");
    fails(&mut |s| s.gather_input(program, 0, gone, &[0, 1, 2, 3]), "does not exist");
    fails(&mut |s| s.read_output(program, 1).map(|_| ()), "output 1 does not exist");
    fails(&mut |s| s.run(glorot_graph::device::ProgramId(3)), "program 3 does not exist");
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[test]
fn subnormal_numbers_are_zero_on_every_thread() {
    let _turn = turn();
    // As much as two threads share.
    let n = 200_000;
    let mut builder = Builder::default();
    let state = builder.state([n], DType::F32, vec![f64::from(f32::MIN_POSITIVE); n]);
    let mut body = BodyBuilder::default();
    let old = body.load(state, dense(&[n]), DType::F32);
    let half = body.fill(0.5);
    let value = body.binary(BinaryOp::Mul, old, half);
    let stores = vec![Store { value, buffer: state, view: dense(&[n]) }];
    builder.kernel(Kernel::Map(MapKernel { domain: [n].into(), body: body.0, stores }));
    let specs: Vec<TensorSpec> = builder.states().into_iter().map(|(spec, _)| spec).collect();
    let mut session = device().session(&specs).unwrap();
    let program = session.add_program(&builder.build()).unwrap();
    builder.write(&mut *session, program).unwrap();
    session.run(program).unwrap();
    let values = session.read_state(StateId(0)).unwrap();
    assert!(values.as_f32().unwrap().iter().all(|&value| value == 0.0));
    // The caller's own arithmetic is as before.
    assert!(std::hint::black_box(f32::MIN_POSITIVE) * std::hint::black_box(0.5) > 0.0);
}

#[test]
fn sessions_of_one_device_run_at_once() {
    let _turn = turn();
    let device = device();
    let builder = step();
    let alone = builder.run(&device);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let results = builder.run(&device);
                    assert!(results.iter().zip(&alone).all(|(a, b)| a.bytes() == b.bytes()));
                }
            });
        }
    });
}
