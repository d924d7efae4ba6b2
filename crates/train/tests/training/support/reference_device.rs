//! A device that computes programs in f64, element by element, to be read. A second backend besides the CPU's: what the
//! training loop does must not depend on which one runs it.

use std::collections::HashMap;

use glorot_graph::device::{DatasetId, Device, DeviceError, ProgramId, Session};
use glorot_graph::program::*;
use glorot_graph::reference::{Value, compute, indices};
use glorot_graph::{Node, Op, StateId, TensorSpec};
use glorot_tensor::{Shape, Tensor};

#[derive(Debug)]
pub struct ReferenceDevice;

impl Device for ReferenceDevice {
    fn id(&self) -> String {
        "reference".into()
    }

    fn description(&self) -> String {
        "plain f64 interpreter".into()
    }

    fn session(&self, states: &[TensorSpec]) -> Result<Box<dyn Session>, DeviceError> {
        let states = states.iter().map(zeros).collect();
        Ok(Box::new(ReferenceSession { states, ..ReferenceSession::default() }))
    }
}

#[derive(Default)]
struct ReferenceSession {
    states: Vec<Value>,
    programs: Vec<Loaded>,
    datasets: HashMap<usize, Tensor>,
    next_dataset: usize,
}

struct Loaded {
    program: Program,
    inputs: Vec<Value>,
    /// An element lies at the place of its first byte.
    arena: Vec<f64>,
}

fn zeros(spec: &TensorSpec) -> Value {
    Value::new(spec.shape.clone(), spec.dtype, vec![0.0; spec.shape.numel()])
}

fn checked(value: &Tensor, spec: (&Shape, glorot_tensor::DType)) -> Result<Value, DeviceError> {
    match (value.shape(), value.dtype()) == spec {
        true => Ok(Value::from(value)),
        false => Err(DeviceError(format!("expected {} {}, received {value:?}", spec.1, spec.0))),
    }
}

impl Session for ReferenceSession {
    fn add_program(&mut self, program: &Program) -> Result<ProgramId, DeviceError> {
        let inputs = program.inputs.iter().map(|buffer| zeros(&program.buffers[buffer.index()].spec)).collect();
        let arena = vec![f64::NAN; program.arena_bytes];
        self.programs.push(Loaded { program: program.clone(), inputs, arena });
        Ok(ProgramId(self.programs.len() - 1))
    }

    fn add_state(&mut self, spec: &TensorSpec) -> Result<StateId, DeviceError> {
        self.states.push(zeros(spec));
        Ok(StateId(self.states.len() as u32 - 1))
    }

    fn write_state(&mut self, state: StateId, value: &Tensor) -> Result<(), DeviceError> {
        let state = &mut self.states[state.0 as usize];
        *state = checked(value, (&state.shape, state.dtype))?;
        Ok(())
    }

    fn read_state(&mut self, state: StateId) -> Result<Tensor, DeviceError> {
        Ok(tensor(&self.states[state.0 as usize]))
    }

    fn add_dataset(&mut self, data: &Tensor) -> Result<DatasetId, DeviceError> {
        self.next_dataset += 1;
        self.datasets.insert(self.next_dataset, data.clone());
        Ok(DatasetId(self.next_dataset))
    }

    fn remove_dataset(&mut self, dataset: DatasetId) {
        self.datasets.remove(&dataset.0);
    }

    fn write_input(&mut self, program: ProgramId, input: usize, value: &Tensor) -> Result<(), DeviceError> {
        let input = &mut self.programs[program.0].inputs[input];
        *input = checked(value, (&input.shape, input.dtype))?;
        Ok(())
    }

    fn gather_input(
        &mut self,
        program: ProgramId,
        input: usize,
        dataset: DatasetId,
        rows: &[u32],
    ) -> Result<(), DeviceError> {
        let data = Value::from(&self.datasets[&dataset.0]);
        let len = data.shape[1..].iter().product::<usize>();
        let gathered = rows.iter().flat_map(|&row| data.data[row as usize * len..][..len].iter().copied()).collect();
        let input = &mut self.programs[program.0].inputs[input];
        *input = Value::new(input.shape.clone(), data.dtype, gathered);
        Ok(())
    }

    fn run(&mut self, program: ProgramId) -> Result<(), DeviceError> {
        let kernels = self.programs[program.0].program.kernels.clone();
        let mut memory = Memory { loaded: &mut self.programs[program.0], states: &mut self.states };
        kernels.iter().for_each(|kernel| memory.run(kernel));
        // States are float32 like everywhere.
        self.states.iter_mut().for_each(|state| *state = Value::from(&tensor(state)));
        Ok(())
    }

    fn read_output(&mut self, program: ProgramId, output: usize) -> Result<Tensor, DeviceError> {
        let loaded = &mut self.programs[program.0];
        let buffer = loaded.program.outputs[output];
        Ok(tensor(&Memory { loaded, states: &mut self.states }.dense(buffer)))
    }

    fn append_output(&mut self, program: ProgramId, output: usize, values: &mut Vec<f32>) -> Result<(), DeviceError> {
        let output = self.read_output(program, output)?;
        values.extend_from_slice(output.as_f32().map_err(|error| DeviceError(error.to_string()))?);
        Ok(())
    }
}

