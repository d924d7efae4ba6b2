//! What kernels rely on, checked before code is made: every view lies inside its buffer, every value is computed
//! before it is used and has the dtype that its place needs.

use glorot_graph::device::DeviceError;
use glorot_graph::program::{Body, Buffer, BufferId, Instr, Kernel, MapKernel, Place, Program, Reducer, View};
use glorot_tensor::DType;

type Result<T = ()> = std::result::Result<T, DeviceError>;

fn error<T>(detail: String) -> Result<T> {
    Err(DeviceError(format!("invalid program: {detail}")))
}

/// Fails if a kernel of the program would reach memory that is not its own.
pub(crate) fn check(program: &Program) -> Result {
    let check = Check(&program.buffers);
    for id in program.inputs.iter().chain(&program.outputs) {
        check.get(*id)?;
    }
    for buffer in &program.buffers {
        let numel = buffer.spec.shape.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
        let bytes = numel.and_then(|numel| numel.checked_mul(buffer.spec.dtype.size()));
        if bytes.is_none_or(|bytes| bytes > isize::MAX as usize) {
            return Err(DeviceError(format!("a tensor of shape {} does not fit into memory", buffer.spec.shape)));
        }
    }
    program.kernels.iter().try_for_each(|kernel| check.kernel(kernel))
}

struct Check<'a>(&'a [Buffer]);

