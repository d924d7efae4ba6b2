use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use glorot_graph::device::DeviceError;
use glorot_tensor::{DType, Shape, Tensor};

use crate::Event;
use crate::batches::{Batches, Feed};
use crate::error::{Error, Result};
use crate::event::Flow;
use crate::jobs::watch::Watch;
use crate::jobs::{Handler, States};
use crate::logs::Logs;
use crate::options::Progress;
use crate::pool::Lease;
use crate::samples::Samples;
use crate::session::{DeviceSession, Loaded};
use crate::shuffle::Order;
use crate::step::Step;

/// A prepared prediction.
pub struct PredictJob {
    pub(crate) states: States,
    pub(crate) samples: Samples,
    pub(crate) batches: Batches,
    /// Predict so many times, with noise; `None`: once, without.
    pub(crate) draws: Option<usize>,
    pub(crate) progress: Progress,
}

impl PredictJob {
    /// The outputs of the model for all samples: one tensor `[n, ...]` for each output, or `[draws, n, ...]`. While a training runs, the
    /// weights are those that it wrote to the host last. The handler gets [`Event::Progress`] with epoch 0 and no logs.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`] if `cancel` was set or the handler said stop.
    pub fn run(&mut self, cancel: &AtomicBool, handler: &mut Handler<'_>) -> Result<Vec<Tensor>> {
        let states = self.states.clone();
        self.run_with(states.pool.read(&states.variables)?, cancel, handler)
    }

    /// As [`PredictJob::run`], without events, for a thread that must not wait for other jobs.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] if other jobs use the model.
    pub fn run_now(&mut self) -> Result<Vec<Tensor>> {
        let states = self.states.clone();
        let lease = states.pool.try_read(&states.variables)?;
        self.run_with(lease, &AtomicBool::new(false), &mut |_, _| Flow::Continue)
    }

    fn run_with(&self, mut lease: Lease<'_>, cancel: &AtomicBool, handler: &mut Handler<'_>) -> Result<Vec<Tensor>> {
        let feed = Feed::open(&mut lease, self.samples.tensors())?;
        let result = self.predict(&mut lease, &feed, cancel, &mut Watch::new(handler, self.progress));
        feed.close(&mut lease);
        lease.finish()?;
        result
    }

    fn predict(
        &self,
        session: &mut DeviceSession,
        feed: &Feed,
        cancel: &AtomicBool,
        watch: &mut Watch<'_, '_>,
    ) -> Result<Vec<Tensor>> {
        let batches = self.batches.load(session)?;
        let draws = self.draws.unwrap_or(1);
        let new = |spec| Output::new(self.draws, self.samples.len, spec);
        let mut outputs = self.step().outputs().map(new).collect::<Result<Vec<Output>>>()?;
        let order = Order::new(0, self.samples.len as u32, false);
        let pass = batches.batches.steps();
        let steps = draws * pass;
        for step in 0..steps {
            if cancel.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            if watch.every_step() && watch.tell(session, Event::BatchBegin { epoch: 0, step })? == Flow::Stop {
                return Err(Error::Cancelled);
            }
            let (start, len, loaded) = batches.step(step % pass);
            feed.run_steps(session, loaded, order.rows(start, len), 1)?;
            for (number, output) in outputs.iter_mut().enumerate() {
                output.append(session, loaded, number)?;
            }
            if watch.is_due(step + 1 == steps) {
                let event = Event::Progress { epoch: 0, step, steps, logs: Logs::default() };
                if watch.tell(session, event)? == Flow::Stop {
                    return Err(Error::Cancelled);
                }
            }
        }
        outputs.into_iter().map(Output::finish).collect()
    }

    /// A step of the pass: all have the same outputs but for the batch axis.
    fn step(&self) -> &Arc<Step> {
        self.batches.full.as_ref().or(self.batches.rest.as_ref()).expect("a pass has at least one step")
    }
}

/// An output of the model that grows by a batch at a time.
struct Output {
    shape: Shape,
    values: Values,
}

enum Values {
    F32(Vec<f32>),
    I32(Vec<i32>),
    Bytes(Vec<u8>, DType),
}

impl Output {
    fn new(draws: Option<usize>, samples: usize, spec: &glorot_graph::TensorSpec) -> Result<Output> {
        let first = draws.into_iter().chain([samples]);
        let shape: Shape = first.chain(spec.shape.iter().skip(1).copied()).collect();
        let values = match spec.dtype {
            DType::F32 => Values::F32(room(&shape)?),
            DType::I32 => Values::I32(room(&shape)?),
            bytes => Values::Bytes(room(&shape)?, bytes),
        };
        Ok(Output { shape, values })
    }

    fn append(&mut self, session: &mut DeviceSession, loaded: &Loaded, number: usize) -> Result<()> {
        let device = session.device();
        match &mut self.values {
            Values::F32(values) => device.append_output(loaded.program, number, values)?,
            Values::I32(values) => values.extend_from_slice(device.read_output(loaded.program, number)?.as_i32()?),
            Values::Bytes(values, _) => values.extend_from_slice(device.read_output(loaded.program, number)?.bytes()),
        }
        Ok(())
    }

    fn finish(self) -> Result<Tensor> {
        Ok(match self.values {
            Values::F32(values) => Tensor::f32(self.shape, values)?,
            Values::I32(values) => Tensor::i32(self.shape, values)?,
            Values::Bytes(values, DType::Bool) => Tensor::bool(self.shape, values)?,
            Values::Bytes(values, _) => Tensor::u8(self.shape, values)?,
        })
    }
}

/// Memory for the elements of a shape.
fn room<T>(shape: &Shape) -> Result<Vec<T>> {
    let mut values = Vec::new();
    let elements = shape.iter().try_fold(1usize, |product, &dim| product.checked_mul(dim));
    match elements.map(|elements| values.try_reserve_exact(elements)) {
        Some(Ok(())) => Ok(values),
        _ => Err(DeviceError(format!("there is no memory for outputs of shape {shape}; predict fewer samples")).into()),
    }
}
