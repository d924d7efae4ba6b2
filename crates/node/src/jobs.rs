//! Work on threads of its own: training, evaluation, prediction. The thread of JavaScript prepares it, hears of it
//! through events, and never waits for it.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use glorot_train::{Access, Event, Flow, Logs};
use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;

use crate::error::{Failure, Result, code};
use crate::tensor::HostTensor;

/// What a job tells. Which fields there are follows from `type`.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct JobEvent {
    /// `epochBegin`, `batchBegin`, `progress`, `testBegin`, `testBatchBegin`, `testBatchEnd`, `testEnd`, `epochEnd`, or at
    /// last `end`.
    #[napi(
        js_name = "type",
        ts_type = "'epochBegin' | 'batchBegin' | 'progress' | 'testBegin' | 'testBatchBegin' | 'testBatchEnd' | 'testEnd' | 'epochEnd' | 'end'"
    )]
    pub kind: String,
    /// The job waits for [`Job::reply`].
    pub waits: bool,
    pub epoch: Option<u32>,
    /// `batchBegin`, `progress`, `testBatchBegin`, `testBatchEnd`: the step, from 0.
    pub step: Option<u32>,
    /// `progress`: steps of the epoch.
    pub steps: Option<u32>,
    /// Names and values of loss and metrics.
    pub names: Option<Vec<String>>,
    pub values: Option<Vec<f64>>,
    /// `epochEnd`: milliseconds.
    pub elapsed: Option<f64>,
    pub end: Option<JobEnd>,
}

/// How a job ended.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct JobEnd {
    /// Why it failed.
    pub code: Option<String>,
    pub message: Option<String>,
    /// It was cancelled before it was done.
    pub cancelled: bool,
    /// Of an evaluation or a batch: names and values of loss and metrics.
    pub names: Option<Vec<String>>,
    pub values: Option<Vec<f64>>,
    /// Of a prediction: the outputs.
    pub outputs: Option<Vec<HostTensor>>,
}

impl JobEnd {
    pub fn failed(failure: &Failure) -> JobEnd {
        let cancelled = failure.code() == code::ABORTED;
        JobEnd { code: Some(failure.code().into()), message: Some(failure.message()), cancelled, ..JobEnd::default() }
    }

    pub fn of_logs(logs: Vec<(String, f32)>) -> JobEnd {
        let (names, values) = logs.into_iter().map(|(name, value)| (name, f64::from(value))).unzip();
        JobEnd { names: Some(names), values: Some(values), ..JobEnd::default() }
    }
}

/// The JavaScript function that hears the events.
#[napi]
pub type OnEvent<'env> = Function<'env, JobEvent, ()>;

type Tell = ThreadsafeFunction<JobEvent, (), JobEvent, Status, false>;

/// Which events the job waits at, for JavaScript to act on the model or to stop the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waits {
    Never,
    /// At the begin and the end of epochs.
    Epochs,
    /// At steps too.
    Steps,
}

impl Waits {
    /// At steps, or never.
    pub fn at_steps(steps: bool) -> Waits {
        if steps { Waits::Steps } else { Waits::Never }
    }
}

/// What JavaScript says to a job that waits.
enum Reply {
    Go(Flow),
    /// Bring the variables of the host up to date, then answer.
    Sync(Sender<std::result::Result<(), glorot_train::Error>>),
}

/// A job in progress.
#[napi]
pub struct Job {
    line: Rc<Line>,
}

/// The side of JavaScript of the connection with a job.
struct Line {
    cancel: Arc<AtomicBool>,
    replies: Sender<Reply>,
    /// The job waits, and its variables on the host are not known to be up to date.
    stale: Arc<AtomicBool>,
}

thread_local! {
    /// The jobs of this thread.
    static LINES: RefCell<Vec<Weak<Line>>> = const { RefCell::new(Vec::new()) };
}

/// Brings the variables of the host up to date with the jobs of this thread that wait for a callback. Jobs that do not
/// wait are not disturbed: their variables have the values they were last given.
pub fn sync() -> Result<()> {
    let lines = LINES.with_borrow_mut(|lines| {
        lines.retain(|line| line.strong_count() > 0);
        lines.iter().filter_map(Weak::upgrade).collect::<Vec<_>>()
    });
    for line in lines.iter().filter(|line| line.stale.swap(false, Ordering::AcqRel)) {
        let (answer, answered) = channel();
        // A job that has ended in the meantime has brought everything up to date.
        if line.replies.send(Reply::Sync(answer)).is_ok()
            && let Ok(result) = answered.recv()
        {
            result?;
        }
    }
    Ok(())
}

#[napi]
impl Job {
    /// Ends the job before its next step.
    #[napi(catch_unwind)]
    pub fn cancel(&self) {
        self.line.cancel.store(true, Ordering::Relaxed);
    }

    /// Lets a job go on that waits at an event.
    #[napi(catch_unwind)]
    pub fn reply(&self, stop: bool) {
        self.line.stale.store(false, Ordering::Release);
        let flow = if stop { Flow::Stop } else { Flow::Continue };
        // A job that has ended needs no reply.
        let _ = self.line.replies.send(Reply::Go(flow));
    }
}

