//! What a reduce kernel becomes: a reduction, or a loop where there is nothing to combine.

use glorot_graph::device::DeviceError;
use glorot_graph::program::{Body, Instr, MapKernel, ReduceKernel, Reducer, Store, View};
use glorot_tensor::{DType, Shape};

use super::accumulate::Kind;
use super::kernel::ReduceTasks;
use crate::memory::Buffers;

/// What a reduce kernel becomes.
#[derive(Debug)]
pub(crate) enum ReducePlan {
    /// Nothing is combined: the values are the results.
    Map(MapKernel),
    Reduce(Box<ReduceTasks>),
}

pub(super) fn error(detail: impl Into<String>) -> DeviceError {
    DeviceError(format!("reduction: {}", detail.into()))
}

/// Checks a kernel and cuts it into tasks.
pub(crate) fn plan(buffers: &Buffers, kernel: &ReduceKernel) -> Result<ReducePlan, DeviceError> {
    let (domain, axes) = (&kernel.domain, &kernel.axes);
    let sorted = axes.windows(2).all(|pair| pair[0] < pair[1]);
    if axes.is_empty() || !sorted || axes.iter().any(|&axis| axis >= domain.rank()) {
        return Err(error(format!("expected ascending axes of {domain}, received {axes:?}")));
    }
    let count: usize = axes.iter().map(|&axis| domain[axis]).product();
    if kernel.reductions.iter().any(|reduction| reduction.kind == Reducer::ArgMax) && (axes.len() != 1 || count == 0) {
        return Err(error("argMax takes one axis that is not empty"));
    }
    if count <= 1 {
        return as_map(kernel, count).map(ReducePlan::Map);
    }
    ReduceTasks::new(buffers, kernel).map(|tasks| ReducePlan::Reduce(Box::new(tasks)))
}

/// A reduction of one element (or none) for each result: its value (or the value of nothing).
fn as_map(kernel: &ReduceKernel, count: usize) -> Result<MapKernel, DeviceError> {
    let domain: Shape = (0..kernel.domain.rank())
        .map(|axis| if kernel.axes.contains(&axis) { 1 } else { kernel.domain[axis] })
        .collect();
    let strides = domain.strides();
    let mut body = if count == 0 { Body::default() } else { kernel.body.clone() };
    let mut stores = Vec::new();
    for reduction in &kernel.reductions {
        let Some(&dtype) = kernel.body.dtypes.get(reduction.value as usize) else {
            return Err(error(format!("value {} does not exist", reduction.value)));
        };
        let Some(kind) = Kind::of(reduction.kind, dtype) else { return Err(error(format!("of {dtype}"))) };
        let value = match kind {
            Kind::Fold(_) if count == 1 => reduction.value,
            _ => {
                let (value, dtype) = match (kind, dtype) {
                    (Kind::ArgMax(_), _) => (0.0, DType::I32),
                    (Kind::Fold(fold), DType::F32) => (f64::from(f32::from_bits(fold.identity())), dtype),
                    (Kind::Fold(fold), _) => (f64::from(fold.identity() as i32), dtype),
                };
                body.instrs.push(Instr::Fill { value, dtype });
                body.dtypes.push(dtype);
                body.instrs.len() as u32 - 1
            }
        };
        stores.push(Store { value, buffer: reduction.output, view: View { offset: 0, strides: strides.clone() } });
    }
    Ok(MapKernel { domain, body, stores })
}
