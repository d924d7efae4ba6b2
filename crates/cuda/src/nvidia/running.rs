//! Calls of NVIDIA's libraries that are under way. None may be when the process ends: their destructors take away what a
//! call works with, and a program that had done its work would end by a crash. A compilation may take seconds.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use glorot_graph::device::DeviceError;

static STOPPED: AtomicBool = AtomicBool::new(false);
static COUNT: Mutex<usize> = Mutex::new(0);
static CHANGED: Condvar = Condvar::new();

fn count() -> MutexGuard<'static, usize> {
    COUNT.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ended() {
    *count() -= 1;
    CHANGED.notify_all();
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
        let mut count = count();
        if STOPPED.load(Ordering::Relaxed) {
            return Err(DeviceError("CUDA: the process is about to end".into()));
        }
        *count += 1;
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
    let count = count();
    STOPPED.store(true, Ordering::Relaxed);
    wait(count);
}

/// Waits until no call is under way.
pub fn finish() {
    wait(count());
}

fn wait(mut count: MutexGuard<'static, usize>) {
    while *count > 0 {
        count = CHANGED.wait(count).unwrap_or_else(PoisonError::into_inner);
    }
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