fn tensor(value: &Value) -> Tensor {
    Tensor::from_f64(value.shape.clone(), value.dtype, &value.data).expect("a value has the length of its shape")
}

struct Memory<'a> {
    loaded: &'a mut Loaded,
    states: &'a mut Vec<Value>,
}

impl Memory<'_> {
    fn spec(&self, buffer: BufferId) -> &TensorSpec {
        &self.loaded.program.buffers[buffer.index()].spec
    }

    fn at(&mut self, buffer: BufferId, element: usize) -> &mut f64 {
        let Buffer { spec, place } = &self.loaded.program.buffers[buffer.index()];
        assert!(element < spec.shape.numel(), "element {element} of {}", spec.shape);
        match place {
            Place::Arena { offset } => &mut self.loaded.arena[offset + element * spec.dtype.size()],
            Place::State(state) => &mut self.states[state.0 as usize].data[element],
            Place::Input(number) => &mut self.loaded.inputs[*number as usize].data[element],
            Place::Constant(_) => panic!("constants are read by value"),
        }
    }

    fn read(&mut self, buffer: BufferId, element: usize) -> f64 {
        match &self.loaded.program.buffers[buffer.index()].place {
            Place::Constant(value) => value.to_f64()[element],
            _ => *self.at(buffer, element),
        }
    }

    fn dense(&mut self, buffer: BufferId) -> Value {
        let spec = self.spec(buffer).clone();
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
                    let data = indices(domain).map(|index| self.read(*buffer, element(view, &index))).collect();
                    Value::new(domain.clone(), dtype, data)
                }
                Instr::Fill { value, .. } => Value::new(domain.clone(), dtype, vec![*value; domain.numel()]),
                Instr::Iota { axis, start, .. } => {
                    let data = indices(domain).map(|index| (index[*axis] + start) as f64).collect();
                    Value::new(domain.clone(), dtype, data)
                }
                Instr::Random { kind, stream, state, element: view } => {
                    let in_order = indices(domain).enumerate().all(|(point, index)| element(view, &index) == point);
                    assert!(in_order, "a random tensor is generated in order");
                    compute(&node(Op::Random { kind: *kind, stream: *stream }), &[&self.dense(*state)])
                }
                Instr::Accumulator => accumulator.expect("an epilogue").clone(),
                Instr::Unary(op, a) => compute(&node(Op::Unary(*op)), &[of(a)]),
                Instr::Binary(op, a, b) => compute(&node(Op::Binary(*op)), &[of(a), of(b)]),
                Instr::Compare(op, a, b) => compute(&node(Op::Compare(*op)), &[of(a), of(b)]),
                Instr::Select { condition, on_true, on_false } => {
                    compute(&node(Op::Select), &[of(condition), of(on_true), of(on_false)])
                }
                Instr::Cast { value, to } => compute(&node(Op::Cast(*to)), &[of(value)]),
            };
            values.push(value);
        }
        values
    }

    fn store(&mut self, domain: &Shape, stores: &[Store], values: &[Value]) {
        for store in stores {
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
                    let op = match reduction.kind {
                        Reducer::Fold(kind) => Op::Reduce { kind, axes: reduce.axes.clone() },
                        Reducer::ArgMax => Op::ArgMax { axis: reduce.axes[0] },
                    };
                    let dtype = self.spec(reduction.output).dtype;
                    let node = Node { op, inputs: vec![], shape: reduce.domain.reduced(&reduce.axes, false), dtype };
                    self.write(reduction.output, &compute(&node, &[&values[reduction.value as usize]]));
                }
            }
            Kernel::MatMul(product) => self.mat_mul(product),
            Kernel::Gather(gather) => self.gather(gather),
            Kernel::ScatterAdd(scatter) => self.scatter_add(scatter),
            other => panic!("no model of these tests needs {other:?}"),
        }
    }

    fn write(&mut self, buffer: BufferId, value: &Value) {
        for (element, &x) in value.data.iter().enumerate() {
            *self.at(buffer, element) = x;
        }
    }

    fn mat_mul(&mut self, product: &MatMulKernel) {
        let &MatMulKernel { batch, m, n, k, .. } = product;
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
        let values = self.body(&map.domain, &map.body, Some(&accumulator));
        self.store(&map.domain, &map.stores, &values);
    }

    fn gather(&mut self, gather: &GatherKernel) {
        let fill = if self.spec(gather.output).dtype.is_float() { f64::NAN } else { 0.0 };
        for row in 0..gather.rows {
            let index = self.read(gather.indices, row);
            let known = index >= 0.0 && (index as usize) < gather.table_rows;
            for at in 0..gather.row_len {
                let value = if known { self.read(gather.table, index as usize * gather.row_len + at) } else { fill };
                *self.at(gather.output, row * gather.row_len + at) = value;
            }
        }
    }

    fn scatter_add(&mut self, scatter: &ScatterAddKernel) {
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
}

fn element(view: &View, index: &[usize]) -> usize {
    view.offset + view.strides.iter().zip(index).map(|(stride, i)| stride * i).sum::<usize>()
}
