use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use glorot_nn::Variable;

use crate::batches::{Batches, Feed, LoadedBatches};
use crate::continuation::Continuation;
use crate::error::{Error, Result};
use crate::event::{Event, Flow, Outcome};
use crate::jobs::pace::Pace;
use crate::jobs::watch::{Readings, Watch};
use crate::jobs::{Handler, States};
use crate::logs::History;
use crate::options::{Progress, Resume, ValidationEvents};
use crate::pool::Pool;
use crate::samples::Samples;
use crate::session::DeviceSession;
use crate::shuffle::Order;
use crate::trace::Reports;

/// What a training does, with all its steps compiled.
pub(crate) struct FitPlan {
    pub reports: Arc<Reports>,
    pub samples: Samples,
    /// A pass over the samples that are trained on: the first ones.
    pub batches: Batches,
    pub validation: Option<ValidationPlan>,
    pub continuation: Continuation,
    pub epochs: std::ops::Range<usize>,
    pub resume: Option<Resume>,
    /// Steps of an epoch.
    pub steps: usize,
    pub shuffle: bool,
    pub progress: Progress,
    pub validation_events: ValidationEvents,
    pub check: Check,
    /// The device takes many steps at once.
    pub many_steps: bool,
    /// Weights that their moving averages replace when the training ends.
    pub averages: Vec<(Variable, Variable)>,
}

/// When it is checked that the loss is finite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    Never,
    /// After each step.
    Steps,
    /// When the running loss is read, in which a NaN stays: reading costs time on this device.
    Readings,
}

/// How a model is evaluated at the end of an epoch.
pub(crate) struct ValidationPlan {
    pub samples: Samples,
    /// The row of the first sample: the others are trained on.
    pub first: usize,
    pub batches: Batches,
    /// Epochs from one evaluation to the next.
    pub freq: usize,
}

/// A prepared training. It runs on any thread and can be run once more, from the same first epoch, on the weights as
/// they are then.
pub struct FitJob {
    states: States,
    plan: FitPlan,
    /// Names of the logs: those of the training, then with `val_` those of the validation.
    names: Vec<String>,
    history: History,
}

impl FitJob {
    pub(crate) fn new(states: States, plan: FitPlan) -> FitJob {
        let mut names = plan.reports.names.clone();
        if plan.validation.is_some() {
            names.extend(plan.reports.names.iter().map(|name| format!("val_{name}")));
        }
        FitJob { states, plan, names, history: History::default() }
    }

    /// Names of the logs of an epoch that ends with validation, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Steps of an epoch.
    pub fn steps_per_epoch(&self) -> usize {
        self.plan.steps
    }

    /// The logs of the epochs that ended in the last run, whether it was completed or not.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Trains. `cancel` is looked at before each step. In all cases, errors included, the weights are on the host
    /// afterwards as the last step left them, and [`FitJob::history`] has the epochs so far.
    pub fn run(&mut self, cancel: &AtomicBool, handler: &mut Handler<'_>) -> Result<Outcome> {
        self.history = History::default();
        let plan = &self.plan;
        if plan.epochs.start > 0 && !plan.epochs.is_empty() {
            plan.continuation.go_on()?;
        }
        let pool = &self.states.pool;
        let mut lease = pool.train(&self.states.variables)?;
        let result = run_with_data(plan, &self.names, pool, &mut lease, cancel, handler, &mut self.history);
        lease.finish()?;
        // The interrupted run may have ended but for this.
        let trained = !self.history.epochs.is_empty() || plan.resume.is_some();
        if result.is_ok() && trained {
            plan.continuation.average(&plan.averages)?;
        }
        result
    }
}

fn run_with_data(
    plan: &FitPlan,
    names: &[String],
    pool: &Pool,
    session: &mut DeviceSession,
    cancel: &AtomicBool,
    handler: &mut Handler<'_>,
    history: &mut History,
) -> Result<Outcome> {
    let feed = Feed::open(session, plan.samples.tensors())?;
    let validation = match plan.validation.as_ref().map(|plan| Validation::open(session, plan)).transpose() {
        Ok(validation) => validation,
        Err(error) => {
            feed.close(session);
            return Err(error);
        }
    };
    let result = Run::new(plan, names, session, &feed, validation.as_ref(), cancel, handler).and_then(|mut run| {
        // All memory is taken: who watches the first epoch can tell how much.
        pool.keep_plan(session.report());
        run.epochs(session, history)
    });
    if let Some(validation) = validation {
        validation.feed.close(session);
    }
    feed.close(session);
    result
}

