//! Estimated cycles of kernels, to compare layouts: what is the same for all is left out.

use glorot_graph::program::{Body, Instr, Kernel, MapKernel, MatMulKernel, View};

/// Cycles of an element that is loaded or stored by itself, and of a vector that is.
const ELEMENT: f64 = 0.7;
const VECTOR: f64 = 1.5;
/// Vector multiply-adds in a cycle.
const MULTIPLY_ADDS: f64 = 2.0;
/// Cycles of a vector that is transposed.
const TRANSPOSE: f64 = 3.0;
/// Cycles of a row that is added up across its vector.
const ACROSS: f64 = 6.0;

/// Estimated cycles of a kernel on vectors of so many lanes.
pub(super) fn kernel(kernel: &Kernel, lanes: usize) -> f64 {
    match kernel {
        Kernel::Map(map) => map_cost(map, lanes),
        Kernel::Reduce(reduce) => {
            let inside = reduce.domain.rank().saturating_sub(1);
            let rows = reduce.domain.numel() as f64 / reduce.domain.last().copied().unwrap_or(1).max(1) as f64;
            let across = if reduce.axes.contains(&inside) { rows * ACROSS } else { 0.0 };
            body_cost(&reduce.body, &reduce.domain, lanes) + across * reduce.reductions.len() as f64
        }
        Kernel::MatMul(product) => product_cost(product, lanes),
        _ => 0.0,
    }
}

/// Estimated cycles of filling a turned input.
pub(super) fn fill_turned(elements: usize, lanes: usize) -> f64 {
    elements as f64 / lanes as f64 * TRANSPOSE
}

fn map_cost(map: &MapKernel, lanes: usize) -> f64 {
    let stores = map.stores.iter().map(|store| view_cost(&store.view, &map.domain, lanes));
    body_cost(&map.body, &map.domain, lanes) + stores.sum::<f64>()
}

fn body_cost(body: &Body, domain: &[usize], lanes: usize) -> f64 {
    let load = |instr: &Instr| match instr {
        Instr::Load { view, .. } => view_cost(view, domain, lanes),
        _ => 0.0,
    };
    body.instrs.iter().map(load).sum()
}

/// Cycles of all loads or stores through a view.
fn view_cost(view: &View, domain: &[usize], lanes: usize) -> f64 {
    let points = domain.iter().product::<usize>() as f64;
    match view.strides.last() {
        Some(&stride) if stride > 1 && domain.last() != Some(&1) => points * ELEMENT,
        _ => points / lanes as f64 * VECTOR,
    }
}

fn product_cost(product: &MatMulKernel, lanes: usize) -> f64 {
    let MatMulKernel { batch, m, n, k, .. } = *product;
    let vectors = |length: usize| length.div_ceil(lanes) as f64;
    let mut cycles = (m * k) as f64 * vectors(n) / MULTIPLY_ADDS;
    if product.b.columns != 1 && n > 1 {
        cycles += vectors(n) * k as f64 * TRANSPOSE;
    }
    batch as f64 * cycles + map_cost(&product.epilogue, lanes)
}
