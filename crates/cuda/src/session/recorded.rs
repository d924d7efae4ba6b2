//! Steps that are recorded as CUDA graphs and replayed.

use std::sync::Arc;

use glorot_graph::device::DeviceError;

use crate::gpu::{Address, Gpu, Kind, Owned};

type Result<T = ()> = std::result::Result<T, DeviceError>;

/// Recorded work, and how it came to be: the first time a step is launched kernel by kernel, so that all code is loaded when
/// it is recorded.
#[derive(Debug, Default)]
pub(super) enum Recorded {
    #[default]
    Never,
    /// Launched, and recorded in vain so often.
    Launched(usize),
    Graph(Owned),
    /// The work cannot be recorded.
    Refused,
}

/// Times that a step is recorded in vain: another thread may have disturbed it.
const RECORDINGS: usize = 3;

impl Recorded {
    pub fn is_refused(&self) -> bool {
        matches!(self, Recorded::Refused)
    }

    /// Launches the work, or replays what was recorded of it.
    pub fn run(&mut self, gpu: &dyn Gpu, queue: u64, owner: &Arc<dyn Gpu>, work: &dyn Fn() -> Result) -> Result {
        if let Recorded::Launched(failures) = *self {
            // SAFETY: the session's queue; a recording that has begun ends in any case.
            let graph = unsafe {
                match gpu.begin_recording(queue).map(|()| (work(), gpu.end_recording(queue))) {
                    Ok((worked, Ok(graph))) => {
                        let graph = Owned::new(owner, Kind::Graph, graph);
                        worked.is_ok().then_some(graph)
                    }
                    _ => None,
                }
            };
            *self = match graph {
                Some(graph) => Recorded::Graph(graph),
                None if failures + 1 < RECORDINGS => Recorded::Launched(failures + 1),
                None => Recorded::Refused,
            };
        }
        match self {
            // SAFETY: the graph is held here.
            Recorded::Graph(graph) => unsafe { gpu.replay(queue, graph.handle()) },
            Recorded::Refused | Recorded::Launched(_) => work(),
            Recorded::Never => {
                work()?;
                *self = Recorded::Launched(0);
                Ok(())
            }
        }
    }
}

/// Steps of one graph, so that the host has little to do; and steps after which it is recorded: that takes about as long as
/// to launch them kernel by kernel.
const MANY: usize = 16;
const WORTH: usize = 4 * MANY;

/// Launches of such a step, at most: a GPU keeps memory for each launch of a graph, and long steps gain nothing.
const MOST_LAUNCHES: usize = 256;

/// A step with the gathering of its inputs from some data sets: alone, and many times in one graph.
#[derive(Debug, Default)]
pub(super) struct Fed {
    /// The data sets and the order.
    key: Vec<Address>,
    one: Recorded,
    many: Recorded,
    /// Steps that were run.
    done: usize,
}

impl Fed {
    pub fn is_refused(&self) -> bool {
        self.one.is_refused()
    }

    /// Runs steps, of so many launches each, that take their inputs from what `key` names.
    pub fn run(
        &mut self,
        gpu: &dyn Gpu,
        queue: u64,
        owner: &Arc<dyn Gpu>,
        key: Vec<Address>,
        (steps, launches): (usize, usize),
        step: &dyn Fn() -> Result,
    ) -> Result {
        if self.key != key {
            // The old graphs may still be under way.
            // SAFETY: the session's queue.
            unsafe { gpu.finish(queue)? };
            *self = Fed { key, ..Fed::default() };
        }
        let mut left = steps;
        while left > 0 {
            let is_worth = launches <= MOST_LAUNCHES && left >= MANY && self.done >= WORTH;
            let is_possible = matches!(self.one, Recorded::Graph(_)) && !self.many.is_refused();
            let ran = if is_worth && is_possible {
                if matches!(self.many, Recorded::Never) {
                    // All code was loaded by single steps.
                    self.many = Recorded::Launched(0);
                }
                self.many.run(gpu, queue, owner, &|| (0..MANY).try_for_each(|_| step()))?;
                MANY
            } else {
                self.one.run(gpu, queue, owner, step)?;
                1
            };
            left -= ran;
            self.done += ran;
        }
        Ok(())
    }
}
