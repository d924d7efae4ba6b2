//! A step whose blocks take rows of the batch from layer to layer: one barrier before the gradients of the weights, which
//! need all rows, instead of one after each layer.

use std::collections::HashMap;
use std::ops::Range;

use glorot_graph::program::{BufferId, Program};

use super::place::{self, Placement};
use super::{ByRows, Phase, stages};
use crate::codegen::{Batch, Function, Own};

/// An arena that is small beside the memory of any GPU: it fits into the cache of a large one.
const SMALL_ARENA: usize = 32 << 20;

/// What can be done row by row, as far as it is known.
#[derive(Debug)]
pub(super) struct Rows {
    pub batch: Batch,
    /// What was written row by row so far: inputs, results of phases.
    pub known: Own,
    fed: Own,
    functions: Vec<Function>,
    numbers: HashMap<Function, usize>,
}

impl Rows {
    /// Of a program whose inputs are rows of one batch.
    pub fn of(program: &Program) -> Option<Rows> {
        let rows = |id: &BufferId| program.buffers[id.index()].spec.shape.first().copied();
        let batch = Batch::new(rows(program.inputs.first()?)?)?;
        if program.inputs.iter().any(|id| rows(id) != Some(batch.rows)) {
            return None;
        }
        let size = |id: &BufferId| program.buffers[id.index()].spec.shape.numel() / batch.rows;
        let fed: Own = program.inputs.iter().map(|id| (*id, size(id))).collect();
        // They are gathered by 32 bits.
        let bytes = |id: &BufferId| size(id) * batch.rows * program.buffers[id.index()].spec.dtype.size();
        if program.inputs.iter().any(|id| bytes(id) > i32::MAX as usize) {
            return None;
        }
        Some(Rows { batch, known: fed.clone(), fed, functions: Vec::new(), numbers: HashMap::new() })
    }

    /// Adds a function that does rows.
    pub fn add(&mut self, function: Function, buffers: Vec<BufferId>, own: Own, writes: &[BufferId]) -> ByRows {
        self.known.extend(own.iter().filter(|(buffer, _)| writes.contains(buffer)).map(|(id, size)| (*id, *size)));
        let next = self.functions.len();
        let number = *self.numbers.entry(function.clone()).or_insert(next);
        if number == next {
            self.functions.push(function);
        }
        ByRows { function: number, buffers, own }
    }

    /// The plan, if it saves at least a quarter of a step's `barriers`. All rows between two barriers are alive at once: there
    /// is none either if that takes much more than the `arena` of a step that is launched by stages.
    pub fn plan(
        self,
        program: &Program,
        bytes: &[usize],
        phases: &[Phase],
        identity: &[usize],
        (barriers, arena): (usize, usize),
    ) -> Option<RowPlan> {
        let stages = stages::stages_by_rows(phases, identity, &self.fed, |phase| Some(&phase.by_rows.as_ref()?.own));
        let groups = stages::together(phases, &stages);
        if 4 * groups.len() > 3 * barriers {
            return None;
        }
        let placement = place::place(program, bytes, phases, &stages);
        if placement.bytes > SMALL_ARENA.max(2 * arena) {
            return None;
        }
        Some(RowPlan { batch: self.batch, functions: self.functions, stages, groups, placement })
    }
}

/// A step row by row; see [`super::Lowered`], of which it has the phases.
#[derive(Debug)]
pub(crate) struct RowPlan {
    pub batch: Batch,
    pub functions: Vec<Function>,
    /// Phases that are done by rows need no barrier between them: those of a stage come in order.
    pub stages: Vec<Vec<usize>>,
    pub placement: Placement,
    pub groups: Vec<Range<usize>>,
}
