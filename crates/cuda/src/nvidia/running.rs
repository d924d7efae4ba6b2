//! Calls of NVIDIA's libraries that are under way. None may be when the process ends: their destructors take away what a
//! call works with, and a program that had done its work would end by a crash. A compilation may take seconds.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use glorot_graph::device::DeviceError;

static STOPPED: AtomicBool = AtomicBool::new(false);
static CALLS: Mutex<Calls> = Mutex::new(Calls { running: 0, waiting: 0, parked: false });
static ENDED: Condvar = Condvar::new();

/// How long the end of the process waits for calls of which none ends: they never will.
const PATIENCE: Duration = Duration::from_secs(30);
/// The same once a compilation was stopped: it may hold a lock for which others wait, cuDNN's own among them.
const PATIENCE_WITH_PARKED: Duration = Duration::from_secs(1);

/// Calls under way, and threads that wait for their ends.
struct Calls {
    running: usize,
    waiting: usize,
    /// A compilation was stopped where it was.
    parked: bool,
}

fn calls() -> MutexGuard<'static, Calls> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ended(parked: bool) {
    let mut calls = calls();
    calls.running -= 1;
    calls.parked |= parked;
    // To tell nobody would be a call of the system for each call of the driver.
    if calls.waiting > 0 {
        ENDED.notify_all();
    }
}

/// Held during a call, or several.
#[derive(Debug)]
pub(super) struct Running {
    /// A thread of it was stopped.
    stopped: AtomicBool,
}

impl Running {
    /// Fails after [`stop`].
    pub fn begin() -> Result<Running, DeviceError> {
        let mut calls = calls();
        if STOPPED.load(Ordering::Relaxed) {
            return Err(DeviceError("CUDA: the process is about to end".into()));
        }
        calls.running += 1;
        Ok(Running { stopped: AtomicBool::new(false) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        ended(false);
    }
}

/// Lets no call of NVIDIA's libraries begin any more, in whichever thread, and waits for those under way; compilations are
/// stopped where they are. For the end of the process, before `exit` is called. Takes a fraction of a second, or one more
/// where compilations wait for one that was stopped; with an NVRTC that cannot be stopped (of CUDA 12.6 and older) as long
/// as a compilation.
pub fn stop() {
    let calls = calls();
    STOPPED.store(true, Ordering::Relaxed);
    wait(calls, true);
}

/// Waits until no call is under way.
pub fn finish() {
    wait(calls(), false);
}

fn wait(mut calls: MutexGuard<'static, Calls>, ends: bool) {
    calls.waiting += 1;
    let (mut left, mut changed) = (calls.running, Instant::now());
    while left > 0 {
        let patience = if calls.parked { PATIENCE_WITH_PARKED } else { PATIENCE };
        let time = if ends { patience.checked_sub(changed.elapsed()) } else { Some(PATIENCE) };
        let Some(time) = time else { break };
        calls = ENDED.wait_timeout(calls, time).unwrap_or_else(PoisonError::into_inner).0;
        if calls.running != left {
            (left, changed) = (calls.running, Instant::now());
        }
    }
    calls.waiting -= 1;
}

/// What NVRTC calls now and then, in any of its threads, with a [`Running`]. After [`stop`] it does not return: NVRTC would
/// go on, and to tell it to give up crashes it at some points (version 13.5).
pub(super) unsafe extern "C" fn pause(running: *mut c_void, _: *mut c_void) -> c_int {
    if STOPPED.load(Ordering::Relaxed) {
        // SAFETY: it is held until NVRTC is done.
        let running = unsafe { &*running.cast::<Running>() };
        if !running.stopped.swap(true, Ordering::Relaxed) {
            ended(true);
        }
        loop {
            std::thread::park();
        }
    }
    0
}
