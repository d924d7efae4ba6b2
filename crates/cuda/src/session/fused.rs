//! Kernels that run many steps of a narrow program at once, and the choice between them and graphs.

use std::sync::Arc;
use std::thread::JoinHandle;

use glorot_graph::device::DeviceError;

use crate::device::StepKind;
use crate::gpu::{Address, Argument, Gpu, Grouping, Kind, Launch, Owned};

type Result<T = ()> = std::result::Result<T, DeviceError>;

/// Steps that a way to run them gets before it is timed, and those that are timed, at least, in one call or in several.
const WARM: usize = 4;
const TIMED: usize = 32;

/// Steps after which kernels are compiled, which takes seconds of a processor: what runs less often, as a single
/// evaluation, gains nothing from them.
const WORTH: usize = 128;

/// A way to run steps that is tried.
#[derive(Debug)]
struct Trial {
    kind: StepKind,
    function: u64,
    blocks: usize,
    grouping: Grouping,
    warm: bool,
    /// Seconds of the steps that were timed so far, and their number.
    timed: (f64, usize),
    /// Seconds a step; infinite if it cannot be launched.
    time: Option<f64>,
}

impl Trial {
    fn new(kind: StepKind, function: u64, blocks: usize, grouping: Grouping) -> Trial {
        Trial { kind, function, blocks, grouping, warm: false, timed: (0.0, 0), time: None }
    }
}

#[derive(Debug)]
enum State {
    /// There is a source that nobody has asked for.
    Source(String),
    /// Another thread compiles it.
    Compiling(JoinHandle<Result<Owned>>),
    Ready {
        trials: Vec<Trial>,
        _module: Owned,
    },
    /// The step is not narrow, or the GPU cannot run such a kernel: graphs it is.
    Off,
}

/// The kernels of a program, if it is narrow.
#[derive(Debug)]
pub(super) struct Fused {
    gpu: Arc<dyn Gpu>,
    state: State,
    /// Addresses of the program's own buffers.
    fixed: Vec<Address>,
    graph: Trial,
    /// Steps that were run, and the most that were asked for at once.
    done: usize,
    longest: usize,
}

/// What to do with the next steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// A kernel by number, or a graph.
    pub kernel: Option<usize>,
    pub steps: usize,
    /// Tell how long they took.
    pub timed: bool,
}

impl Fused {
    pub fn new(gpu: &Arc<dyn Gpu>, source: Option<String>, fixed: Vec<Address>) -> Fused {
        let state = source.map_or(State::Off, State::Source);
        let graph = Trial::new(StepKind::Graph, 0, 0, Grouping::Free);
        Fused { gpu: Arc::clone(gpu), state, fixed, graph, done: 0, longest: 0 }
    }

    pub fn gpu(&self) -> &Arc<dyn Gpu> {
        &self.gpu
    }

    /// Begins to compile, or takes what was compiled. With a given kind it waits until it is there.
    fn advance(&mut self, wanted: StepKind) {
        if let State::Source(source) = &mut self.state {
            let (source, gpu) = (std::mem::take(source), Arc::clone(&self.gpu));
            let compile = move || gpu.compile(&source).map(|module| Owned::new(&gpu, Kind::Module, module));
            let thread = std::thread::Builder::new().name("glorot-nvrtc".into()).spawn(compile);
            self.state = thread.map_or(State::Off, State::Compiling);
        }
        if let State::Compiling(thread) = &self.state
            && (thread.is_finished() || wanted != StepKind::Measured)
            && let State::Compiling(thread) = std::mem::replace(&mut self.state, State::Off)
            && let Ok(Ok(module)) = thread.join()
        {
            let trials = trials(&*self.gpu, &module, wanted);
            self.state = if trials.is_empty() { State::Off } else { State::Ready { trials, _module: module } };
        }
    }

    /// What to do with the next of `left` steps.
    pub fn choose(&mut self, left: usize, wanted: StepKind) -> Choice {
        self.longest = self.longest.max(left);
        let graph = Choice { kernel: None, steps: left, timed: false };
        let is_rare = matches!(self.state, State::Source(_)) && self.done + left < WORTH;
        if wanted == StepKind::Graph || (wanted == StepKind::Measured && is_rare) {
            return graph;
        }
        self.advance(wanted);
        let State::Ready { trials, .. } = &self.state else { return graph };
        if wanted != StepKind::Measured {
            let usable = trials.iter().position(|trial| trial.time != Some(f64::INFINITY));
            return Choice { kernel: usable, ..graph };
        }
        let all =
            std::iter::once((None, &self.graph)).chain(trials.iter().enumerate().map(|(i, trial)| (Some(i), trial)));
        if let Some((kernel, trial)) = all.clone().find(|(_, trial)| trial.time.is_none()) {
            let wanted = if trial.warm { TIMED } else { WARM };
            return Choice { kernel, steps: left.min(wanted), timed: trial.warm && left >= TIMED.min(self.longest) };
        }
        let time = |trial: &Trial| trial.time.unwrap_or(f64::INFINITY);
        let best = all.min_by(|(_, a), (_, b)| time(a).total_cmp(&time(b)));
        Choice { kernel: best.and_then(|(kernel, _)| kernel), ..graph }
    }

