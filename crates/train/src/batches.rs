//! Passes over samples in batches.

use std::sync::Arc;

use glorot_graph::device::{DatasetId, Rows};
use glorot_tensor::Tensor;

use crate::error::Result;
use crate::session::{DeviceSession, Loaded};
use crate::step::Step;

/// The steps of one pass: full batches, then one with what is left.
#[derive(Clone)]
pub(crate) struct Batches {
    /// Samples of the pass.
    pub samples: usize,
    pub batch_size: usize,
    /// `None` if there are fewer samples than `batch_size`.
    pub full: Option<Arc<Step>>,
    /// `None` if `batch_size` divides the samples.
    pub rest: Option<Arc<Step>>,
}

impl Batches {
    /// Steps of the pass.
    pub fn steps(&self) -> usize {
        self.samples.div_ceil(self.batch_size)
    }

    pub fn load(&self, session: &mut DeviceSession) -> Result<LoadedBatches> {
        let mut load = |step: &Option<Arc<Step>>| step.as_ref().map(|step| session.load(step)).transpose();
        Ok(LoadedBatches { batches: self.clone(), full: load(&self.full)?, rest: load(&self.rest)? })
    }
}

/// The steps of one pass on a device.
pub(crate) struct LoadedBatches {
    pub batches: Batches,
    full: Option<Loaded>,
    rest: Option<Loaded>,
}

impl LoadedBatches {
    /// First sample, number of samples, and program of a step of the pass.
    pub fn step(&self, step: usize) -> (usize, usize, &Loaded) {
        let start = step * self.batches.batch_size;
        let len = self.batches.batch_size.min(self.batches.samples - start);
        let program = if len == self.batches.batch_size { &self.full } else { &self.rest };
        (start, len, program.as_ref().expect("a program was made for each batch length of the pass"))
    }

    /// Steps of the same kind from this one on, itself included.
    pub fn alike(&self, step: usize) -> usize {
        let full = self.batches.samples / self.batches.batch_size;
        if step < full { full - step } else { 1 }
    }
}

/// Data sets on a device, with the inputs of the steps that they feed.
pub(crate) struct Feed(Vec<(usize, DatasetId)>);

impl Feed {
    pub fn open<'a>(session: &mut DeviceSession, tensors: impl Iterator<Item = &'a Tensor>) -> Result<Feed> {
        let mut feed = Feed(Vec::new());
        for (input, tensor) in tensors.enumerate() {
            match session.device().add_dataset(tensor) {
                Ok(dataset) => feed.0.push((input, dataset)),
                Err(error) => {
                    feed.close(session);
                    return Err(error.into());
                }
            }
        }
        Ok(feed)
    }

    /// Gives the memory back.
    pub fn close(self, session: &mut DeviceSession) {
        for (_, dataset) in self.0 {
            session.device().remove_dataset(dataset);
        }
    }

    /// Runs steps of one kind; `rows` has those of all, in order.
    pub fn run_steps(&self, session: &mut DeviceSession, loaded: &Loaded, rows: Rows<'_>, steps: usize) -> Result<()> {
        session.run_steps(loaded, &self.0, rows, steps)
    }
}
