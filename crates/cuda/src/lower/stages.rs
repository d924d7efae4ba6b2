//! Which phases can run at once.

use std::collections::HashMap;
use std::ops::Range;

use glorot_graph::StateId;
use glorot_graph::program::{BufferId, Place, Program};

use super::{MAX_ADDRESSES, Phase, Work};
use crate::codegen::Own;

/// The number of the memory of each buffer: buffers of one state, or of one input, are one.
pub(super) fn identities(program: &Program, count: usize) -> Vec<usize> {
    let mut of_state: HashMap<StateId, usize> = HashMap::new();
    let identity = |number: usize| match program.buffers.get(number).map(|buffer| &buffer.place) {
        Some(Place::State(state)) => *of_state.entry(*state).or_insert(number),
        Some(Place::Input(input)) => program.inputs.get(*input as usize).map_or(number, |id| id.index()),
        _ => number,
    };
    (0..count).map(identity).collect()
}

/// The phases of each stage: a phase comes right after the last one that it must wait for.
pub(super) fn stages(phases: &[Phase], identity: &[usize]) -> Vec<Vec<usize>> {
    stages_by_rows(phases, identity, &Own::new(), |_| None)
}

/// The same where a block does the same rows of several phases, of which `own` names what is theirs. These need no barrier
/// between them: they share a stage, and come in order. `fed`: what blocks have written of their rows before the first.
pub(super) fn stages_by_rows(
    phases: &[Phase],
    identity: &[usize],
    fed: &Own,
    own: fn(&Phase) -> Option<&Own>,
) -> Vec<Vec<usize>> {
    let mut uses: Vec<Uses> = vec![Uses::default(); identity.len()];
    for (buffer, &size) in fed {
        uses[identity[buffer.index()]].written = Some((0, Some(size)));
    }
    let mut stages: Vec<Vec<usize>> = Vec::new();
    for (number, phase) in phases.iter().enumerate() {
        let own = own(phase);
        let access = |buffer: &BufferId| (identity[buffer.index()], own.and_then(|own| own.get(buffer)).copied());
        let after_writers = phase.reads.iter().map(access).map(|(buffer, rows)| uses[buffer].read_from(rows));
        let after_all = phase.writes.iter().map(access).map(|(buffer, rows)| uses[buffer].write_from(rows));
        let stage = after_writers.chain(after_all).max().unwrap_or(0);
        for (buffer, rows) in phase.reads.iter().map(access) {
            uses[buffer].read.push((stage, rows));
        }
        for (buffer, rows) in phase.writes.iter().map(access) {
            uses[buffer] = Uses { written: Some((stage, rows)), read: Vec::new() };
        }
        if stages.len() <= stage {
            stages.resize(stage + 1, Vec::new());
        }
        stages[stage].push(number);
    }
    stages
}

/// A stage that uses a buffer, and the elements of a row if its blocks use their own rows alone.
type Use = (usize, Option<usize>);

/// How a buffer was used so far.
#[derive(Clone, Debug, Default)]
struct Uses {
    /// When it was written last.
    written: Option<Use>,
    /// When its present content was read.
    read: Vec<Use>,
}

impl Uses {
    /// The first stage in which it may be read.
    fn read_from(&self, rows: Option<usize>) -> usize {
        self.written.map_or(0, |written| after(written, rows))
    }

    /// The first stage in which it may be written.
    fn write_from(&self, rows: Option<usize>) -> usize {
        self.read.iter().map(|&read| after(read, rows)).max().unwrap_or(0).max(self.read_from(rows))
    }
}

/// The first stage that may use a buffer after a use of it.
fn after((stage, used): Use, rows: Option<usize>) -> usize {
    if rows.is_some() && rows == used { stage } else { stage + 1 }
}

/// Cost of a stage that one block has done before others could be told of the one before it: two points for each thread.
const SMALL: usize = 512;

