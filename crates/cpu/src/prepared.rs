use std::sync::Arc;
use std::time::Instant;

use glorot_graph::device::DeviceError;
use glorot_graph::program::{Buffer, BufferId, Place, Program};
use glorot_graph::{Sharing, TensorSpec, rearrange, windows};

use crate::held::{Held, byte_len, locate};
use crate::input::{Input, InputTasks};
use crate::kernels::Kernels;
use crate::launch::{GUARD, Grain, Launch, Work, launches};
use crate::layout;
use crate::memory::{ALIGNMENT, Aligned, Buffers};
use crate::pool::{Outcome, Pool};
use crate::profile::{Profile, Times};
use crate::schedule::{Choice, Distance, KernelOrder, Progress, Schedule, by_longest_chain};
use crate::subnormals::FlushSubnormals;
use crate::windows::Windowless;

/// Buffers of at most so many bytes are kept apart where several threads work.
const APART: usize = 256 << 10;
/// Bytes that an arena may have more for that, beside twice what it had.
const MORE_ARENA: usize = 32 << 20;
/// Programs that take less, in estimated nanoseconds, are run by one thread.
const ALONE: f64 = 10_000.0;

/// A lowered program.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// For one thread, in order.
    alone: Vec<Launch>,
    /// Cut for several threads.
    shared: Vec<Launch>,
    /// Ways to run those.
    teams: Vec<Team>,
    choice: Choice,
    /// Where the times of launches go, if they are taken.
    times: Option<Arc<Times>>,
    pub inputs: Vec<Input>,
    pub outputs: Vec<Output>,
    /// Kept alive for the launches, which know the address.
    _arena: Aligned,
    _constants: Vec<Held>,
}

#[derive(Debug)]
pub(crate) struct Output {
    pub spec: TensorSpec,
    pub address: usize,
}

/// Threads with a schedule.
#[derive(Debug)]
struct Team {
    schedule: Schedule,
    progress: Progress,
}

impl Prepared {
    pub(crate) fn new(
        program: &Program,
        states: &[Held],
        kernels: &'static Kernels,
        threads: usize,
        profile: Option<&Profile>,
    ) -> Result<Prepared, DeviceError> {
        check(program)?;
        let mut program = program.clone();
        windows::leave_out(&mut program, &Windowless);
        let turned = layout::choose(&program, kernels.lanes);
        layout::apply(&mut program, &turned);
        let last = arrange(&mut program, threads);
        let arena = Aligned::zeroed(program.arena_bytes)?;
        let spec = |id: &BufferId| &program.buffers[id.index()].spec;
        let input = |id: &BufferId| {
            let matrix = if turned[id.index()] { layout::matrix_of(&program, *id) } else { None };
            Input::new(spec(id), matrix)
        };
        let inputs: Vec<Input> = program.inputs.iter().map(input).collect::<Result<_, _>>()?;
        let mut constants = Vec::new();
        let mut located = Vec::with_capacity(program.buffers.len());
        for buffer in &program.buffers {
            located.push(locate(buffer, states, &arena, &inputs, &mut constants)?);
        }
        let output = |id: &BufferId| Output { spec: spec(id).clone(), address: located[id.index()].address };
        let outputs = program.outputs.iter().map(output).collect();
        let buffers = Buffers(located);

        let lower = |threads: usize| lowered(&program, last, &buffers, &inputs, kernels, threads);
        let (alone, _) = lower(1)?;
        let cost: f64 = alone.iter().map(|launch| launch.cost).sum();
        let (mut shared, mut teams) = (Vec::new(), Vec::new());
        if threads > 1 && cost >= ALONE {
            let first_of_last;
            (shared, first_of_last) = lower(threads)?;
            let schedule = |size, distance| Schedule::new(&shared, first_of_last, size, distance);
            let team = |schedule: Schedule| Team { progress: Progress::of(schedule.lists.len()), schedule };
            let near: Vec<Schedule> = sizes(threads).map(|size| schedule(size, Distance::Near)).collect();
            let far = near.iter().filter_map(|near| {
                let far = schedule(near.lists.len(), Distance::Far);
                (far.lists != near.lists).then_some(far)
            });
            teams = far.map(team).collect();
            teams.extend(near.into_iter().map(team));
        }
        Ok(Prepared {
            choice: Choice::of(1 + teams.len()),
            times: profile.map(|profile| profile.add(&program, &alone)),
            alone,
            shared,
            teams,
            inputs,
            outputs,
            _arena: arena,
            _constants: constants,
        })
    }

    /// Bytes of scratch memory that a thread needs.
    pub(crate) fn scratch_bytes(&self) -> usize {
        self.alone.iter().chain(&self.shared).map(|launch| launch.scratch_bytes).max().unwrap_or(0) + GUARD
    }