    /// Tells how long the steps of a choice took.
    pub fn tell(&mut self, choice: Choice, seconds: f64) {
        self.done += choice.steps;
        let trial = self.trial(choice.kernel);
        if choice.timed {
            trial.timed = (trial.timed.0 + seconds, trial.timed.1 + choice.steps);
            if trial.timed.1 >= TIMED {
                trial.time = Some(trial.timed.0 / trial.timed.1 as f64);
            }
        }
        trial.warm = true;
    }

    fn trial(&mut self, kernel: Option<usize>) -> &mut Trial {
        match (kernel, &mut self.state) {
            (Some(kernel), State::Ready { trials, .. }) => &mut trials[kernel],
            _ => &mut self.graph,
        }
    }

    /// Runs steps `first ..` of the order in a kernel. False if this GPU cannot: another way is taken from now on.
    pub fn launch(
        &mut self,
        queue: u64,
        choice: Choice,
        first: usize,
        feeds: &[Address],
        order: Address,
        arrived: Address,
    ) -> Result<bool> {
        let Some(kernel) = choice.kernel else { return Ok(false) };
        let mut addresses = self.fixed.clone();
        addresses.extend_from_slice(feeds);
        addresses.push(order);
        let gpu = Arc::clone(&self.gpu);
        let trial = self.trial(Some(kernel));
        let arguments = [
            Argument::Addresses(addresses),
            Argument::Word(first as u32),
            Argument::Word(choice.steps as u32),
            Argument::Address(arrived),
        ];
        let &mut Trial { function, blocks, grouping, .. } = trial;
        let launch = Launch { function, blocks, grouping, arguments: &arguments };
        // SAFETY: the counter is the session's; as for the other addresses, see `Prepared::launch`.
        let launched = unsafe {
            gpu.zero(queue, arrived, 4)?;
            gpu.launch(queue, &launch)
        };
        if launched.is_err() {
            trial.time = Some(f64::INFINITY);
        }
        Ok(launched.is_ok())
    }

    /// The microseconds a step of each way that was timed, for people.
    pub fn report(&self) -> String {
        let trials: &[Trial] = if let State::Ready { trials, .. } = &self.state { trials } else { &[] };
        let timed = std::iter::once(&self.graph).chain(trials).filter_map(|trial| {
            let name = StepKind::ALL.into_iter().find(|(_, kind)| *kind == trial.kind).map_or("", |(name, _)| name);
            match trial.time? {
                time if time.is_finite() => Some(format!("{name} {:.1} µs", time * 1e6)),
                _ => Some(format!("{name} not possible")),
            }
        });
        let timed: Vec<String> = timed.collect();
        match &self.state {
            State::Compiling(_) => "; kernels of whole steps are being compiled".into(),
            _ if timed.is_empty() => String::new(),
            _ => format!("; measured: {}", timed.join(", ")),
        }
    }
}

/// The kernels that this GPU has, of the wanted kind.
fn trials(gpu: &dyn Gpu, module: &Owned, wanted: StepKind) -> Vec<Trial> {
    let facts = gpu.facts();
    let all = [
        (StepKind::Block, "step_block", 1, Grouping::Free, true),
        (StepKind::Cluster8, "step_cluster8", 8, Grouping::Cluster, facts.has_clusters()),
        (StepKind::Cluster16, "step_cluster16", 16, Grouping::Cluster, facts.has_clusters()),
        (StepKind::Grid, "step_grid", facts.multiprocessors, Grouping::Cooperative, facts.cooperative),
    ];
    let usable = all.into_iter().filter(|&(kind, .., has)| has && (wanted == StepKind::Measured || wanted == kind));
    usable
        .filter_map(|(kind, name, blocks, grouping, _)| {
            // SAFETY: the module is held by the caller, with the trials.
            let function = unsafe { gpu.function(module.handle(), name) }.ok()?;
            Some(Trial::new(kind, function, blocks, grouping))
        })
        .collect()
}