/// The side of the job's thread.
pub struct Caller {
    tell: Tell,
    replies: Receiver<Reply>,
    cancel: Arc<AtomicBool>,
    stale: Arc<AtomicBool>,
    waits: Waits,
}

/// Runs a job on a thread of its own. `work` ends with what the last event tells.
pub fn spawn(
    on_event: OnEvent<'_>,
    waits: Waits,
    work: impl FnOnce(&mut Caller) -> Result<JobEnd> + Send + 'static,
) -> Result<Job> {
    let tell: Tell = on_event.build_threadsafe_function().build()?;
    let (sender, replies) = channel();
    let (cancel, stale) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let line = Rc::new(Line { cancel: cancel.clone(), replies: sender, stale: stale.clone() });
    let mut caller = Caller { tell, replies, cancel, stale, waits };
    let run = move || {
        let worked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut caller)));
        let end = match worked {
            Ok(Ok(end)) => end,
            Ok(Err(failure)) => JobEnd::failed(&failure),
            Err(panic) => JobEnd::failed(&Failure::Coded(code::INTERNAL, panic_message(panic.as_ref()))),
        };
        caller.send(JobEvent { kind: "end".into(), end: Some(end), ..JobEvent::default() });
    };
    std::thread::Builder::new()
        .name("glorot-job".into())
        .spawn(run)
        .map_err(|error| Failure::Coded(code::DEVICE, format!("no thread could be started: {error}")))?;
    LINES.with_borrow_mut(|lines| lines.push(Rc::downgrade(&line)));
    Ok(Job { line })
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let message = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    format!("internal error, please report it: {}", message.unwrap_or("a panic without a message"))
}

impl Caller {
    pub fn cancel(&self) -> Arc<AtomicBool> {
        self.cancel.clone()
    }

    /// Hands an event to JavaScript without waiting; false if nobody is there any more.
    fn send(&self, event: JobEvent) -> bool {
        self.tell.call(event, ThreadsafeFunctionCallMode::NonBlocking) == Status::Ok
    }

    /// Handles an event of the training loop.
    pub fn handle(&mut self, event: Event<'_>, access: &mut Access<'_>) -> Flow {
        let level = match event {
            Event::EpochBegin { .. } | Event::EpochEnd { .. } => Waits::Epochs,
            // They are told only to those who wait for them.
            Event::TestBegin { .. }
            | Event::TestBatchBegin { .. }
            | Event::TestBatchEnd { .. }
            | Event::TestEnd { .. } => Waits::Epochs,
            Event::BatchBegin { .. } | Event::Progress { .. } => Waits::Steps,
        };
        let waits = self.waits >= level;
        if waits {
            self.stale.store(true, Ordering::Release);
        }
        if !self.send(JobEvent { waits, ..to_js(event) }) {
            return Flow::Stop;
        }
        if waits { self.wait(access) } else { Flow::Continue }
    }

    fn wait(&mut self, access: &mut Access<'_>) -> Flow {
        loop {
            match self.replies.recv() {
                Ok(Reply::Go(flow)) => return flow,
                // Nobody waits for the answer if JavaScript is being torn down.
                Ok(Reply::Sync(answer)) => drop(answer.send(access.sync_to_host())),
                Err(_) => return Flow::Stop,
            }
        }
    }
}

fn to_js(event: Event<'_>) -> JobEvent {
    let base =
        |kind: &str, epoch: usize| JobEvent { kind: kind.into(), epoch: Some(epoch as u32), ..JobEvent::default() };
    let with_logs = |event: JobEvent, logs: Logs<'_>| JobEvent {
        names: Some(logs.names().to_vec()),
        values: Some(logs.values().iter().map(|&value| f64::from(value)).collect()),
        ..event
    };
    match event {
        Event::EpochBegin { epoch } => base("epochBegin", epoch),
        Event::BatchBegin { epoch, step } => JobEvent { step: Some(step as u32), ..base("batchBegin", epoch) },
        Event::Progress { epoch, step, steps, logs } => {
            let event = base("progress", epoch);
            with_logs(JobEvent { step: Some(step as u32), steps: Some(steps as u32), ..event }, logs)
        }
        Event::TestBegin { epoch } => base("testBegin", epoch),
        Event::TestBatchBegin { epoch, step } => JobEvent { step: Some(step as u32), ..base("testBatchBegin", epoch) },
        Event::TestBatchEnd { epoch, step, logs } => {
            with_logs(JobEvent { step: Some(step as u32), ..base("testBatchEnd", epoch) }, logs)
        }
        Event::TestEnd { epoch, logs } => with_logs(base("testEnd", epoch), logs),
        Event::EpochEnd { epoch, logs, elapsed } => {
            with_logs(JobEvent { elapsed: Some(elapsed.as_secs_f64() * 1e3), ..base("epochEnd", epoch) }, logs)
        }
    }
}
