//! A step whose blocks take rows of the batch from layer to layer: one barrier before the gradients of the weights, which
//! need all rows, instead of one after each layer.

use glorot_graph::program::{BufferId, Program};

use super::{ByRows, Phase, Schedule, stages};
use crate::codegen::{Batch, Function, Functions, Own};

/// An arena that is small beside the memory of any GPU: it fits into the cache of a large one.
const SMALL_ARENA: usize = 32 << 20;

/// What can be done row by row, as far as it is known.
#[derive(Debug)]
pub(super) struct Rows {
    pub batch: Batch,
    /// What was written row by row so far: inputs, results of phases.
    pub known: Own,
    fed: Own,
    functions: Functions,
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
        Some(Rows { batch, known: fed.clone(), fed, functions: Functions::default() })
    }

    /// Adds a function that does rows.
    pub fn add(&mut self, function: Function, buffers: Vec<BufferId>, own: Own, writes: &[BufferId]) -> ByRows {
        self.known.extend(own.iter().filter(|(buffer, _)| writes.contains(buffer)).map(|(id, size)| (*id, *size)));
        ByRows { function: self.functions.number(function), buffers, own }
    }

    /// The plan, if it saves at least a quarter of the barriers of a step that is launched by stages. All rows between two
    /// barriers are alive at once: there is none either if that takes a much larger arena.
    pub fn plan(
        self,
        program: &Program,
        bytes: &[usize],
        phases: &[Phase],
        identity: &[usize],
        by_stages: &Schedule,
    ) -> Option<RowPlan> {
        let stages = stages::stages_by_rows(phases, identity, &self.fed, |phase| Some(&phase.by_rows.as_ref()?.own));
        let schedule = Schedule::new(program, bytes, phases, stages);
        let is_enough = 4 * schedule.groups.len() <= 3 * by_stages.groups.len();
        let is_small = schedule.placement.bytes <= SMALL_ARENA.max(2 * by_stages.placement.bytes);
        (is_enough && is_small).then_some(RowPlan { batch: self.batch, functions: self.functions.list, schedule })
    }
}

/// A step row by row; see [`super::Lowered`], of which it has the phases.
#[derive(Debug)]
pub(crate) struct RowPlan {
    pub batch: Batch,
    pub functions: Vec<Function>,
    /// Phases that are done by rows need no barrier between them: those of a stage come in order.
    pub schedule: Schedule,
}
