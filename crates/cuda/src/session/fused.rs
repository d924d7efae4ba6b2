//! Kernels that run many steps of a narrow program at once, and the choice between them and graphs.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
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
    _module: Option<Owned>,
}

impl Trial {
    fn new(kind: StepKind, function: u64, blocks: usize, grouping: Grouping) -> Trial {
        Trial { kind, function, blocks, grouping, warm: false, timed: (0.0, 0), time: None, _module: None }
    }
}

/// A kernel that another thread compiles.
type Compiling = JoinHandle<Result<Trial>>;

/// The kernels of a program, if it is narrow.
#[derive(Debug)]
pub(super) struct Fused {
    gpu: Arc<dyn Gpu>,
    /// What nobody has asked for yet; nothing if the step is not narrow.
    sources: Vec<(StepKind, String)>,
    compiling: Vec<Compiling>,
    /// Held as long as somebody may run what is compiled.
    wanted: Arc<()>,
    /// Those that this GPU has, so far, in the order of [`StepKind::ALL`].
    trials: Vec<Trial>,
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
    pub fn new(gpu: &Arc<dyn Gpu>, sources: Vec<(StepKind, String)>, fixed: Vec<Address>) -> Fused {
        Fused {
            gpu: Arc::clone(gpu),
            sources,
            compiling: Vec::new(),
            wanted: Arc::new(()),
            trials: Vec::new(),
            fixed,
            graph: Trial::new(StepKind::Graph, 0, 0, Grouping::Free),
            done: 0,
            longest: 0,
        }
    }

    pub fn gpu(&self) -> &Arc<dyn Gpu> {
        &self.gpu
    }

    /// Begins to compile, or takes what was compiled. With a given kind it waits until it is there.
    fn advance(&mut self, wanted: StepKind) {
        for (kind, source) in std::mem::take(&mut self.sources) {
            if wanted == StepKind::Measured || wanted == kind {
                self.compiling.extend(compile(&self.gpu, &self.wanted, kind, source));
            }
        }
        let is_there = |thread: &mut Compiling| thread.is_finished() || wanted != StepKind::Measured;
        let compiled: Vec<Compiling> = self.compiling.extract_if(.., is_there).collect();
        if !compiled.is_empty() {
            self.trials.extend(compiled.into_iter().filter_map(|thread| thread.join().ok()?.ok()));
            self.trials.sort_by_key(|trial| StepKind::ALL.iter().position(|(_, kind)| *kind == trial.kind));
        }
    }

    /// What to do with the next of `left` steps.
    pub fn choose(&mut self, left: usize, wanted: StepKind) -> Choice {
        self.longest = self.longest.max(left);
        let graph = Choice { kernel: None, steps: left, timed: false };
        let is_rare = !self.sources.is_empty() && self.done + left < WORTH;
        if wanted == StepKind::Graph || (wanted == StepKind::Measured && is_rare) {
            return graph;
        }
        self.advance(wanted);
        let trials = &self.trials;
        if trials.is_empty() {
            return graph;
        }
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
        match kernel {
            Some(kernel) => &mut self.trials[kernel],
            None => &mut self.graph,
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
        let timed = std::iter::once(&self.graph).chain(&self.trials).filter_map(|trial| {
            let name = trial.kind.name();
            match trial.time? {
                time if time.is_finite() => Some(format!("{name} {:.1} µs", time * 1e6)),
                _ => Some(format!("{name} not possible")),
            }
        });
        let timed: Vec<String> = timed.collect();
        let measured = if timed.is_empty() { String::new() } else { format!("; measured: {}", timed.join(", ")) };
        let compiling = if self.compiling.is_empty() { "" } else { "; kernels of whole steps are being compiled" };
        measured + compiling
    }
}

/// A turn to compile: half of the processors, at most four, do so at a time.
struct Turn;

static TURNS: Mutex<usize> = Mutex::new(0);
static TURN_ENDED: Condvar = Condvar::new();

impl Turn {
    fn wait() -> Turn {
        let most = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).clamp(1, 4));
        let mut turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        while *turns >= most {
            turns = TURN_ENDED.wait(turns).unwrap_or_else(PoisonError::into_inner);
        }
        *turns += 1;
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TURNS.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        TURN_ENDED.notify_one();
    }
}

/// Compiles a kernel in a thread of its own, if it is still wanted when its turn comes. `None` if this GPU cannot run it.
fn compile(gpu: &Arc<dyn Gpu>, wanted: &Arc<()>, kind: StepKind, source: String) -> Option<Compiling> {
    let facts = gpu.facts();
    let (blocks, grouping, is_possible) = match kind {
        StepKind::Block => (1, Grouping::Free, true),
        StepKind::Cluster8 => (8, Grouping::Cluster, facts.has_clusters()),
        StepKind::Cluster16 | StepKind::Cluster16Rows => (16, Grouping::Cluster, facts.has_clusters()),
        StepKind::Grid | StepKind::Rows => (facts.multiprocessors, Grouping::Cooperative, facts.cooperative),
        StepKind::Graph | StepKind::Measured => return None,
    };
    if !is_possible {
        return None;
    }
    let (gpu, wanted) = (Arc::clone(gpu), Arc::downgrade(wanted));
    let work = move || {
        let _turn = Turn::wait();
        if wanted.strong_count() == 0 {
            return Err(DeviceError("nobody wants the kernel any more".into()));
        }
        let module = Owned::new(&gpu, Kind::Module, gpu.compile(&source)?);
        // SAFETY: the trial holds the module.
        let function = unsafe { gpu.function(module.handle(), &kind.kernel())? };
        Ok(Trial { _module: Some(module), ..Trial::new(kind, function, blocks, grouping) })
    };
    std::thread::Builder::new().name("glorot-nvrtc".into()).spawn(work).ok()
}
