use std::fmt::Write;

use glorot_graph::program::{Instr, MapKernel};

use super::axes::{Axes, index_type};
use super::body;
use super::by_rows::RowAxis;
use super::function::{Function, Parameters, THREADS};
use super::points::{Points, Views};

/// Loops of fewer points go one point a thread: more threads hide latency better than wide loads save instructions.
const VECTOR_POINTS: usize = 1 << 15;

/// A fused elementwise loop, or that over some rows: a thread computes one point, or four neighbours.
pub(crate) fn map(kernel: &MapKernel, rows: Option<RowAxis>, parameters: &mut Parameters) -> Function {
    let views = Views::new(&kernel.body, &kernel.stores, kernel.domain.rank()).with_rows(rows);
    let index = index_type(views.largest(&kernel.domain).max(kernel.domain.numel() + 4 * THREADS));
    let axes = in_order_of_writes(kernel, &views, rows);
    let points = axes.points();

    let mut nest =
        Points { views: &views, nests: vec![(axes.clone(), "x")], four: false, parameters, accumulator: None };
    let divides = axes.dims.last().is_some_and(|last| last.is_multiple_of(4));
    nest.four =
        points >= VECTOR_POINTS && divides && (0..kernel.stores.len()).all(|i| nest.is_vector(views.of_store(i)));

    let step = if nest.four { 4 } else { 1 };
    let count = points / step;
    let mut code = String::new();
    let _ = writeln!(code, "const {index} i = ({index})unit * {THREADS} + t;\nif (i < {count}) {{");
    axes.split(&mut code, index, "i", "x", step);
    let values = body::write(&mut code, &kernel.body, &mut nest);
    nest.store(&mut code, &kernel.stores, &kernel.body, &values);
    code.push_str("}\n");
    let pointers = nest.parameters.elements.clone();
    Function { code, pointers, units: count.div_ceil(THREADS), shared: 0 }
}

/// The axes in the order in which the widest store (else the first load) walks through memory, so that neighbouring
/// threads write neighbouring elements. `rows`: not whole along this one.
fn in_order_of_writes(kernel: &MapKernel, views: &Views, rows: Option<RowAxis>) -> Axes {
    let mut order: Vec<usize> = (0..kernel.domain.rank()).collect();
    // Random numbers are drawn in blocks of neighbours: their order counts before that of memory.
    let draws = kernel.body.instrs.iter().any(|instr| matches!(instr, Instr::Random { .. }));
    if let (Some(store), false) = (kernel.stores.first(), draws) {
        order.sort_by_key(|&axis| std::cmp::Reverse(store.view.strides[axis]));
    }
    let dims: Vec<usize> = order.iter().map(|&axis| RowAxis::length_of(rows, &kernel.domain, axis)).collect();
    let strides: Vec<Vec<usize>> =
        views.strides.iter().map(|view| order.iter().map(|&axis| view[axis]).collect()).collect();
    Axes::join(&dims, &strides)
}
