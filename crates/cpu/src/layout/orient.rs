//! Which loop of a kernel is the innermost one: the one along which its matrices are contiguous.

use glorot_graph::program::{Body, Instr, Kernel, MapKernel, MatMulKernel, MatrixView, ReduceKernel, View};
use glorot_tensor::Shape;

/// Puts the loop inside along which most views step by one element, where that is another one.
pub(super) fn orient(kernel: Kernel) -> Kernel {
    match kernel {
        Kernel::Map(kernel) => {
            let views = || loads(&kernel.body).chain(kernel.stores.iter().map(|store| &store.view));
            match innermost(&kernel.domain, views) {
                Some(axis) => Kernel::Map(permuted(kernel, axis)),
                None => Kernel::Map(kernel),
            }
        }
        Kernel::Reduce(kernel) => {
            let axis = innermost(&kernel.domain, || loads(&kernel.body));
            Kernel::Reduce(axis.and_then(|axis| reduce_inside(&kernel, axis)).unwrap_or(kernel))
        }
        Kernel::MatMul(kernel) => {
            let views = || loads(&kernel.epilogue.body).chain(kernel.epilogue.stores.iter().map(|store| &store.view));
            let turned = innermost(&kernel.epilogue.domain, views) == Some(1);
            Kernel::MatMul(if turned { transposed(kernel) } else { kernel })
        }
        other => other,
    }
}

fn loads(body: &Body) -> impl Iterator<Item = &View> {
    body.instrs.iter().filter_map(|instr| if let Instr::Load { view, .. } = instr { Some(view) } else { None })
}

/// The axis that should be the innermost, unless it is: the one along which most elements are contiguous.
fn innermost<'a, I: Iterator<Item = &'a View>>(domain: &[usize], views: impl Fn() -> I) -> Option<usize> {
    let last = (0..domain.len()).rev().find(|&axis| domain[axis] > 1)?;
    let elements = |view: &View| -> usize {
        let moving = domain.iter().zip(&view.strides).filter(|(_, stride)| **stride > 0);
        moving.map(|(dim, _)| dim).product()
    };
    let along = |axis: usize| views().filter(|view| view.strides.get(axis) == Some(&1)).map(elements).sum::<usize>();
    let best = (0..domain.len()).filter(|&axis| domain[axis] > 1).max_by_key(|&axis| along(axis))?;
    (along(best) > along(last)).then_some(best)
}

/// The axes with one of them moved inside.
fn order(rank: usize, inside: usize) -> Vec<usize> {
    (0..rank).filter(|&axis| axis != inside).chain([inside]).collect()
}

fn permute_view(view: &mut View, order: &[usize]) {
    view.strides = order.iter().map(|&axis| view.strides[axis]).collect();
}

fn permute_body(body: &mut Body, order: &[usize]) {
    for instr in &mut body.instrs {
        match instr {
            Instr::Load { view, .. } | Instr::Random { element: view, .. } => permute_view(view, order),
            Instr::Iota { axis, .. } => {
                *axis = order.iter().position(|old| old == axis).expect("the order has every axis");
            }
            _ => {}
        }
    }
}

fn permuted_by(mut kernel: MapKernel, order: &[usize]) -> MapKernel {
    kernel.domain = order.iter().map(|&axis| kernel.domain[axis]).collect::<Shape>();
    permute_body(&mut kernel.body, order);
    kernel.stores.iter_mut().for_each(|store| permute_view(&mut store.view, order));
    kernel
}

fn permuted(kernel: MapKernel, inside: usize) -> MapKernel {
    let order = order(kernel.domain.rank(), inside);
    permuted_by(kernel, &order)
}

/// A reduction with an axis moved inside; `None` if that would change the order of its results.
fn reduce_inside(kernel: &ReduceKernel, inside: usize) -> Option<ReduceKernel> {
    let order = order(kernel.domain.rank(), inside);
    let kept = |axes: &[usize]| -> Vec<usize> {
        axes.iter().copied().filter(|&axis| !kernel.axes.contains(&axis) && kernel.domain[axis] > 1).collect()
    };
    if kept(&order) != kept(&(0..kernel.domain.rank()).collect::<Vec<_>>()) {
        return None;
    }
    let mut moved = kernel.clone();
    moved.domain = order.iter().map(|&axis| kernel.domain[axis]).collect::<Shape>();
    permute_body(&mut moved.body, &order);
    moved.axes = (0..order.len()).filter(|&axis| kernel.axes.contains(&order[axis])).collect();
    Some(moved)
}

/// The product `bᵀ aᵀ`, which is that of the transposed result.
fn transposed(kernel: MatMulKernel) -> MatMulKernel {
    let turn = |view: MatrixView| MatrixView { rows: view.columns, columns: view.rows, ..view };
    MatMulKernel {
        batch: kernel.batch,
        m: kernel.n,
        n: kernel.m,
        k: kernel.k,
        a: turn(kernel.b),
        b: turn(kernel.a),
        epilogue: permuted_by(kernel.epilogue, &[0, 2, 1]),
    }
}
