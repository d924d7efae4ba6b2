//! Calls of NVIDIA's libraries that are under way. None may be when the process ends: their destructors take away what a
//! call works with, and a program that had done its work would end by a crash. A compilation may take seconds.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use glorot_graph::device::DeviceError;

static STOPPED: AtomicBool = AtomicBool::new(false);
static CALLS: Mutex<Calls> = Mutex::new(Calls { running: 0, waiting: 0 });
static ENDED: Condvar = Condvar::new();

/// Calls under way, and threads that wait for their ends.
struct Calls {
    running: usize,
    waiting: usize,
}

fn calls() -> MutexGuard<'static, Calls> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ended() {
    let mut calls = calls();
    calls.running -= 1;
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
        ended();
    }
}

/// Lets no call of NVIDIA's libraries begin any more, in whichever thread, and waits for those under way; compilations are
/// stopped where they are. For the end of the process, before `exit` is called. Takes a fraction of a second, but waits for
/// a compilation to its end with an NVRTC that cannot be stopped (of CUDA 12.6 and older).
pub fn stop() {
    let calls = calls();
    STOPPED.store(true, Ordering::Relaxed);
    wait(calls);
}

/// Waits until no call is under way.
pub fn finish() {
    wait(calls());
}

fn wait(mut calls: MutexGuard<'static, Calls>) {
    calls.waiting += 1;
    while calls.running > 0 {
        calls = ENDED.wait(calls).unwrap_or_else(PoisonError::into_inner);
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
            ended();
        }
        loop {
            std::thread::park();
        }
    }
    0
}