    /// Runs the program; false if a thread panicked.
    ///
    /// # Safety
    /// The states are alive and used by nothing else; `scratch` has memory for each thread of the pool, as much as
    /// [`Prepared::scratch_bytes`].
    pub(crate) unsafe fn run(&mut self, pool: &Pool, kernels: &'static Kernels, scratch: &[Aligned]) -> bool {
        let Prepared { alone, shared, teams, choice, times, .. } = self;
        let run_launch = |launch: &Launch| {
            // SAFETY: the program holds its memory; launches are in an order that one thread can run.
            (0..launch.tasks).for_each(|task| unsafe { launch.run(kernels, task, scratch[0].pointer()) });
        };
        let run_alone = || {
            let _flush = FlushSubnormals::new();
            match times.as_deref() {
                None => alone.iter().for_each(run_launch),
                Some(times) => alone.iter().enumerate().for_each(|(number, launch)| {
                    let start = Instant::now();
                    run_launch(launch);
                    times.record(number, start.elapsed().as_nanos() as u64);
                }),
            }
            true
        };
        let completed = choice.run(|way| {
            let Some(Team { schedule, progress }) = way.checked_sub(1).and_then(|team| teams.get_mut(team)) else {
                return run_alone();
            };
            progress.begin(schedule);
            let progress = &*progress;
            let outcome = pool.run(schedule.lists.len(), &|me| {
                let _flush = FlushSubnormals::new();
                // SAFETY: as above; the schedule makes threads wait for what they need of each other.
                unsafe { schedule.work(shared, progress, me, kernels, scratch[me].pointer()) };
            });
            match outcome {
                Outcome::Done => true,
                Outcome::Panicked => false,
                // The threads work for another session.
                Outcome::Busy => run_alone(),
            }
        });
        self.inputs.iter_mut().for_each(Input::release);
        completed
    }
}

/// The launches of a program, cut for so many threads; and the first of those that no other waits for. `last`: the
/// first such kernel.
fn lowered(
    program: &Program,
    last: usize,
    buffers: &Buffers,
    inputs: &[Input],
    kernels: &'static Kernels,
    threads: usize,
) -> Result<(Vec<Launch>, usize), DeviceError> {
    let input_launch = |tasks: InputTasks| {
        let (count, cost) = (tasks.tasks(), tasks.cost());
        Launch { kernel: None, work: Work::Input(tasks), tasks: count, cost, scratch_bytes: 0 }
    };
    let filled = inputs.iter().filter_map(|input| input.tasks(threads));
    let mut all: Vec<Launch> = filled.map(input_launch).collect();
    let mut at_last = Vec::new();
    for (index, kernel) in program.kernels.iter().enumerate() {
        let grain = Grain { threads, is_last: index >= last };
        let mut stages = launches(buffers, index, kernel, kernels, grain)?;
        // Of a kernel that nobody waits for, nobody waits for the last stage alone.
        at_last.extend(if index >= last { stages.pop() } else { None });
        all.append(&mut stages);
    }
    let first_of_last = all.len();
    all.append(&mut at_last);
    Ok((all, first_of_last))
}

/// Numbers of threads to choose from, besides one: powers of two, and all.
fn sizes(threads: usize) -> impl Iterator<Item = usize> {
    let powers = (1..usize::BITS).map(|power| 1 << power).take_while(move |&size| size < threads);
    powers.chain((threads > 1).then_some(threads))
}

/// Fails if a kernel names a buffer that does not exist, or a buffer lies beyond the arena.
fn check(program: &Program) -> Result<(), DeviceError> {
    let kernels = program.kernels.iter().flat_map(|kernel| kernel.reads().into_iter().chain(kernel.writes()));
    let ports = program.inputs.iter().chain(&program.outputs).copied();
    if let Some(buffer) = kernels.chain(ports).find(|buffer| buffer.index() >= program.buffers.len()) {
        return Err(DeviceError(format!("invalid program: buffer {} does not exist", buffer.0)));
    }
    for Buffer { spec, place } in &program.buffers {
        let Place::Arena { offset } = *place else { continue };
        let end = offset.checked_add(byte_len(spec)?);
        if offset % ALIGNMENT != 0 || end.is_none_or(|end| end > program.arena_bytes.next_multiple_of(ALIGNMENT)) {
            let detail = format!("a buffer of shape {} at byte {offset} of {}", spec.shape, program.arena_bytes);
            return Err(DeviceError(format!("invalid program: {detail} of its arena")));
        }
    }
    Ok(())
}

/// Brings the kernels of a program into an order for so many threads; from which one on no kernel waits for another.
fn arrange(program: &mut Program, threads: usize) -> usize {
    if threads > 1 {
        let KernelOrder { kernels, last } = by_longest_chain(program);
        let mut arranged = program.clone();
        rearrange(&mut arranged, &kernels, Sharing { apart: APART, together: last });
        if arranged.arena_bytes <= 2 * program.arena_bytes + MORE_ARENA {
            *program = arranged;
            return last;
        }
    }
    program.kernels.len()
}

#[cfg(test)]
mod tests;