/// Splits the stages into those that are launched on their own and runs of two or more that one block does in turn, since
/// all of them are small: sums of a loss, what follows from the statistics of a batch. The addresses of a run fit into one
/// launch.
pub(super) fn together(phases: &[Phase], stages: &[Vec<usize>]) -> Vec<Range<usize>> {
    let is_function = |number: &usize| matches!(phases[*number].work, Work::Function(..));
    let cost = |stage: &[usize]| stage.iter().fold(0usize, |sum, number| sum.saturating_add(phases[*number].cost));
    let is_small = |stage: &Vec<usize>| stage.iter().all(is_function) && cost(stage) <= SMALL;
    let addresses =
        |stages: &[Vec<usize>]| -> usize { stages.iter().flatten().map(|number| phases[*number].reads.len()).sum() };
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (number, stage) in stages.iter().enumerate() {
        match groups.last_mut() {
            Some(last)
                if is_small(stage)
                    && is_small(&stages[last.start])
                    && addresses(&stages[last.start..=number]) <= MAX_ADDRESSES =>
            {
                last.end = number + 1;
            }
            _ => groups.push(number..number + 1),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lower::ByRows;

    fn phase(reads: &[u32], writes: &[u32]) -> Phase {
        let ids = |numbers: &[u32]| numbers.iter().map(|&n| BufferId(n)).collect::<Vec<_>>();
        Phase { work: Work::Function(0, vec![]), reads: ids(reads), writes: ids(writes), cost: 1, by_rows: None }
    }

    /// The same whose blocks do rows; `own`: buffers and elements of their rows.
    fn of_rows(own: &[(u32, usize)], reads: &[u32], writes: &[u32]) -> Phase {
        let own = own.iter().map(|&(number, size)| (BufferId(number), size)).collect();
        Phase { by_rows: Some(ByRows { function: 0, buffers: vec![], own }), ..phase(reads, writes) }
    }

    #[test]
    fn rows_need_no_barrier() {
        let identity: Vec<usize> = (0..8).collect();
        let fed = Own::from([(BufferId(0), 4)]);
        let by_rows = |phases: &[Phase]| {
            stages_by_rows(phases, &identity, &fed, |phase| phase.by_rows.as_ref().map(|by_rows| &by_rows.own))
        };
        // 1 = f(0, 7); 2 = f(1); then 3 = g(1, 2), of all rows; 7 = h(3).
        let chain = [
            of_rows(&[(0, 4), (1, 5)], &[0, 7], &[1]),
            of_rows(&[(1, 5), (2, 6)], &[1], &[2]),
            phase(&[1, 2], &[3]),
            phase(&[3], &[7]),
        ];
        assert_eq!(by_rows(&chain), [vec![0, 1], vec![2], vec![3]]);
        assert_eq!(stages(&chain, &identity), [vec![0], vec![1], vec![2], vec![3]]);
        // What all rows are read of waits for all, also what was fed; so do rows of another size, and who writes over them.
        assert_eq!(by_rows(&[phase(&[0], &[1])]), [vec![], vec![0]]);
        assert_eq!(by_rows(&[of_rows(&[(0, 2)], &[0], &[1])]), [vec![], vec![0]]);
        let over = [of_rows(&[(0, 4), (1, 4)], &[0], &[1]), of_rows(&[(1, 4)], &[1], &[2]), phase(&[], &[1])];
        assert_eq!(by_rows(&over), [vec![0, 1], vec![2]]);
        let over = [of_rows(&[(0, 4), (1, 4)], &[0, 5], &[1]), of_rows(&[(1, 4), (5, 4)], &[1], &[5])];
        assert_eq!(by_rows(&over), [vec![0], vec![1]]);
    }

    #[test]
    fn independent_phases_share_a_stage() {
        let identity: Vec<usize> = (0..6).collect();
        // 1 = f(0); 2 = g(1); 3 = h(1); 1 = k(4): after its readers; 5 = l(4).
        let phases = [phase(&[0], &[1]), phase(&[1], &[2]), phase(&[1], &[3]), phase(&[4], &[1]), phase(&[4], &[5])];
        assert_eq!(stages(&phases, &identity), [vec![0, 4], vec![1, 2], vec![3]]);
    }

    #[test]
    fn small_stages_are_launched_together() {
        let of = |cost: usize| Phase { cost, ..phase(&[], &[]) };
        let phases = [of(100), of(1000), of(300), of(300), of(10), of(10), of(10)];
        let stages = [vec![0], vec![1], vec![0], vec![4], vec![2, 3], vec![5], vec![6]];
        assert_eq!(together(&phases, &stages), [0..1, 1..2, 2..4, 4..5, 5..7]);
    }

    #[test]
    fn buffers_of_one_state_are_one() {
        // 0 and 1 are the same memory.
        assert_eq!(stages(&[phase(&[2], &[0]), phase(&[1], &[3])], &[0, 0, 2, 3]), [vec![0], vec![1]]);
    }
}
