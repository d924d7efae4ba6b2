//! A small pool of threads with fork-join over numbered tasks.
//!
//! Each thread begins with a fixed share of the tasks, so that step after step it touches the same memory, and takes
//! from others when its own are done. Waiting threads spin for some 50 microseconds, then sleep.

use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle, Thread};

/// Spins that end in a pause instruction, then turns that give the processor away, before a worker sleeps.
const SPINS: u32 = 2_000;
const YIELDS: u32 = 50;

/// Bit of the state that says workers may join; above it their number, above that the number of the job.
const OPEN: u64 = 1;
const WORKER: u64 = 2;
const COUNT: u64 = 0xFFFE;
const JOB: u64 = 0x1_0000;

/// Tasks `next..end` of one thread, packed into a word; on a cache line of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Share(AtomicU64);

impl Share {
    fn set(&self, next: usize, end: usize) {
        self.0.store((next as u64) << 32 | end as u64, Ordering::Relaxed);
    }

    /// Takes the first task, or the last for somebody else's thread.
    fn take(&self, first: bool) -> Option<usize> {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let (next, end) = (word >> 32, word & 0xFFFF_FFFF);
            if next >= end {
                return None;
            }
            let (task, rest) = if first { (next, (next + 1) << 32 | end) } else { (end - 1, next << 32 | (end - 1)) };
            match self.0.compare_exchange_weak(word, rest, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(task as usize),
                Err(seen) => word = seen,
            }
        }
    }
}

/// What a job calls with the number of a task and of the thread.
type Call<'a> = &'a (dyn Fn(usize, usize) + Sync);

struct Shared {
    state: AtomicU64,
    /// The open job's function; written only while no worker has joined.
    call: UnsafeCell<Option<Call<'static>>>,
    shares: Box<[Share]>,
    sleeping: AtomicUsize,
    panicked: AtomicBool,
    stop: AtomicBool,
    /// Held by the thread whose job is running.
    busy: AtomicBool,
}

// SAFETY: `call` is written by the holder of `busy` while the state is closed and no worker is counted, and read by
// workers that have been counted in an open state.
unsafe impl Sync for Shared {}
// SAFETY: nothing in it is bound to a thread.
unsafe impl Send for Shared {}

impl Shared {
    /// Runs tasks until none is left: first those of thread `me`, then others'.
    fn work(&self, call: Call, me: usize) {
        let threads = self.shares.len();
        for turn in 0..threads {
            let share = &self.shares[(me + turn) % threads];
            while let Some(task) = share.take(turn == 0) {
                if catch_unwind(AssertUnwindSafe(|| call(task, me))).is_err() {
                    self.panicked.store(true, Ordering::Relaxed);
                }
            }
        }
    }

    /// The life of a worker.
    fn serve(&self, me: usize) {
        let mut last = 0;
        loop {
            let state = self.wait(last);
            if self.stop.load(Ordering::Acquire) {
                return;
            }
            if self.state.compare_exchange(state, state + WORKER, Ordering::Acquire, Ordering::Relaxed).is_err() {
                continue;
            }
            last = state / JOB;
            // SAFETY: this worker is counted in an open state, so the function stays until it leaves.
            if let Some(call) = unsafe { *self.call.get() } {
                self.work(call, me);
            }
            self.state.fetch_sub(WORKER, Ordering::Release);
        }
    }

    /// Waits for an open job other than the last one, or for the end.
    fn wait(&self, last: u64) -> u64 {
        let ready = || {
            let state = self.state.load(Ordering::SeqCst);
            let fresh = state & OPEN != 0 && state / JOB != last;
            (fresh || self.stop.load(Ordering::SeqCst)).then_some(state)
        };
        for _ in 0..SPINS {
            if let Some(state) = ready() {
                return state;
            }
            std::hint::spin_loop();
        }
        for _ in 0..YIELDS {
            if let Some(state) = ready() {
                return state;
            }
            thread::yield_now();
        }
        self.sleeping.fetch_add(1, Ordering::SeqCst);
        let state = loop {
            if let Some(state) = ready() {
                break state;
            }
            thread::park();
        };
        self.sleeping.fetch_sub(1, Ordering::SeqCst);
        state
    }
}

