use std::time::Instant;

use crate::access::Access;
use crate::error::Result;
use crate::event::{Event, Flow};
use crate::jobs::Handler;
use crate::logs::Logs;
use crate::options::Progress;
use crate::session::{DeviceSession, Loaded};
use crate::trace::Reports;

/// Tells the handler what happens, no more often than asked.
pub(crate) struct Watch<'a, 'b> {
    handler: &'a mut Handler<'b>,
    progress: Progress,
    last: Instant,
}

impl<'a, 'b> Watch<'a, 'b> {
    pub fn new(handler: &'a mut Handler<'b>, progress: Progress) -> Watch<'a, 'b> {
        Watch { handler, progress, last: Instant::now() }
    }

    /// Hands over an event; values that the handler assigned to variables then go to the device.
    pub fn tell(&mut self, session: &mut DeviceSession, event: Event<'_>) -> Result<Flow> {
        let flow = (self.handler)(event, &mut Access { session });
        session.upload()?;
        Ok(flow)
    }

    /// True if every step is told.
    pub fn every_step(&self) -> bool {
        self.progress == Progress::EveryStep
    }

    /// True if it is time to tell the progress after a step.
    pub fn is_due(&mut self, last_step: bool) -> bool {
        match self.progress {
            Progress::Never => false,
            Progress::EveryStep => true,
            Progress::Every(interval) => {
                let now = Instant::now();
                let due = last_step || now.duration_since(self.last) >= interval;
                if due {
                    self.last = now;
                }
                due
            }
        }
    }
}

/// The running values, read into memory that is kept.
pub(crate) struct Readings<'a> {
    names: &'a [String],
    results: Loaded,
    values: Vec<f32>,
}

impl<'a> Readings<'a> {
    pub fn new(session: &mut DeviceSession, reports: &'a Reports, names: &'a [String]) -> Result<Readings<'a>> {
        Ok(Readings { names, results: session.load(&reports.results)?, values: Vec::with_capacity(names.len()) })
    }

    /// Reads the values as they are now.
    pub fn read(&mut self, session: &mut DeviceSession) -> Result<Logs<'_>> {
        self.values.clear();
        self.load(session)?;
        Ok(self.logs())
    }

    /// Reads the values as they are now, those of a validation, after those of the training that were read last. The logs
    /// are the validation's alone, under their plain names.
    pub fn append(&mut self, session: &mut DeviceSession) -> Result<Logs<'_>> {
        let count = self.count();
        self.values.truncate(count);
        self.load(session)?;
        Ok(Logs::new(&self.names[..count], &self.values[count..]))
    }

    fn load(&mut self, session: &mut DeviceSession) -> Result<()> {
        session.run(&self.results)?;
        Ok(session.device().append_output(self.results.program, 0, &mut self.values)?)
    }

    /// Number of values that are read at a time.
    fn count(&self) -> usize {
        self.results.step.outputs().next().map_or(0, |spec| spec.shape.numel())
    }

    /// The values as they were read last.
    pub fn logs(&self) -> Logs<'_> {
        Logs::new(self.names, &self.values)
    }
}
