//! Which phases can run at once.

use std::collections::HashMap;
use std::ops::Range;

use glorot_graph::StateId;
use glorot_graph::program::{Place, Program};

use super::{MAX_ADDRESSES, Phase, Work};

/// The number of the memory of each buffer: buffers of one state are one.
pub(super) fn identities(program: &Program, count: usize) -> Vec<usize> {
    let mut of_state: HashMap<StateId, usize> = HashMap::new();
    let identity = |number: usize| match program.buffers.get(number).map(|buffer| &buffer.place) {
        Some(Place::State(state)) => *of_state.entry(*state).or_insert(number),
        _ => number,
    };
    (0..count).map(identity).collect()
}

/// The phases of each stage: a phase comes right after the last one that it must wait for.
pub(super) fn stages(phases: &[Phase], identity: &[usize]) -> Vec<Vec<usize>> {
    // First stage in which a buffer may be read, and in which it may be written.
    let (mut read_from, mut write_from) = (vec![0; identity.len()], vec![0; identity.len()]);
    let mut stages: Vec<Vec<usize>> = Vec::new();
    for (number, phase) in phases.iter().enumerate() {
        let reads: Vec<usize> = phase.reads.iter().map(|buffer| identity[buffer.index()]).collect();
        let writes: Vec<usize> = phase.writes.iter().map(|buffer| identity[buffer.index()]).collect();
        let after_writers = reads.iter().map(|&buffer| read_from[buffer]);
        let stage = after_writers.chain(writes.iter().map(|&buffer| write_from[buffer])).max().unwrap_or(0);
        for &buffer in &writes {
            read_from[buffer] = stage + 1;
            write_from[buffer] = stage + 1;
        }
        for &buffer in &reads {
            write_from[buffer] = write_from[buffer].max(stage + 1);
        }
        if stages.len() <= stage {
            stages.resize(stage + 1, Vec::new());
        }
        stages[stage].push(number);
    }
    stages
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
    use glorot_graph::program::BufferId;

    use super::*;

    fn phase(reads: &[u32], writes: &[u32]) -> Phase {
        let ids = |numbers: &[u32]| numbers.iter().map(|&n| BufferId(n)).collect::<Vec<_>>();
        Phase { work: Work::Function(0, vec![]), reads: ids(reads), writes: ids(writes), cost: 1 }
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
