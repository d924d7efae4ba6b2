//! Which loop becomes the rows of a map kernel's tiles.

use glorot_graph::program::{Instr, MapKernel};

/// Tiles of at least this many points are large enough: choosing an instruction costs little beside running it.
const ENOUGH: usize = 256;

/// The axes of a kernel's domain, outermost first. The order is that of the domain, unless its last two loops are short
/// (windows of an image, for example): then a longer loop takes the place of the rows.
pub(super) fn order(kernel: &MapKernel) -> Vec<usize> {
    let domain = &kernel.domain;
    let (mut order, axes): (Vec<usize>, Vec<usize>) = (0..domain.rank()).partition(|&axis| domain[axis] == 1);
    let strides = strides(kernel);
    // Loops that every view walks as one stay together.
    let mut loops: Vec<Vec<usize>> = Vec::new();
    for axis in axes {
        let joins = |outer: usize| strides.iter().all(|s| s[outer] == s[axis] * domain[axis]);
        match loops.last_mut() {
            Some(run) if run.last().is_some_and(|&outer| joins(outer)) => run.push(axis),
            _ => loops.push(vec![axis]),
        }
    }
    let length = |run: &Vec<usize>| run.iter().map(|&axis| domain[axis]).product::<usize>();
    if let [outer @ .., rows, columns] = &loops[..] {
        let (wanted, columns) = (ENOUGH.div_ceil(length(columns).max(1)), length(columns));
        let longest = outer.iter().enumerate().max_by_key(|(place, run)| (length(run).min(wanted), *place));
        if length(rows) * columns < ENOUGH
            && let Some((place, run)) = longest
            && length(run) > length(rows)
        {
            let rows = loops.remove(place);
            loops.insert(loops.len() - 1, rows);
        }
    }
    order.extend(loops.into_iter().flatten());
    order
}

/// How each view of a kernel moves along the domain.
fn strides(kernel: &MapKernel) -> Vec<Vec<usize>> {
    let of_instr = |instr: &Instr| match instr {
        Instr::Load { view, .. } | Instr::Random { element: view, .. } => Some(view.strides.clone()),
        Instr::Iota { axis, .. } => Some((0..kernel.domain.rank()).map(|a| usize::from(a == *axis)).collect()),
        _ => None,
    };
    let stored = kernel.stores.iter().map(|store| store.view.strides.clone());
    let all = kernel.body.instrs.iter().filter_map(of_instr).chain(stored);
    // Views of another rank are an error that lowering reports.
    all.filter(|strides| strides.len() == kernel.domain.rank()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glorot_graph::program::{Body, BufferId, Store, View};
    use glorot_tensor::{DType, Shape};

    fn copy(domain: &[usize], load: &[usize], store: &[usize]) -> MapKernel {
        let view = |strides: &[usize]| View { offset: 0, strides: strides.to_vec() };
        let body =
            Body { instrs: vec![Instr::Load { buffer: BufferId(0), view: view(load) }], dtypes: vec![DType::F32] };
        let stores = vec![Store { value: 0, buffer: BufferId(1), view: view(store) }];
        MapKernel { domain: Shape::from(domain), body, stores }
    }

    #[test]
    fn a_long_loop_takes_the_place_of_short_rows() {
        // Windows of 3 by 3 over images with 3 channels: 9 contiguous elements, 3 times; the columns of the image are
        // the longest loop.
        let windows = copy(&[32, 30, 30, 3, 3, 3], &[3072, 96, 3, 96, 3, 1], &[24300, 810, 27, 9, 3, 1]);
        assert_eq!(order(&windows), [0, 1, 3, 2, 4, 5]);
    }

    #[test]
    fn large_tiles_keep_their_order() {
        let matrix = copy(&[50, 4, 100], &[1000, 200, 1], &[400, 100, 1]);
        assert_eq!(order(&matrix), [0, 1, 2]);
        let rows = copy(&[50, 4, 10], &[100, 20, 1], &[40, 10, 1]);
        assert_eq!(order(&rows), [1, 0, 2]);
        let short = copy(&[2, 4, 1, 10], &[100, 20, 0, 1], &[40, 10, 0, 1]);
        assert_eq!(order(&short), [2, 0, 1, 3]);
    }
}