/// The data and steps of the validation on the device.
struct Validation<'a> {
    plan: &'a ValidationPlan,
    feed: Feed,
    batches: LoadedBatches,
    order: Order,
}

impl<'a> Validation<'a> {
    fn open(session: &mut DeviceSession, plan: &'a ValidationPlan) -> Result<Validation<'a>> {
        let batches = plan.batches.load(session)?;
        let feed = Feed::open(session, plan.samples.tensors())?;
        let order = Order::new(plan.first as u32, plan.batches.samples as u32, false);
        Ok(Validation { plan, feed, batches, order })
    }
}

/// A training in progress.
struct Run<'a, 'h, 'b> {
    plan: &'a FitPlan,
    feed: &'a Feed,
    validation: Option<&'a Validation<'a>>,
    batches: LoadedBatches,
    readings: Readings<'a>,
    order: Order,
    watch: Watch<'h, 'b>,
    pace: Pace,
    cancel: &'a AtomicBool,
    /// The loss of the last step, where it is read.
    loss: Vec<f32>,
}

/// Fails if a loss is NaN or infinite.
fn finite(epoch: usize, step: usize, value: f32) -> Result<()> {
    if value.is_finite() { Ok(()) } else { Err(Error::NonFiniteLoss { epoch, step, value }) }
}

/// How the steps of an epoch ended.
enum Steps {
    Done,
    Stopped,
    Cancelled,
}

