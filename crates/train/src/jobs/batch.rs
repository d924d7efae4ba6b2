use std::sync::Arc;

use crate::error::Result;
use crate::jobs::States;
use crate::jobs::watch::Readings;
use crate::samples::Samples;
use crate::session::DeviceSession;
use crate::step::{Kind, Step};
use crate::trace::Reports;

/// One prepared step on one batch: training or evaluation.
pub struct BatchJob {
    pub(crate) states: States,
    pub(crate) reports: Arc<Reports>,
    pub(crate) samples: Samples,
    pub(crate) step: Arc<Step>,
    pub(crate) kind: Kind,
    /// Begin the running values anew.
    pub(crate) reset: bool,
}

impl BatchJob {
    /// Loss and metrics of this batch alone, in order; those of a training step are from before its update. New weights
    /// are on the host afterwards.
    pub fn run(&mut self) -> Result<Vec<(String, f32)>> {
        let mut lease = match self.kind {
            Kind::Train => self.states.pool.train(&self.states.variables)?,
            Kind::Test | Kind::Predict | Kind::Sample => self.states.pool.read(&self.states.variables)?,
        };
        let result = self.run_in(&mut lease);
        lease.finish()?;
        result
    }

    fn run_in(&self, session: &mut DeviceSession) -> Result<Vec<(String, f32)>> {
        let loaded = session.load(&self.step)?;
        let mut readings = Readings::new(session, &self.reports, &self.reports.names)?;
        if self.reset {
            session.reset(&self.reports.reset)?;
        }
        for (input, tensor) in self.samples.tensors().enumerate() {
            session.device().write_input(loaded.program, input, tensor)?;
        }
        session.run(&loaded)?;
        Ok(readings.read(session)?.to_vec())
    }
}
