//! Loops over the same points with different axes: what follows a matrix product `[n * h * w, c]` as `[n, h, w, c]` can
//! be computed in its epilogue, if everything that it reads can be said along the axes of the product.

use glorot_tensor::Shape;

use super::emit::iota_instr;
use super::fuse::{Fusion, Work};
use crate::graph::NodeId;
use crate::op::Op;
use crate::program::Instr;

/// The axis along which an index counts as before when its domain is given other axes (all without lengths of 1).
pub fn same_axis(from: &[usize], axis: usize, to: &[usize]) -> Option<usize> {
    let inner = |domain: &[usize], axis: usize| domain[axis + 1..].iter().product::<usize>();
    (0..to.len()).find(|&other| to[other] == from[axis] && inner(to, other) == inner(from, axis))
}

impl Fusion<'_> {
    /// The axes of the loop that two groups can share, if there are any.
    pub fn joint_domain(&self, a: usize, b: usize) -> Option<Vec<usize>> {
        let (first, second) = (&self.groups[a], &self.groups[b]);
        if first.domain == second.domain {
            return Some(first.domain.clone());
        }
        if first.domain.iter().product::<usize>() != second.domain.iter().product() {
            return None;
        }
        let fits = |domain: &Vec<usize>| [a, b].iter().all(|&group| self.can_loop_over(group, domain));
        let mut candidates = match (&first.work, &second.work) {
            (Work::MatMul(_), _) => vec![&first.domain],
            (_, Work::MatMul(_)) => vec![&second.domain],
            _ => vec![&first.domain, &second.domain],
        };
        // Axes can always be split, but not always joined.
        candidates.sort_by_key(|domain| std::cmp::Reverse(domain.len()));
        candidates.into_iter().find(|domain| fits(domain)).cloned()
    }

    /// True if all that the elementwise members of a group read can be said along these axes.
    fn can_loop_over(&self, group: usize, domain: &[usize]) -> bool {
        let group = &self.groups[group];
        let shape = Shape::from(domain);
        let members = group.members.iter().filter(|&&member| self.is_fusible(member));
        group.domain == domain
            || members.flat_map(|&member| self.reads(member)).all(|read| self.can_read(read.operand, &shape))
    }

    fn can_read(&self, operand: NodeId, domain: &Shape) -> bool {
        let access = self.access(operand);
        // A tensor of another size is the state of a random op, which is not read point by point.
        if access.shape.numel() != domain.numel() {
            return true;
        }
        match (&self.graph.node(access.base).op, iota_instr(self, operand)) {
            (Op::Fill(_), _) => true,
            (_, Some(Instr::Iota { axis, .. })) => same_axis(&access.domain(), axis, domain).is_some(),
            (_, Some(_)) => true,
            _ => access.reshape(domain).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_keeps_counting_where_its_axis_stays() {
        assert_eq!(same_axis(&[4, 3, 5], 2, &[12, 5]), Some(1));
        assert_eq!(same_axis(&[4, 3, 5], 1, &[12, 5]), None);
        assert_eq!(same_axis(&[4, 15], 0, &[4, 3, 5]), Some(0));
        // The same length at another place is another axis.
        assert_eq!(same_axis(&[2, 3, 3], 1, &[6, 3]), None);
    }
}