impl<'a, 'h, 'b> Run<'a, 'h, 'b> {
    fn new(
        plan: &'a FitPlan,
        names: &'a [String],
        session: &mut DeviceSession,
        feed: &'a Feed,
        validation: Option<&'a Validation<'a>>,
        cancel: &'a AtomicBool,
        handler: &'h mut Handler<'b>,
    ) -> Result<Run<'a, 'h, 'b>> {
        Ok(Run {
            plan,
            feed,
            validation,
            batches: plan.batches.load(session)?,
            readings: Readings::new(session, &plan.reports, names)?,
            order: Order::new(0, plan.batches.samples as u32, plan.shuffle),
            watch: Watch::new(handler, plan.progress),
            pace: Pace::new(plan.many_steps && plan.progress != Progress::EveryStep),
            cancel,
            loss: Vec::with_capacity(1),
        })
    }

    fn epochs(&mut self, session: &mut DeviceSession, history: &mut History) -> Result<Outcome> {
        let passes = self.plan.batches.steps();
        let mut first = self.plan.resume.map_or(0, |resume| resume.step);
        // Where this run goes on in a pass; the next one begins with its first step.
        let mut position = match (self.plan.epochs.start * self.plan.steps + first) % passes {
            0 => passes,
            position => position,
        };
        if position < passes {
            self.begin_pass(session, position)?;
        }
        for epoch in self.plan.epochs.clone() {
            let begin = Instant::now();
            if first == 0 {
                session.reset(&self.plan.reports.reset)?;
            }
            if self.watch.tell(session, Event::EpochBegin { epoch })? == Flow::Stop {
                return Ok(Outcome::Stopped);
            }
            let steps = self.steps(session, epoch, std::mem::take(&mut first), &mut position)?;
            if matches!(steps, Steps::Cancelled) {
                return Ok(Outcome::Cancelled);
            }
            let logs = self.readings.read(session)?;
            if self.plan.check == Check::Readings {
                finite(epoch, self.plan.steps - 1, logs.values()[0])?;
            }
            if !self.validate(session, epoch)? {
                return Ok(Outcome::Cancelled);
            }
            let logs = self.readings.logs();
            history.push(epoch, logs);
            let flow = self.watch.tell(session, Event::EpochEnd { epoch, logs, elapsed: begin.elapsed() })?;
            if flow == Flow::Stop || matches!(steps, Steps::Stopped) {
                return Ok(Outcome::Stopped);
            }
        }
        Ok(Outcome::Completed)
    }

    /// Draws the order of a pass of which `position` steps are behind.
    fn begin_pass(&mut self, session: &mut DeviceSession, position: usize) -> Result<()> {
        let continuation = &self.plan.continuation;
        let state = session.get(continuation.random_state())?;
        let words: Vec<u64> = state.as_i32()?.iter().map(|&word| u64::from(word as u32)).collect();
        let (seed, counter) = (words[0] | words[1] << 32, words[2] | words[3] << 32);
        let begun = continuation.pass()?.filter(|&begun| position > 0 && begun <= counter);
        let begin = begun.unwrap_or(counter.wrapping_sub(position as u64));
        continuation.begin_pass(begin)?;
        self.order.begin_pass(seed, begin);
        Ok(())
    }

    fn steps(
        &mut self,
        session: &mut DeviceSession,
        epoch: usize,
        first: usize,
        position: &mut usize,
    ) -> Result<Steps> {
        let steps = self.plan.steps;
        let mut step = first;
        while step < steps {
            if self.cancel.load(Ordering::Relaxed) {
                return Ok(Steps::Cancelled);
            }
            if *position == self.batches.batches.steps() {
                *position = 0;
                self.begin_pass(session, 0)?;
            }
            if self.watch.every_step() && self.watch.tell(session, Event::BatchBegin { epoch, step })? == Flow::Stop {
                return Ok(Steps::Stopped);
            }
            let (start, len, loaded) = self.batches.step(*position);
            let count = self.pace.steps().min(steps - step).min(self.batches.alike(*position));
            self.feed.run_steps(session, loaded, self.order.rows(start, count * len), count)?;
            self.pace.tell();
            *position += count;
            step += count;
            let (step, is_last) = (step - 1, step == steps);
            if self.plan.check == Check::Steps {
                self.loss.clear();
                session.device().append_output(loaded.program, 0, &mut self.loss)?;
                finite(epoch, step, self.loss[0])?;
            }
            if self.watch.is_due(is_last) {
                let logs = self.readings.read(session)?;
                if self.plan.check == Check::Readings {
                    finite(epoch, step, logs.values()[0])?;
                }
                if self.watch.tell(session, Event::Progress { epoch, step, steps, logs })? == Flow::Stop {
                    return Ok(Steps::Stopped);
                }
            }
        }
        Ok(Steps::Done)
    }

    /// Evaluates at the end of an epoch, if this is one with validation; false if it was cancelled.
    fn validate(&mut self, session: &mut DeviceSession, epoch: usize) -> Result<bool> {
        let Some(validation) = self.validation.filter(|validation| (epoch + 1).is_multiple_of(validation.plan.freq))
        else {
            return Ok(true);
        };
        // Who is told may ask to stop here, but is heard at the end of the epoch.
        let events = self.plan.validation_events;
        let every_step = events == ValidationEvents::EveryStep;
        if events != ValidationEvents::None {
            self.watch.tell(session, Event::TestBegin { epoch })?;
        }
        session.reset(&self.plan.reports.reset)?;
        let (mut step, steps) = (0, validation.batches.batches.steps());
        let mut pace = Pace::new(self.plan.many_steps && !every_step);
        while step < steps {
            if self.cancel.load(Ordering::Relaxed) {
                return Ok(false);
            }
            if every_step {
                self.watch.tell(session, Event::TestBatchBegin { epoch, step })?;
            }
            let (start, len, loaded) = validation.batches.step(step);
            let count = pace.steps().min(validation.batches.alike(step));
            validation.feed.run_steps(session, loaded, validation.order.rows(start, count * len), count)?;
            pace.tell();
            step += count;
            if every_step {
                let step = step - 1;
                let logs = self.readings.append(session)?;
                self.watch.tell(session, Event::TestBatchEnd { epoch, step, logs })?;
            }
        }
        let logs = self.readings.append(session)?;
        if events != ValidationEvents::None {
            self.watch.tell(session, Event::TestEnd { epoch, logs })?;
        }
        Ok(true)
    }
}
