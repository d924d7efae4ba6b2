//! Loops over a domain: axes that every view walks evenly are joined, and views become index expressions.

use std::fmt::Write;

/// A loop nest, outermost axis first, with the strides of every view along its axes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axes {
    pub dims: Vec<usize>,
    /// Of each view, the stride along each axis.
    pub strides: Vec<Vec<usize>>,
}

impl Axes {
    /// The axes without those of length 1, neighbours joined where every view walks on evenly.
    pub fn join(dims: &[usize], strides: &[Vec<usize>]) -> Axes {
        let mut joined = Axes { dims: Vec::new(), strides: vec![Vec::new(); strides.len()] };
        for (axis, &dim) in dims.iter().enumerate().filter(|&(_, &dim)| dim != 1) {
            let evenly = joined.dims.last().is_some()
                && joined.strides.iter().zip(strides).all(|(done, view)| done.last() == Some(&(view[axis] * dim)));
            for (done, view) in joined.strides.iter_mut().zip(strides) {
                if evenly {
                    done.pop();
                }
                done.push(view[axis]);
            }
            match joined.dims.last_mut() {
                Some(last) if evenly => *last *= dim,
                _ => joined.dims.push(dim),
            }
        }
        joined
    }

    /// Points of the nest.
    pub fn points(&self) -> usize {
        self.dims.iter().product()
    }

    /// The stride of a view along the innermost axis.
    pub fn inner(&self, view: usize) -> usize {
        self.strides[view].last().copied().unwrap_or(0)
    }

    /// Statements that split the number `linear` of a point into `prefix0`, `prefix1`, …; the innermost axis is
    /// walked in steps of `step`, which divides its length.
    pub fn split(&self, out: &mut String, index: &str, linear: &str, prefix: &str, step: usize) {
        let last = self.dims.len().saturating_sub(1);
        let mut rest = linear.to_string();
        for (axis, &dim) in self.dims.iter().enumerate().rev() {
            // Of nothing, no statement runs, but all must compile.
            let (count, factor) = if axis == last { ((dim / step).max(1), step) } else { (dim.max(1), 1) };
            let value = if axis == 0 { rest.clone() } else { format!("{rest} % {count}") };
            let scaled = if factor == 1 { value } else { format!("({value}) * {factor}") };
            let _ = writeln!(out, "const {index} {prefix}{axis} = {scaled};");
            if axis > 0 {
                let next = format!("{prefix}r{axis}");
                let _ = writeln!(out, "const {index} {next} = {rest} / {count};");
                rest = next;
            }
        }
    }

    /// `prefix0 * stride + …` of a view; empty if it stays in place.
    pub fn terms(&self, view: usize, prefix: &str) -> Vec<String> {
        let strides = self.strides[view].iter().enumerate().filter(|&(_, &stride)| stride != 0);
        strides
            .map(
                |(axis, &stride)| {
                    if stride == 1 { format!("{prefix}{axis}") } else { format!("{prefix}{axis} * {stride}") }
                },
            )
            .collect()
    }
}

/// The largest distance that strides reach over a domain, in elements.
pub(crate) fn reach(dims: &[usize], strides: &[usize]) -> usize {
    dims.iter().zip(strides).map(|(dim, stride)| stride * dim.saturating_sub(1)).sum()
}

/// The sum of an offset and terms.
pub(crate) fn sum(offset: usize, terms: &[String]) -> String {
    let mut parts: Vec<String> = terms.to_vec();
    if offset != 0 || parts.is_empty() {
        parts.push(offset.to_string());
    }
    parts.join(" + ")
}

/// The narrowest C type that counts so far.
pub(crate) fn index_type(largest: usize) -> &'static str {
    if largest < i32::MAX as usize { "int" } else { "long long" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_axes_are_joined() {
        let axes = Axes::join(&[2, 1, 3, 4], &[vec![12, 7, 4, 1], vec![0, 0, 0, 1]]);
        // The second view repeats along the first two axes and walks along the last.
        assert_eq!(axes, Axes { dims: vec![6, 4], strides: vec![vec![4, 1], vec![0, 1]] });
        assert_eq!(reach(&axes.dims, &axes.strides[0]), 23);
        let whole = Axes::join(&[2, 3, 4], &[vec![12, 4, 1]]);
        assert_eq!(whole.dims, [24]);
    }

    #[test]
    fn points_are_split_into_indices() {
        let axes = Axes { dims: vec![6, 8], strides: vec![vec![16, 1]] };
        let mut code = String::new();
        axes.split(&mut code, "int", "i", "x", 4);
        assert_eq!(code, "const int x1 = (i % 2) * 4;\nconst int xr1 = i / 2;\nconst int x0 = xr1;\n");
        assert_eq!(sum(3, &axes.terms(0, "x")), "x0 * 16 + x1 + 3");
        assert_eq!(sum(0, &[]), "0");
    }
}
