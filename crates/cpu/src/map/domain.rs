//! Iteration domains and the views into them.

use glorot_graph::program::View;

/// A view whose buffer's place is known. `address` and strides are in bytes for memory, in elements for counted views.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub address: usize,
    pub strides: Vec<usize>,
    /// Bytes per element; 1 for views that count.
    pub unit: usize,
}

impl Placed {
    /// A view of a buffer that begins at `address`.
    pub(crate) fn memory(address: usize, unit: usize, view: &View) -> Placed {
        let strides = view.strides.iter().map(|stride| stride * unit).collect();
        Placed { address: address + view.offset * unit, strides, unit }
    }

    /// A view that only counts.
    pub(crate) fn counter(view: &View) -> Placed {
        Placed::memory(0, 1, view)
    }
}

/// A nest of loops, outermost first, with the views that move along it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nest {
    pub dims: Vec<usize>,
    pub views: Vec<Placed>,
}

impl Nest {
    /// Reorders the loops.
    pub(crate) fn permute(&mut self, order: &[usize]) {
        self.dims = order.iter().map(|&axis| self.dims[axis]).collect();
        for view in &mut self.views {
            view.strides = order.iter().map(|&axis| view.strides[axis]).collect();
        }
    }

    /// Drops loops of one turn and joins neighbours that every view walks as if they were one loop. Loops of different
    /// `groups` are never joined. Returns the group of each loop that is left.
    pub(crate) fn collapse(&mut self, groups: &[usize]) -> Vec<usize> {
        let mut kept: Vec<usize> = Vec::new();
        let mut dims: Vec<usize> = Vec::new();
        let mut strides: Vec<Vec<usize>> = vec![Vec::new(); self.views.len()];
        for (axis, (&dim, &group)) in self.dims.iter().zip(groups).enumerate() {
            if dim == 1 {
                continue;
            }
            let joins = kept.last() == Some(&group)
                && self.views.iter().zip(&strides).all(|(view, s)| s.last() == Some(&(view.strides[axis] * dim)));
            if joins {
                *dims.last_mut().expect("a loop to join") *= dim;
                for (view, s) in self.views.iter().zip(&mut strides) {
                    *s.last_mut().expect("a stride to replace") = view.strides[axis];
                }
            } else {
                kept.push(group);
                dims.push(dim);
                for (view, s) in self.views.iter().zip(&mut strides) {
                    s.push(view.strides[axis]);
                }
            }
        }
        self.dims = dims;
        for (view, s) in self.views.iter_mut().zip(strides) {
            view.strides = s;
        }
        kept
    }

    /// Adds loops of one turn in front until there are at least `rank`.
    pub(crate) fn extend_to(&mut self, rank: usize) {
        while self.dims.len() < rank {
            self.dims.insert(0, 1);
            self.views.iter_mut().for_each(|view| view.strides.insert(0, 0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nest(dims: &[usize], strides: &[&[usize]]) -> Nest {
        let view = |s: &&[usize]| Placed { address: 0, strides: s.to_vec(), unit: 1 };
        Nest { dims: dims.to_vec(), views: strides.iter().map(view).collect() }
    }

    #[test]
    fn dense_axes_become_one_loop() {
        let mut n = nest(&[2, 1, 3, 4], &[&[12, 12, 4, 1]]);
        n.collapse(&[0; 4]);
        assert_eq!((n.dims, &n.views[0].strides), (vec![24], &vec![1]));
    }

    #[test]
    fn a_broadcast_operand_keeps_loops_apart() {
        let mut n = nest(&[5, 2, 3], &[&[6, 3, 1], &[0, 3, 1]]);
        n.collapse(&[0; 3]);
        assert_eq!(n.dims, [5, 6]);
        assert_eq!((&n.views[0].strides, &n.views[1].strides), (&vec![6, 1], &vec![0, 1]));
    }

    #[test]
    fn groups_keep_loops_apart() {
        let mut n = nest(&[5, 6], &[&[6, 1]]);
        assert_eq!(n.collapse(&[0, 1]), [0, 1]);
        assert_eq!(n.dims, [5, 6]);
    }
}
