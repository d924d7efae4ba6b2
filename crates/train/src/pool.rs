//! Who may use the model's states on the device, and when.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use glorot_graph::device::Device;
use glorot_nn::Variable;

use crate::error::{Error, Result};
use crate::session::DeviceSession;

/// A session with more programs than this is closed and opened anew, so that ever new batch sizes do not fill the memory.
const MAX_PROGRAMS: usize = 64;
/// How long a reader that waits for another one sleeps before it looks again.
const TURN: Duration = Duration::from_micros(100);

/// The sessions of a model: one that trains and is used in turns, and a spare one, with the weights as the host has them,
/// for those who ask while a training runs (a callback that evaluates or predicts).
pub(crate) struct Pool {
    device: Arc<dyn Device>,
    main: Mutex<Option<DeviceSession>>,
    spare: Mutex<Option<DeviceSession>>,
    training: AtomicBool,
    /// What the session of the training that runs said before its first step.
    plan: Mutex<Option<String>>,
}

impl Pool {
    pub fn new(device: Arc<dyn Device>) -> Pool {
        Pool {
            device,
            main: Mutex::new(None),
            spare: Mutex::new(None),
            training: AtomicBool::new(false),
            plan: Mutex::new(None),
        }
    }

    pub fn device(&self) -> &dyn Device {
        self.device.as_ref()
    }

    /// What the session says of its memory and steps, once it has worked; while a training runs, what it said before the
    /// first step.
    pub fn report(&self) -> Option<String> {
        match self.main.try_lock() {
            Ok(session) => session.as_ref()?.report(),
            Err(TryLockError::WouldBlock) => self.plan.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            Err(TryLockError::Poisoned(_)) => None,
        }
    }

    /// Keeps what the session of a training says before the first step.
    pub fn keep_plan(&self, report: Option<String>) {
        *self.plan.lock().unwrap_or_else(PoisonError::into_inner) = report;
    }

    /// The session for a training. It waits for a reader to end, but not for another training.
    pub fn train(&self, variables: &[Variable]) -> Result<Lease<'_>> {
        if self.training.swap(true, Ordering::AcqRel) {
            return Err(Error::Busy);
        }
        let training = Some(Training(&self.training));
        self.keep_plan(None);
        self.lease(&self.main, variables, true, training)
    }

    /// The session for an evaluation or prediction. It waits for other readers, but never for a training.
    pub fn read(&self, variables: &[Variable]) -> Result<Lease<'_>> {
        loop {
            if self.training.load(Ordering::Acquire) {
                return self.lease(&self.spare, variables, false, None);
            }
            // Whoever has the session may be a training that has just begun, so it is not waited for with the lock.
            if let Some(place) = free(&self.main) {
                return self.lease_place(place, variables, true, None);
            }
            std::thread::sleep(TURN);
        }
    }

    /// As [`Pool::read`], for who must not wait: [`Error::Busy`] if both sessions are in use.
    pub fn try_read(&self, variables: &[Variable]) -> Result<Lease<'_>> {
        let main = if self.training.load(Ordering::Acquire) { None } else { free(&self.main) };
        match main {
            Some(place) => self.lease_place(place, variables, true, None),
            None => self.lease_place(free(&self.spare).ok_or(Error::Busy)?, variables, false, None),
        }
    }

    fn lease<'a>(
        &'a self,
        place: &'a Mutex<Option<DeviceSession>>,
        variables: &[Variable],
        is_main: bool,
        training: Option<Training<'a>>,
    ) -> Result<Lease<'a>> {
        let place = place.lock().unwrap_or_else(PoisonError::into_inner);
        self.lease_place(place, variables, is_main, training)
    }

    fn lease_place<'a>(
        &'a self,
        mut place: MutexGuard<'a, Option<DeviceSession>>,
        variables: &[Variable],
        is_main: bool,
        training: Option<Training<'a>>,
    ) -> Result<Lease<'a>> {
        // The session leaves its place while it is in use: after a panic a new one is opened.
        let mut session = match place.take() {
            Some(session) if session.program_count() > MAX_PROGRAMS => {
                // The host has everything that lasts: each job ends with Lease::finish.
                drop(session);
                DeviceSession::open(self.device(), variables)?
            }
            Some(session) => session,
            None => DeviceSession::open(self.device(), variables)?,
        };
        session.extend(variables)?;
        session.upload()?;
        Ok(Lease { session: Some(session), place, is_main, _training: training })
    }
}

/// A place that nobody uses.
fn free<T>(place: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match place.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// A session in use; it goes back to its place when this is dropped, unless a panic has left it half done.
pub(crate) struct Lease<'a> {
    session: Option<DeviceSession>,
    place: MutexGuard<'a, Option<DeviceSession>>,
    is_main: bool,
    _training: Option<Training<'a>>,
}

impl Lease<'_> {
    /// Writes what the device has computed back to the variables; the spare session computes nothing that lasts.
    pub fn finish(mut self) -> Result<()> {
        match self.is_main {
            true => self.sync_to_host(),
            false => Ok(()),
        }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            *self.place = self.session.take();
        }
    }
}

impl Deref for Lease<'_> {
    type Target = DeviceSession;
    fn deref(&self) -> &DeviceSession {
        self.session.as_ref().expect("the session is taken only by drop")
    }
}

impl DerefMut for Lease<'_> {
    fn deref_mut(&mut self) -> &mut DeviceSession {
        self.session.as_mut().expect("the session is taken only by drop")
    }
}

/// Marks that a training runs.
struct Training<'a>(&'a AtomicBool);

impl Drop for Training<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use glorot_cpu::{CpuDevice, CpuOptions};

    use super::*;

    #[test]
    fn who_waits_for_a_reader_does_not_wait_for_a_training_that_begins() {
        let pool = Pool::new(Arc::new(CpuDevice::new(CpuOptions { threads: Some(1), ..CpuOptions::default() })));
        std::thread::scope(|scope| {
            let first = pool.read(&[]).unwrap();
            let second = scope.spawn(|| pool.read(&[]).unwrap().is_main);
            let training = scope.spawn(|| pool.train(&[]).unwrap().is_main);
            // Both would wait for the first reader, which ends only after this.
            assert!(!second.join().unwrap());
            drop(first);
            assert!(training.join().unwrap());
        });
        assert!(pool.read(&[]).unwrap().is_main);
    }
}
