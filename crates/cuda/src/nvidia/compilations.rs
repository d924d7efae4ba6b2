//! Compilations under way. None may go on when the process ends: NVRTC's destructors take away what it works with, and a
//! program that had done its work would end by a crash.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

static STOPPED: AtomicBool = AtomicBool::new(false);
static RUNNING: Mutex<usize> = Mutex::new(0);
static CHANGED: Condvar = Condvar::new();

fn running() -> MutexGuard<'static, usize> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ended() {
    *running() -= 1;
    CHANGED.notify_all();
}

/// Held while something is compiled or loaded.
#[derive(Debug)]
pub(super) struct Compilation {
    /// A thread of it was stopped.
    stopped: AtomicBool,
}

impl Compilation {
    /// `None` after [`stop_compiling`].
    pub fn begin() -> Option<Compilation> {
        let mut running = running();
        if STOPPED.load(Ordering::Relaxed) {
            return None;
        }
        *running += 1;
        Some(Compilation { stopped: AtomicBool::new(false) })
    }
}

impl Drop for Compilation {
    fn drop(&mut self) {
        ended();
    }
}

/// Stops what is compiled now, for ever, and lets nothing more be compiled. For the end of the process, before `exit` is
/// called: a compilation that goes on while destructors run crashes it. Takes a fraction of a second; an older NVRTC
/// cannot be stopped and is waited for.
pub fn stop_compiling() {
    let running = running();
    STOPPED.store(true, Ordering::Relaxed);
    wait(running);
}

/// Waits until nothing is compiled any more.
pub fn finish_compiling() {
    wait(running());
}

fn wait(mut running: MutexGuard<'static, usize>) {
    while *running > 0 {
        running = CHANGED.wait(running).unwrap_or_else(PoisonError::into_inner);
    }
}

/// What NVRTC calls now and then, in any of its threads, with a [`Compilation`]. Once compilations are stopped it does not return: NVRTC would go on, and to tell it to
/// give up crashes it at some points (version 13.5).
pub(super) unsafe extern "C" fn pause(compilation: *mut c_void, _: *mut c_void) -> c_int {
    if STOPPED.load(Ordering::Relaxed) {
        // SAFETY: it is held until NVRTC is done.
        let compilation = unsafe { &*compilation.cast::<Compilation>() };
        if !compilation.stopped.swap(true, Ordering::Relaxed) {
            ended();
        }
        loop {
            std::thread::park();
        }
    }
    0
}