impl Check<'_> {
    fn get(&self, id: BufferId) -> Result<&Buffer> {
        match self.0.get(id.index()) {
            Some(buffer) => Ok(buffer),
            None => error(format!("buffer {} does not exist", id.0)),
        }
    }

    fn view(&self, id: BufferId, view: &View, domain: &[usize]) -> Result<DType> {
        let spec = &self.get(id)?.spec;
        if view.strides.len() != domain.len() {
            return error(format!("a view of rank {} in a domain of rank {}", view.strides.len(), domain.len()));
        }
        let last = domain.iter().zip(&view.strides).try_fold(view.offset, |sum, (dim, stride)| {
            stride.checked_mul(dim.saturating_sub(1)).and_then(|reach| sum.checked_add(reach))
        });
        if !domain.contains(&0) && last.is_none_or(|last| last >= spec.shape.numel()) {
            return error(format!("a view reaches beyond the {} elements of buffer {}", spec.shape.numel(), id.0));
        }
        Ok(spec.dtype)
    }

    fn dense(&self, id: BufferId, dtype: DType, numel: usize) -> Result {
        let spec = &self.get(id)?.spec;
        if spec.dtype != dtype || spec.shape.numel() < numel {
            let received = format!("{} of {}", spec.shape.numel(), spec.dtype);
            return error(format!("buffer {}: expected {numel} of {dtype}, received {received}", id.0));
        }
        Ok(())
    }

    fn written(&self, id: BufferId) -> Result {
        match self.get(id)?.place {
            Place::State(_) | Place::Arena { .. } => Ok(()),
            _ => error(format!("buffer {} is written, but is an input or a constant", id.0)),
        }
    }

    fn kernel(&self, kernel: &Kernel) -> Result {
        match kernel {
            Kernel::Map(map) => self.map(map, false),
            Kernel::MatMul(product) => {
                let [m, n, k] = [product.m, product.n, product.k];
                for (view, rows, columns) in [(&product.a, m, k), (&product.b, k, n)] {
                    if view.loops.is_some() {
                        return error(format!(
                            "buffer {} of a matrix product needs more than two strides",
                            view.buffer.0
                        ));
                    }
                    let strides = vec![view.batch, view.rows, view.columns];
                    let flat = View { offset: view.offset, strides };
                    if self.view(view.buffer, &flat, &[product.batch, rows, columns])? != DType::F32 {
                        return error(format!("buffer {} of a matrix product is not float32", view.buffer.0));
                    }
                }
                if product.epilogue.domain.dims() != [product.batch, m, n] {
                    return error(format!("a product [{}, {m}, {n}] with another epilogue", product.batch));
                }
                self.map(&product.epilogue, true)
            }
            Kernel::Reduce(reduce) => {
                self.body(&reduce.body, &reduce.domain, false)?;
                let kept = (0..reduce.domain.rank()).filter(|axis| !reduce.axes.contains(axis));
                let numel = kept.map(|axis| reduce.domain[axis]).product();
                for reduction in &reduce.reductions {
                    let dtype = value(&reduce.body, reduction.value)?;
                    let is_index = reduction.kind == Reducer::ArgMax;
                    if is_index && reduce.axes.len() != 1 {
                        return error("an argMax along several axes".into());
                    }
                    self.written(reduction.output)?;
                    self.dense(reduction.output, if is_index { DType::I32 } else { dtype }, numel)?;
                }
                Ok(())
            }
            Kernel::Gather(gather) => {
                self.written(gather.output)?;
                let dtype = self.get(gather.table)?.spec.dtype;
                self.dense(gather.table, dtype, gather.table_rows * gather.row_len)?;
                self.dense(gather.indices, DType::I32, gather.rows)?;
                self.dense(gather.output, dtype, gather.rows * gather.row_len)
            }
            Kernel::ScatterAdd(scatter) => {
                self.written(scatter.output)?;
                self.dense(scatter.source, DType::F32, scatter.rows * scatter.row_len)?;
                self.dense(scatter.indices, DType::I32, scatter.rows)?;
                self.dense(scatter.output, DType::F32, scatter.table_rows * scatter.row_len)
            }
            Kernel::FoldWindows(fold) if fold.product.is_some() => {
                error(format!("windows of a product are folded to buffer {}", fold.output.0))
            }
            Kernel::FoldWindows(fold) => {
                self.written(fold.output)?;
                let taken: usize = fold.axes.iter().map(|axis| axis.positions * axis.size).product();
                let length: usize = fold.axes.iter().map(|axis| axis.length).product();
                self.dense(fold.source, DType::F32, fold.outer * taken * fold.inner)?;
                self.dense(fold.output, DType::F32, fold.outer * length * fold.inner)
            }
        }
    }

    fn map(&self, map: &MapKernel, product: bool) -> Result {
        self.body(&map.body, &map.domain, product)?;
        for store in &map.stores {
            self.written(store.buffer)?;
            let dtype = self.view(store.buffer, &store.view, &map.domain)?;
            let stored = value(&map.body, store.value)?;
            if stored != dtype {
                return error(format!("a value of dtype {stored} is stored to buffer {} of {dtype}", store.buffer.0));
            }
            if map.domain.contains(&0) {
                continue;
            }
            let mut axes: Vec<(usize, usize)> = store
                .view
                .strides
                .iter()
                .copied()
                .zip(map.domain.iter().copied())
                .filter(|&(_, dim)| dim > 1)
                .collect();
            axes.sort_unstable();
            let mut reach = 0;
            for (stride, dim) in axes {
                if stride <= reach {
                    return error(format!("a store writes elements of buffer {} more than once", store.buffer.0));
                }
                reach += stride * (dim - 1);
            }
            for instr in &map.body.instrs {
                let Instr::Load { buffer, view } = instr else { continue };
                let moving = |view: &View| -> Vec<usize> {
                    view.strides.iter().zip(map.domain.iter()).filter(|(_, dim)| **dim > 1).map(|(s, _)| *s).collect()
                };
                let same = view.offset == store.view.offset && moving(view) == moving(&store.view);
                if *buffer == store.buffer && !same {
                    return error(format!("buffer {} is written while it is read through another view", buffer.0));
                }
            }
        }
        Ok(())
    }

    fn body(&self, body: &Body, domain: &[usize], product: bool) -> Result {
        if body.dtypes.len() != body.instrs.len() {
            return error(format!("{} instructions with {} dtypes", body.instrs.len(), body.dtypes.len()));
        }
        for (number, (instr, &dtype)) in body.instrs.iter().zip(&body.dtypes).enumerate() {
            let of = |a: u32| match (a as usize) < number {
                true => Ok(body.dtypes[a as usize]),
                false => error(format!("value {a} is used before it is computed")),
            };
            let result = match instr {
                Instr::Load { buffer, view } => self.view(*buffer, view, domain)?,
                Instr::Random { state, element, .. } => {
                    self.dense(*state, DType::I32, 4)?;
                    if element.strides.len() != domain.len() {
                        return error("a random number of another rank".into());
                    }
                    DType::F32
                }
                Instr::Iota { axis, dtype, .. } if *axis < domain.len() => *dtype,
                Instr::Iota { axis, .. } => return error(format!("an index along axis {axis} of {}", domain.len())),
                Instr::Fill { dtype, .. } => *dtype,
                Instr::Accumulator if product => DType::F32,
                Instr::Accumulator => return error("an accumulator without a product".into()),
                Instr::Unary(glorot_graph::UnaryOp::IsFinite, a) => of(*a).map(|_| DType::Bool)?,
                Instr::Unary(_, a) => of(*a)?,
                Instr::Binary(_, a, b) => same(of(*a)?, of(*b)?)?,
                Instr::Compare(_, a, b) => same(of(*a)?, of(*b)?).map(|_| DType::Bool)?,
                Instr::Select { condition, on_true, on_false } => {
                    same(of(*condition)?, DType::Bool)?;
                    same(of(*on_true)?, of(*on_false)?)?
                }
                Instr::Cast { value, to } => of(*value).map(|_| *to)?,
            };
            if result != dtype {
                return error(format!("value {number} has dtype {result}, not {dtype}"));
            }
        }
        Ok(())
    }
}

fn same(a: DType, b: DType) -> Result<DType> {
    if a == b { Ok(a) } else { error(format!("operands of dtypes {a} and {b}")) }
}

fn value(body: &Body, number: u32) -> Result<DType> {
    match body.dtypes.get(number as usize) {
        Some(dtype) => Ok(*dtype),
        None => error(format!("value {number} is used before it is computed")),
    }
}