/// Threads that share the tasks of kernels. The calling thread is thread 0.
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
        let threads = threads.clamp(1, 1024);
        let shared = Arc::new(Shared {
            state: AtomicU64::new(0),
            call: UnsafeCell::new(None),
            shares: (0..threads).map(|_| Share::default()).collect(),
            sleeping: AtomicUsize::new(0),
            panicked: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            busy: AtomicBool::new(false),
        });
        let start = |me: usize| {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("glorot-cpu-{me}")).spawn(move || shared.serve(me)).ok()
        };
        let workers: Vec<JoinHandle<()>> = (1..threads).map_while(start).collect();
        let wakers = workers.iter().map(|worker| worker.thread().clone()).collect();
        Pool { shared, workers, wakers }
    }

    /// Threads that work on a job, the caller's included.
    pub(crate) fn threads(&self) -> usize {
        self.workers.len() + 1
    }

    /// Calls `call(task, thread)` for each task, on several threads unless another job is running, and returns when all
    /// have ended. False if a task panicked.
    pub(crate) fn run(&self, tasks: usize, call: Call) -> bool {
        let shared = &*self.shared;
        let alone = self.workers.is_empty() || tasks < 2 || shared.busy.swap(true, Ordering::Acquire);
        if alone {
            return (0..tasks).all(|task| catch_unwind(AssertUnwindSafe(|| call(task, 0))).is_ok());
        }
        let threads = self.threads();
        for (i, share) in shared.shares.iter().enumerate().take(threads) {
            share.set(i * tasks / threads, (i + 1) * tasks / threads);
        }
        // SAFETY: the state is closed and no worker is counted, so nobody reads the function; it is taken away below
        // before this call returns, hence before what it borrows ends.
        unsafe { *shared.call.get() = Some(std::mem::transmute::<Call<'_>, Call<'static>>(call)) };
        let job = (shared.state.load(Ordering::Relaxed) / JOB).wrapping_add(1);
        shared.state.store((job * JOB) | OPEN, Ordering::SeqCst);
        if shared.sleeping.load(Ordering::SeqCst) > 0 {
            self.wakers.iter().for_each(Thread::unpark);
        }
        shared.work(call, 0);
        shared.state.fetch_and(!OPEN, Ordering::AcqRel);
        let mut turns = 0u32;
        while shared.state.load(Ordering::Acquire) & COUNT != 0 {
            turns += 1;
            if turns < SPINS { std::hint::spin_loop() } else { thread::yield_now() }
        }
        // SAFETY: the state is closed and the last worker has left.
        unsafe { *shared.call.get() = None };
        let panicked = shared.panicked.swap(false, Ordering::Relaxed);
        shared.busy.store(false, Ordering::Release);
        !panicked
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
    fn every_task_runs_once() {
        let pool = Pool::new(3);
        for tasks in [0, 1, 2, 7, 1000] {
            let runs: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
            assert!(pool.run(tasks, &|task, thread| {
                assert!(thread < 3);
                runs[task].fetch_add(1, Ordering::Relaxed);
            }));
            assert!(runs.iter().all(|count| count.load(Ordering::Relaxed) == 1), "{tasks} tasks");
        }
    }

    #[test]
    fn jobs_from_several_threads_all_end() {
        let pool = Pool::new(2);
        let sum = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        pool.run(8, &|task, _| {
                            sum.fetch_add(task, Ordering::Relaxed);
                        });
                    }
                });
            }
        });
        assert_eq!(sum.into_inner(), 3 * 500 * 28);
    }

    #[test]
    fn sleeping_workers_wake_up() {
        let pool = Pool::new(2);
        for _ in 0..3 {
            thread::sleep(std::time::Duration::from_millis(5));
            let seen = AtomicUsize::new(0);
            // Task 0 waits for task 1, which only the other thread can run meanwhile.
            pool.run(2, &|_, _| {
                seen.fetch_add(1, Ordering::SeqCst);
                while seen.load(Ordering::SeqCst) < 2 {
                    thread::yield_now();
                }
            });
            assert_eq!(seen.into_inner(), 2);
        }
    }

    #[test]
    fn a_panic_is_reported_and_the_pool_lives_on() {
        let pool = Pool::new(2);
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        assert!(!pool.run(4, &|task, _| assert_ne!(task, 2)));
        std::panic::set_hook(hook);
        assert!(pool.run(4, &|_, _| {}));
    }
}
