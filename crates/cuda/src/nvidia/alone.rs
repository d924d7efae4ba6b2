//! What must not happen while a step is recorded: cuDNN has streams of its own, which take part in a recording that has
//! used them, and waits for all work of a GPU when it is given back, which ends recordings of any stream in an error.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

static OWNER: Mutex<Option<ThreadId>> = Mutex::new(None);
static LEFT: Condvar = Condvar::new();

fn owner() -> MutexGuard<'static, Option<ThreadId>> {
    OWNER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until no other thread is alone; from then on the calling one is, until [`end`].
pub(super) fn begin() {
    let mut owner = owner();
    while owner.is_some() {
        owner = LEFT.wait(owner).unwrap_or_else(PoisonError::into_inner);
    }
    *owner = Some(thread::current().id());
}

pub(super) fn end() {
    *owner() = None;
    LEFT.notify_one();
}

/// Makes a call alone, whether the thread is so already or not.
pub(super) fn alone<T>(call: impl FnOnce() -> T) -> T {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            end();
        }
    }
    if *owner() == Some(thread::current().id()) {
        return call();
    }
    begin();
    let _end = End;
    call()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_thread_at_a_time_also_from_within() {
        static BUSY: AtomicBool = AtomicBool::new(false);
        let work = || {
            for _ in 0..100 {
                begin();
                assert!(!BUSY.swap(true, Ordering::AcqRel));
                assert_eq!(alone(|| alone(|| 5)), 5);
                thread::sleep(Duration::from_micros(10));
                BUSY.store(false, Ordering::Release);
                end();
                alone(|| {
                    assert!(!BUSY.swap(true, Ordering::AcqRel));
                    BUSY.store(false, Ordering::Release);
                });
            }
        };
        thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    }
}
