use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::batches::{Batches, Feed};
use crate::error::{Error, Result};
use crate::event::{Event, Flow};
use crate::jobs::pace::Pace;
use crate::jobs::watch::{Readings, Watch};
use crate::jobs::{Handler, States};
use crate::options::Progress;
use crate::samples::Samples;
use crate::session::DeviceSession;
use crate::shuffle::Order;
use crate::trace::Reports;

/// A prepared evaluation.
pub struct EvaluateJob {
    pub(crate) states: States,
    pub(crate) reports: Arc<Reports>,
    pub(crate) samples: Samples,
    pub(crate) batches: Batches,
    pub(crate) progress: Progress,
    /// The device takes many steps at once.
    pub(crate) many_steps: bool,
}

impl EvaluateJob {
    /// Loss and metrics over all samples, in order. While a training runs, the weights are those that it wrote to the
    /// host last. The handler gets [`Event::Progress`] (and with
    /// [`Progress::EveryStep`] [`Event::BatchBegin`]) with epoch 0.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`] if `cancel` was set or the handler said stop.
    pub fn run(&mut self, cancel: &AtomicBool, handler: &mut Handler<'_>) -> Result<Vec<(String, f32)>> {
        let mut lease = self.states.pool.read(&self.states.variables)?;
        let feed = Feed::open(&mut lease, self.samples.tensors())?;
        let result = self.evaluate(&mut lease, &feed, cancel, &mut Watch::new(handler, self.progress));
        feed.close(&mut lease);
        lease.finish()?;
        result
    }

    fn evaluate(
        &self,
        session: &mut DeviceSession,
        feed: &Feed,
        cancel: &AtomicBool,
        watch: &mut Watch<'_, '_>,
    ) -> Result<Vec<(String, f32)>> {
        let batches = self.batches.load(session)?;
        let mut readings = Readings::new(session, &self.reports, &self.reports.names)?;
        session.reset(&self.reports.reset)?;
        let order = Order::new(0, self.samples.len as u32, false);
        let steps = batches.batches.steps();
        let mut pace = Pace::new(self.many_steps && !watch.every_step());
        let mut step = 0;
        while step < steps {
            if cancel.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            if watch.every_step() && watch.tell(session, Event::BatchBegin { epoch: 0, step })? == Flow::Stop {
                return Err(Error::Cancelled);
            }
            let (start, len, loaded) = batches.step(step);
            let count = pace.steps().min(batches.alike(step));
            feed.run_steps(session, loaded, order.rows(start, count * len), count)?;
            pace.tell();
            step += count;
            if watch.is_due(step == steps) {
                let step = step - 1;
                let event = Event::Progress { epoch: 0, step, steps, logs: readings.read(session)? };
                if watch.tell(session, event)? == Flow::Stop {
                    return Err(Error::Cancelled);
                }
            }
        }
        Ok(readings.read(session)?.to_vec())
    }
}
