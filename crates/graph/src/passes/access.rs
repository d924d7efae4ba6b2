//! How the elements of a node lie in the buffer of the node that computes them: reshapes, broadcasts, transpositions,
//! slices and windows are not computed, but folded into strides.

use glorot_tensor::Shape;

use crate::graph::{Graph, NodeId};
use crate::op::Op;
use crate::program::View;

/// The elements of a node as a strided view of a base node's dense buffer.
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// The node that owns the memory: a leaf, or one that a kernel computes.
    pub base: NodeId,
    pub offset: usize,
    pub shape: Shape,
    /// Elements to step along each axis; 0 repeats.
    pub strides: Vec<usize>,
}

impl Access {
    /// All elements of a dense buffer in order.
    pub fn dense(base: NodeId, shape: &Shape) -> Access {
        Access { base, offset: 0, shape: shape.clone(), strides: shape.strides() }
    }

    /// The lengths of the axes that are not 1: two shapes that agree in them name the same points.
    pub fn domain(&self) -> Vec<usize> {
        squeeze(&self.shape)
    }

    /// The view over [`Access::domain`].
    pub fn view(&self) -> View {
        let axes = self.shape.iter().zip(&self.strides).filter(|&(&dim, _)| dim != 1);
        View { offset: self.offset, strides: axes.map(|(_, &stride)| stride).collect() }
    }

    /// True if this is the whole of a dense buffer with `numel` elements, in order.
    pub fn is_whole(&self, numel: usize) -> bool {
        self.offset == 0 && self.shape.numel() == numel && self.view().strides == dense_strides(&self.domain())
    }

    /// The same elements under another shape, if strides can say it.
    pub fn reshape(&self, shape: &Shape) -> Option<Access> {
        let strides = reshape_strides(&self.shape, &self.strides, shape)?;
        Some(Access { base: self.base, offset: self.offset, shape: shape.clone(), strides })
    }
}

/// The axes whose length is not 1.
pub fn squeeze(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&dim| dim != 1).collect()
}

fn dense_strides(dims: &[usize]) -> Vec<usize> {
    Shape::from(dims).strides()
}

/// Strides that walk the same elements in the same order under another shape, if there are any.
fn reshape_strides(from: &Shape, strides: &[usize], to: &Shape) -> Option<Vec<usize>> {
    if to.numel() == 0 {
        return Some(to.strides());
    }
    // Merge neighbouring axes that step through memory evenly: a list of (length, stride) runs.
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (&dim, &stride) in from.iter().zip(strides).filter(|&(&dim, _)| dim != 1) {
        match runs.last_mut() {
            Some((length, inner)) if *inner == dim * stride => (*length, *inner) = (*length * dim, stride),
            _ => runs.push((dim, stride)),
        }
    }
    // Split the runs into the new axes, innermost first.
    let mut result = vec![0; to.rank()];
    let mut run = runs.pop().unwrap_or((1, 1));
    for axis in (0..to.rank()).rev() {
        let dim = to[axis];
        if dim == 1 {
            continue;
        }
        if run.0 == 1 {
            run = runs.pop()?;
        }
        if !run.0.is_multiple_of(dim) {
            return None;
        }
        result[axis] = run.1;
        run = (run.0 / dim, run.1 * dim);
    }
    Some(result)
}

/// The access of every node. A reshape that strides cannot express is its own base, copied by a kernel.
pub fn accesses(graph: &Graph) -> Vec<Access> {
    let mut all: Vec<Access> = Vec::with_capacity(graph.nodes().len());
    for (index, node) in graph.nodes().iter().enumerate() {
        let id = NodeId(index as u32);
        let own = || Access::dense(id, &node.shape);
        let operand = node.inputs.first().map(|input| &all[input.index()]);
        let access = match (&node.op, operand) {
            (Op::Reshape, Some(from)) => from.reshape(&node.shape).unwrap_or_else(own),
            (Op::StopGradient | Op::Surrogate, Some(from)) => from.clone(),
            (Op::Broadcast, Some(from)) => {
                let axes = from.shape.iter().zip(&from.strides).zip(node.shape.iter());
                let strides = axes.map(|((&dim, &stride), &wanted)| if dim == wanted { stride } else { 0 }).collect();
                Access { base: from.base, offset: from.offset, shape: node.shape.clone(), strides }
            }
            (Op::Transpose { permutation }, Some(from)) => {
                let strides = permutation.iter().map(|&axis| from.strides[axis]).collect();
                Access { base: from.base, offset: from.offset, shape: node.shape.clone(), strides }
            }
            (Op::Slice { start }, Some(from)) => {
                let skipped: usize = start.iter().zip(&from.strides).map(|(&first, &stride)| first * stride).sum();
                let offset = if node.shape.numel() == 0 { 0 } else { from.offset + skipped };
                Access { base: from.base, offset, shape: node.shape.clone(), strides: from.strides.clone() }
            }
            (Op::Windows { axis, windows }, Some(from)) => {
                let strides = crate::ops::windows::strides(&from.strides, *axis, windows);
                Access { base: from.base, offset: from.offset, shape: node.shape.clone(), strides }
            }
            _ => own(),
        };
        all.push(access);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reshapes_split_and_merge_strides() {
        let dense = |shape: [usize; 2]| (Shape::from(shape), Shape::from(shape).strides());
        let (from, strides) = dense([4, 6]);
        assert_eq!(reshape_strides(&from, &strides, &Shape::from([2, 2, 3, 2])), Some(vec![12, 6, 2, 1]));
        assert_eq!(reshape_strides(&from, &strides, &Shape::from([24])), Some(vec![1]));
        // A transposed matrix cannot be flattened without a copy, but its axes can be split.
        assert_eq!(reshape_strides(&Shape::from([6, 4]), &[1, 6], &Shape::from([24])), None);
        assert_eq!(reshape_strides(&Shape::from([6, 4]), &[1, 6], &Shape::from([2, 3, 4])), Some(vec![3, 1, 6]));
        // A repeated row flattens to nothing strided; repeated scalars do.
        assert_eq!(reshape_strides(&Shape::from([3, 4]), &[0, 1], &Shape::from([12])), None);
        assert_eq!(reshape_strides(&Shape::from([3, 4]), &[0, 0], &Shape::from([12])), Some(vec![0]));
    }
}
