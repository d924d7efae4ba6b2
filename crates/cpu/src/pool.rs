//! A small pool of threads that work on a job together.
//!
//! Waiting threads spin for some 50 microseconds, then sleep.

use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle, Thread};

/// Spins that end in a pause instruction, then turns that give the processor away, before a worker sleeps.
const SPINS: u32 = 2_000;
const YIELDS: u32 = 50;

/// Below the number of a job: how many threads work on it.
const JOB: u64 = 0x1_0000;

/// What each thread of a job calls with its number.
type Call<'a> = &'a (dyn Fn(usize) + Sync);

struct Shared {
    /// The number of the last job, and its threads.
    job: AtomicU64,
    /// The job's function; written only while no worker is left.
    call: UnsafeCell<Option<Call<'static>>>,
    /// Workers that are not done with the job.
    left: AtomicUsize,
    sleeping: AtomicUsize,
    panicked: AtomicBool,
    stop: AtomicBool,
    /// Held by the thread whose job is running.
    busy: AtomicBool,
}

// SAFETY: `call` is written by the holder of `busy` while no worker is left of the last job, and read by the workers of
// a job, for each of which the holder waits.
unsafe impl Sync for Shared {}
// SAFETY: nothing in it is bound to a thread.
unsafe impl Send for Shared {}

impl Shared {
    fn work(&self, call: Call, me: usize) {
        if catch_unwind(AssertUnwindSafe(|| call(me))).is_err() {
            self.panicked.store(true, Ordering::Relaxed);
        }
    }

    /// The life of a worker.
    fn serve(&self, me: usize) {
        let mut last = 0;
        loop {
            let job = self.wait(last);
            if self.stop.load(Ordering::Acquire) {
                return;
            }
            last = job;
            if me as u64 >= job % JOB {
                continue;
            }
            // SAFETY: the job's holder waits for this worker, so the function stays until it is done.
            if let Some(call) = unsafe { *self.call.get() } {
                self.work(call, me);
            }
            self.left.fetch_sub(1, Ordering::Release);
        }
    }

    /// Waits for another job than the last one, or for the end.
    fn wait(&self, last: u64) -> u64 {
        let ready = || {
            let job = self.job.load(Ordering::SeqCst);
            (job != last || self.stop.load(Ordering::SeqCst)).then_some(job)
        };
        for _ in 0..SPINS {
            if let Some(job) = ready() {
                return job;
            }
            std::hint::spin_loop();
        }
        for _ in 0..YIELDS {
            if let Some(job) = ready() {
                return job;
            }
            thread::yield_now();
        }
        self.sleeping.fetch_add(1, Ordering::SeqCst);
        let job = loop {
            if let Some(job) = ready() {
                break job;
            }
            thread::park();
        };
        self.sleeping.fetch_sub(1, Ordering::SeqCst);
        job
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done,
    Panicked,
    /// It was not run: the threads work on another job.
    Busy,
}

/// Threads that work on a job together. The calling thread is thread 0.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    workers: Vec<JoinHandle<()>>,
    wakers: Vec<Thread>,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pool({} threads)", self.threads())
    }
}

