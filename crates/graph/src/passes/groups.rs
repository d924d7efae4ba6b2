//! Groups of nodes that one kernel computes, and which groups must run before which.

/// A set of group numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupSet(Vec<u64>);

impl GroupSet {
    pub fn insert(&mut self, group: usize) {
        if self.0.len() <= group / 64 {
            self.0.resize(group / 64 + 1, 0);
        }
        self.0[group / 64] |= 1 << (group % 64);
    }

    pub fn remove(&mut self, group: usize) {
        if let Some(word) = self.0.get_mut(group / 64) {
            *word &= !(1 << (group % 64));
        }
    }

    pub fn contains(&self, group: usize) -> bool {
        self.0.get(group / 64).is_some_and(|word| word >> (group % 64) & 1 == 1)
    }

    pub fn union(&mut self, other: &GroupSet) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        self.0.iter_mut().zip(&other.0).for_each(|(word, more)| *word |= more);
    }

    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0
            .iter()
            .enumerate()
            .flat_map(|(word, &bits)| (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit))
    }
}

/// The order that must hold between groups, kept transitively closed.
#[derive(Default)]
pub struct Order {
    /// `before[g]`: all groups that must run before `g`.
    before: Vec<GroupSet>,
    /// Where a merged group went.
    merged_into: Vec<Option<usize>>,
}

impl Order {
    /// A new group that runs after the given ones.
    pub fn add(&mut self, after: &GroupSet) -> usize {
        let mut closed = after.clone();
        for group in after.iter() {
            closed.union(&self.before[group]);
        }
        self.before.push(closed);
        self.merged_into.push(None);
        self.before.len() - 1
    }

    pub fn len(&self) -> usize {
        self.before.len()
    }

    /// The group that a group is now part of.
    pub fn find(&self, mut group: usize) -> usize {
        while let Some(into) = self.merged_into[group] {
            group = into;
        }
        group
    }

    pub fn is_merged_away(&self, group: usize) -> bool {
        self.merged_into[group].is_some()
    }

    pub fn is_before(&self, first: usize, second: usize) -> bool {
        self.before[second].contains(first)
    }

    pub fn before(&self, group: usize) -> &GroupSet {
        &self.before[group]
    }

    /// Requires that `first` runs before `second`. False, and nothing changes, if that is impossible.
    pub fn require(&mut self, first: usize, second: usize) -> bool {
        if first == second || self.is_before(second, first) {
            return false;
        }
        let mut more = self.before[first].clone();
        more.insert(first);
        self.before[second].union(&more);
        for group in 0..self.before.len() {
            if self.before[group].contains(second) {
                self.before[group].union(&more);
            }
        }
        true
    }

    /// True if two groups can become one: no third group must run between them.
    pub fn can_merge(&self, a: usize, b: usize) -> bool {
        let between = |first: usize, last: usize| {
            self.before[last].iter().any(|middle| middle != first && self.before[middle].contains(first))
        };
        a != b && !between(a, b) && !between(b, a)
    }

    /// Makes `gone` part of `kept`; [`Order::can_merge`] must hold.
    pub fn merge(&mut self, kept: usize, gone: usize) {
        let mut joint = self.before[kept].clone();
        joint.union(&self.before[gone]);
        joint.remove(kept);
        joint.remove(gone);
        let mut with_kept = joint.clone();
        with_kept.insert(kept);
        for group in 0..self.before.len() {
            if group != kept
                && group != gone
                && (self.before[group].contains(kept) || self.before[group].contains(gone))
            {
                self.before[group].union(&with_kept);
                self.before[group].remove(gone);
            }
        }
        self.before[kept] = joint;
        self.before[gone] = GroupSet::default();
        self.merged_into[gone] = Some(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(groups: &[usize]) -> GroupSet {
        let mut set = GroupSet::default();
        groups.iter().for_each(|&group| set.insert(group));
        set
    }

    #[test]
    fn a_group_between_forbids_merging() {
        let mut order = Order::default();
        let a = order.add(&set(&[]));
        let b = order.add(&set(&[a]));
        let c = order.add(&set(&[a, b]));
        assert!(!order.can_merge(a, c));
        assert!(order.can_merge(b, c));
        order.merge(b, c);
        assert!(order.can_merge(a, b));
        assert_eq!(order.find(c), b);
    }

    #[test]
    fn required_order_is_transitive_and_acyclic() {
        let mut order = Order::default();
        let a = order.add(&set(&[]));
        let b = order.add(&set(&[a]));
        let c = order.add(&set(&[]));
        assert!(order.require(b, c));
        assert!(order.is_before(a, c));
        assert!(!order.require(c, a));
    }
}
