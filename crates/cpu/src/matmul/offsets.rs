//! Tables of where the elements of an operand lie.

use std::ops::Range;

use glorot_graph::program::{Loop, MatrixLoops};

use super::block::DEPTH;
use super::gathered::Gathered;
use crate::map::Placed;
use crate::schedule::Region;

/// The fewest steps of a run for which rows are gathered.
const SHORTEST_RUN: usize = 3;

/// Where rows begin, and runs of evenly spaced steps along them; in elements.
#[derive(Debug)]
pub(super) struct Offsets {
    rows: Vec<usize>,
    runs: Vec<usize>,
    run: usize,
    /// From one step of a run to the next.
    pub step: usize,
}

impl Offsets {
    /// `None` if runs would be too short to be worth it.
    pub(super) fn of(loops: &MatrixLoops) -> Option<Offsets> {
        let run = run(&loops.columns)?;
        let (&Loop { length, stride }, outer) = loops.columns.split_last()?;
        let pieces = Loop { length: length / run, stride: stride * run };
        Some(Offsets { rows: places(&loops.rows), runs: places(&[outer, &[pieces]].concat()), run, step: stride })
    }

    /// Whether runs of neighbouring steps fall into pairs, or steps are far apart anyway.
    pub(super) fn pairs(&self) -> bool {
        self.step != 1 || self.run.is_multiple_of(2)
    }

    /// For a block that begins at a row.
    pub(super) fn from(&self, row: usize) -> Gathered {
        Gathered { rows: self.rows[row..].as_ptr(), runs: self.runs.as_ptr(), run: self.run }
    }

    /// The memory that rows touch, or more.
    pub(super) fn region(&self, operand: &Placed, rows: Range<usize>) -> Option<Region> {
        let rows = &self.rows[rows];
        let (first, last) = (rows.iter().min()?, rows.iter().max()?);
        let end = last + self.runs.iter().max()? + (self.run - 1) * self.step + 1;
        Some(Region::bytes(operand.address + first * operand.unit, (end - first) * operand.unit))
    }
}

/// Where each turn of a nest of loops begins.
fn places(loops: &[Loop]) -> Vec<usize> {
    let mut all = vec![0];
    for &Loop { length, stride } in loops {
        all = all.iter().flat_map(|&at| (0..length).map(move |turn| at + turn * stride)).collect();
    }
    all
}

/// Steps of the runs that the innermost loop is cut into.
fn run(columns: &[Loop]) -> Option<usize> {
    let length = columns.last()?.length;
    let run = (1..=DEPTH.min(length)).rev().find(|run| length.is_multiple_of(*run))?;
    (run >= SHORTEST_RUN).then_some(run)
}

/// Whether the first operand of a product may lie so.
pub(crate) fn gathers(loops: &MatrixLoops) -> bool {
    run(&loops.columns).is_some()
}