impl Pool {
    /// A pool of `threads` threads, the caller's included. Fewer where the system refuses to start them.
    pub(crate) fn new(threads: usize) -> Pool {
        let shared = Arc::new(Shared {
            job: AtomicU64::new(0),
            call: UnsafeCell::new(None),
            left: AtomicUsize::new(0),
            sleeping: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            busy: AtomicBool::new(false),
        });
        let start = |me: usize| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("glorot-cpu-{me}")).spawn(move || shared.serve(me)).ok()
        };
        let workers: Vec<JoinHandle<()>> = (1..threads.clamp(1, 1024)).map_while(start).collect();
        let wakers = workers.iter().map(|worker| worker.thread().clone()).collect();
        Pool { shared, workers, wakers }
    }

    /// Threads that can work on a job, the caller's included.
    pub(crate) fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `call(thread)` on each of so many threads, at the same time, and returns when all have ended.
    pub(crate) fn run(&self, threads: usize, call: Call) -> Outcome {
        let shared = &*self.shared;
        debug_assert!(threads <= self.threads());
        if shared.busy.swap(true, Ordering::Acquire) {
            return Outcome::Busy;
        }
        // SAFETY: no worker is left of the last job, so nobody reads the function; it is taken away below before this
        // call returns, hence before what it borrows ends.
        unsafe { *shared.call.get() = Some(std::mem::transmute::<Call<'_>, Call<'static>>(call)) };
        shared.left.store(threads - 1, Ordering::Relaxed);
        let number = (shared.job.load(Ordering::Relaxed) / JOB).wrapping_add(1);
        shared.job.store((number * JOB) | threads as u64, Ordering::SeqCst);
        if shared.sleeping.load(Ordering::SeqCst) > 0 {
            self.wakers.iter().take(threads - 1).for_each(Thread::unpark);
        }
        shared.work(call, 0);
        let mut turns = 0u32;
        while shared.left.load(Ordering::Acquire) != 0 {
            turns += 1;
            if turns < SPINS { std::hint::spin_loop() } else { thread::yield_now() }
        }
        // SAFETY: the last worker is done.
        unsafe { *shared.call.get() = None };
        let panicked = shared.panicked.swap(false, Ordering::Relaxed);
        shared.busy.store(false, Ordering::Release);
        if panicked { Outcome::Panicked } else { Outcome::Done }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.wakers.iter().for_each(Thread::unpark);
        self.workers.drain(..).for_each(|worker| drop(worker.join()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_is_called_once() {
        let pool = Pool::new(3);
        for threads in [1, 2, 3, 2, 3, 1] {
            let calls: Vec<AtomicUsize> = (0..3).map(|_| AtomicUsize::new(0)).collect();
            let outcome = pool.run(threads, &|thread| {
                calls[thread].fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(outcome, Outcome::Done);
            let calls: Vec<usize> = calls.into_iter().map(AtomicUsize::into_inner).collect();
            let wanted: Vec<usize> = (0..3).map(|thread| usize::from(thread < threads)).collect();
            assert_eq!(calls, wanted);
        }
    }

    #[test]
    fn threads_work_at_the_same_time() {
        let pool = Pool::new(3);
        for _ in 0..100 {
            let there = AtomicUsize::new(0);
            // Each waits for all others.
            pool.run(3, &|_| {
                there.fetch_add(1, Ordering::SeqCst);
                while there.load(Ordering::SeqCst) < 3 {
                    thread::yield_now();
                }
            });
        }
    }

    #[test]
    fn one_job_runs_at_a_time() {
        let pool = Pool::new(2);
        let outcome = std::sync::Mutex::new(None);
        pool.run(2, &|thread| {
            if thread == 0 {
                *outcome.lock().unwrap() = Some(pool.run(2, &|_| {}));
            }
        });
        assert_eq!(outcome.into_inner().unwrap(), Some(Outcome::Busy));
        assert_eq!(pool.run(2, &|_| {}), Outcome::Done);
    }

    #[test]
    fn sleeping_workers_wake_up() {
        let pool = Pool::new(2);
        for _ in 0..3 {
            thread::sleep(std::time::Duration::from_millis(5));
            let calls = AtomicUsize::new(0);
            pool.run(2, &|_| {
                calls.fetch_add(1, Ordering::SeqCst);
            });
            assert_eq!(calls.into_inner(), 2);
        }
    }

    #[test]
    fn a_panic_is_reported_and_the_pool_lives_on() {
        let pool = Pool::new(2);
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        assert_eq!(pool.run(2, &|thread| assert_ne!(thread, 1)), Outcome::Panicked);
        std::panic::set_hook(hook);
        assert_eq!(pool.run(2, &|_| {}), Outcome::Done);
    }
}
