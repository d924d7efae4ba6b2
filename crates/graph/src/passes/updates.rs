//! Where new values of states and outputs go.
//!
//! A state's new value is computed in place if every kernel that reads the old one can run before; otherwise it is
//! computed elsewhere and copied when the old one is no longer needed.

use std::collections::{HashMap, HashSet};

use super::fuse::{Fusion, Work};
use crate::graph::NodeId;
use crate::op::{Op, StateId};

/// Bases whose buffer is that of a state.
pub type InPlace = HashMap<NodeId, StateId>;

/// Decides for each update, adds the copies that are needed, and makes the order safe.
pub fn settle(fusion: &mut Fusion<'_>) -> InPlace {
    let graph = fusion.graph;
    let updates: Vec<(StateId, NodeId)> =
        graph.updates().iter().copied().filter(|&(state, value)| !is_state(fusion, value, state)).collect();
    let updated: HashSet<StateId> = updates.iter().map(|&(state, _)| state).collect();

    for &output in graph.outputs() {
        let base = fusion.access(output).base;
        let changes = matches!(graph.node(base).op, Op::State(state) if updated.contains(&state));
        // A buffer carries one shape, so a reshaped output is copied too.
        if changes || !is_dense(fusion, output) || graph.shape(output) != graph.shape(base) {
            fusion.copy(output);
        }
    }
    // Old values of states that only move to another state leave before anything is overwritten.
    for &(_, value) in &updates {
        let base = fusion.access(value).base;
        if fusion.is_inline_leaf(base) || matches!(graph.node(base).op, Op::State(state) if updated.contains(&state)) {
            fusion.copy(value);
        }
    }

    let readers = readers(fusion);
    let none = Vec::new();
    let of = |state: StateId| readers.get(&state).unwrap_or(&none);
    let mut in_place = InPlace::new();
    let mut copied: Vec<(StateId, NodeId)> = Vec::new();
    for &(state, value) in &updates {
        let base = fusion.access(value).base;
        match fusion.group_of(base) {
            Some(group)
                if !in_place.contains_key(&base) && is_dense(fusion, value) && claim(fusion, of(state), group) =>
            {
                in_place.insert(base, state);
            }
            _ => copied.push((state, value)),
        }
    }
    for (state, value) in copied {
        let has_copy = fusion.copy_of(value).is_some();
        let group = fusion.update(state, value, has_copy);
        for &(reader, _) in of(state) {
            fusion.order.require(reader, group);
        }
    }
    in_place
}

/// True if `value` is the state itself, unchanged.
fn is_state(fusion: &Fusion<'_>, value: NodeId, state: StateId) -> bool {
    fusion.graph.node(fusion.access(value).base).op == Op::State(state) && is_dense(fusion, value)
}

/// True if a node is the whole of its base's buffer, in order.
pub fn is_dense(fusion: &Fusion<'_>, node: NodeId) -> bool {
    let access = fusion.access(node);
    !fusion.is_inline_leaf(access.base) && access.is_whole(fusion.graph.shape(access.base).numel())
}

/// For each state, the groups that read its old value, and whether each of them reads it only at its own points.
fn readers(fusion: &Fusion<'_>) -> HashMap<StateId, Vec<(usize, bool)>> {
    let mut readers: HashMap<StateId, Vec<(usize, bool)>> = HashMap::new();
    for group in (0..fusion.order.len()).filter(|&group| !fusion.order.is_merged_away(group)) {
        for read in fusion.group_reads(group) {
            if let Op::State(state) = fusion.graph.node(read.base).op
                && !read.copied
            {
                let known = readers.entry(state).or_default();
                match known.last_mut() {
                    Some((last, aligned)) if *last == group => *aligned &= read.aligned,
                    _ => known.push((group, read.aligned)),
                }
            }
        }
    }
    readers
}

/// Makes every reader of a state's old value run before the group that overwrites it, if that can be.
///
/// No group is merged from here on, so the numbers in `readers` stay right.
fn claim(fusion: &mut Fusion<'_>, readers: &[(usize, bool)], writer: usize) -> bool {
    let pointwise = matches!(fusion.groups[writer].work, Work::Map | Work::MatMul(_));
    let possible = readers.iter().all(|&(reader, aligned)| {
        if reader == writer { aligned && pointwise } else { !fusion.order.is_before(writer, reader) }
    });
    if possible {
        for &(reader, _) in readers.iter().filter(|&&(reader, _)| reader != writer) {
            fusion.order.require(reader, writer);
        }
    }
    possible
}
