//! Threads at work on a schedule.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::assign::{Entry, Schedule, Wait};
use crate::kernels::Kernels;
use crate::launch::Launch;

/// Turns of waiting that end in a pause instruction; after them a thread gives the processor away.
const SPINS: u32 = 4_000;
/// Turns of waiting after which a thread looks for something else to do.
const PATIENCE: u32 = 64;
/// Bits of a counter for the entries of one run; above them is the number of the run.
const ENTRIES: u32 = 32;

/// A number on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Counter(AtomicU64);

/// How far the threads have come.
#[derive(Debug)]
pub(crate) struct Progress {
    run: u64,
    /// Entries that each thread has done, below the number of the run.
    done: Box<[Counter]>,
    /// The last tasks `next..end` that are left of each thread's share, packed into a word.
    shares: Box<[Counter]>,
    stopped: AtomicBool,
}

impl Progress {
    pub(crate) fn of(threads: usize) -> Progress {
        let counters = || (0..threads).map(|_| Counter::default()).collect();
        Progress { run: 0, done: counters(), shares: counters(), stopped: AtomicBool::new(false) }
    }

    /// Prepares a run.
    pub(crate) fn begin(&mut self, schedule: &Schedule) {
        self.run += 1;
        self.stopped.store(false, Ordering::Relaxed);
        for (counter, share) in self.shares.iter().zip(&schedule.shares) {
            counter.0.store((share.start as u64) << 32 | share.end as u64, Ordering::Relaxed);
        }
    }

    fn count(&self, entries: usize) -> u64 {
        self.run << ENTRIES | entries as u64
    }

    /// Whether the threads have come so far.
    fn is_over(&self, waits: &[Wait]) -> bool {
        waits.iter().all(|wait| self.done[wait.thread].0.load(Ordering::Acquire) >= self.count(wait.entries))
    }

    /// Waits for other threads, and does something `meanwhile` (which tells whether there was something to do); false if
    /// one of them will never come so far.
    fn wait(&self, waits: &[Wait], meanwhile: impl Fn() -> bool) -> bool {
        let mut turns = 0u32;
        while !self.is_over(waits) {
            if self.stopped.load(Ordering::Relaxed) {
                return false;
            }
            turns += 1;
            if turns.is_multiple_of(PATIENCE) && meanwhile() {
                turns = 0;
            } else if turns < SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        true
    }

    /// Takes the first task of a thread's own share if it can run now.
    fn take_ready(&self, me: usize, last: &[Entry]) -> Option<usize> {
        let share = &self.shares[me].0;
        let word = share.load(Ordering::Relaxed);
        let (next, end) = (word >> 32, word & 0xFFFF_FFFF);
        if next >= end || !self.is_over(&last[next as usize].waits) {
            return None;
        }
        let taken = share.compare_exchange(word, (next + 1) << 32 | end, Ordering::Relaxed, Ordering::Relaxed);
        taken.is_ok().then_some(next as usize)
    }

    /// Takes a task of a thread's share: the first for the thread itself, the last for others.
    fn take(&self, thread: usize, own: bool) -> Option<usize> {
        let share = &self.shares[thread].0;
        let mut word = share.load(Ordering::Relaxed);
        loop {
            let Range { start: next, end } = word >> 32..word & 0xFFFF_FFFF;
            if next >= end {
                return None;
            }
            let (task, rest) = if own { (next, (next + 1) << 32 | end) } else { (end - 1, next << 32 | (end - 1)) };
            match share.compare_exchange_weak(word, rest, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Some(task as usize),
                Err(seen) => word = seen,
            }
        }
    }
}

/// Tells the other threads if this one panics, so that they do not wait for it.
struct Alarm<'a>(&'a AtomicBool);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

impl Schedule {
    /// What one thread does in a run.
    ///
    /// # Safety
    /// The buffers that the launches were made from are alive; `scratch` is 64-byte aligned, as large as any launch
    /// needs, and belongs to this thread; each thread calls this once a run, and nothing else uses the buffers.
    pub(crate) unsafe fn work(
        &self,
        launches: &[Launch],
        progress: &Progress,
        me: usize,
        kernels: &'static Kernels,
        scratch: *mut u8,
    ) {
        let _alarm = Alarm(&progress.stopped);
        let run = |entry: &Entry| {
            let launch = &launches[entry.launch];
            // SAFETY: the waits of the entry are over; the rest is the caller's.
            entry.tasks.clone().for_each(|task| unsafe { launch.run(kernels, task, scratch) });
        };
        for (index, entry) in self.lists[me].iter().enumerate() {
            // A thread that has to wait for long takes tasks meanwhile that nobody waits for.
            let meanwhile = || progress.take_ready(me, &self.last).map(|task| run(&self.last[task])).is_some();
            if !progress.wait(&entry.waits, meanwhile) {
                return;
            }
            run(entry);
            progress.done[me].0.store(progress.count(index + 1), Ordering::Release);
        }
        let threads = self.lists.len();
        for turn in 0..threads {
            let thread = (me + turn) % threads;
            while let Some(task) = progress.take(thread, turn == 0) {
                let entry = &self.last[task];
                if !progress.wait(&entry.waits, || false) {
                    return;
                }
                run(entry);
            }
        }
    }
}
