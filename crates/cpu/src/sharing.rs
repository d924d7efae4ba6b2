//! Whether a launch is shared between threads: found by measuring, now and then.

use std::time::Instant;

/// Runs in which a launch is timed alone, then as many in which it is timed shared.
const SAMPLES: usize = 12;
/// The first runs, which fill caches and are not timed.
const WARM_UP: u64 = 4;
/// Runs after which the load of the machine may have changed.
const PERIOD: u64 = 4096;

/// What a program's run number says about its launches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Use what is known.
    Use,
    /// Time each launch, alone or shared.
    Time { shared: bool, sample: usize },
}

impl Phase {
    /// All launches of a run are in one phase, so that each is timed with the caches as they will be.
    pub(crate) fn of_run(run: u64) -> Phase {
        let sample = (run % PERIOD).checked_sub(WARM_UP).map(|sample| sample as usize);
        match sample {
            Some(sample) if sample < SAMPLES => Phase::Time { shared: false, sample },
            Some(sample) if sample < 2 * SAMPLES => Phase::Time { shared: true, sample: sample - SAMPLES },
            _ => Phase::Use,
        }
    }
}

/// The choice for one launch.
#[derive(Clone, Debug)]
pub(crate) struct Sharing {
    shared: bool,
    measured: bool,
    /// Nanoseconds alone and shared.
    times: [[u32; SAMPLES]; 2],
}

impl Sharing {
    /// A launch that one thread always runs.
    pub(crate) fn never() -> Sharing {
        Sharing { shared: false, measured: false, times: [[0; SAMPLES]; 2] }
    }

    /// A launch that is always shared, since one thread would take too long even to measure it.
    pub(crate) fn always() -> Sharing {
        Sharing { shared: true, ..Sharing::never() }
    }

    /// A launch whose choice is measured; `shared` until it has been.
    pub(crate) fn measured(shared: bool) -> Sharing {
        Sharing { shared, measured: true, times: [[0; SAMPLES]; 2] }
    }

    /// Runs a launch, alone or shared.
    pub(crate) fn run<T>(&mut self, phase: Phase, run: impl FnOnce(bool) -> T) -> T {
        match phase {
            Phase::Time { shared, sample } if self.measured => {
                let start = Instant::now();
                let result = run(shared);
                self.record(shared, sample, start.elapsed().as_nanos().min(u128::from(u32::MAX)) as u32);
                result
            }
            _ => run(self.shared),
        }
    }

    fn record(&mut self, shared: bool, sample: usize, nanoseconds: u32) {
        self.times[usize::from(shared)][sample] = nanoseconds;
        if shared && sample + 1 == SAMPLES {
            let median = |mut times: [u32; SAMPLES]| {
                times.sort_unstable();
                u64::from(times[SAMPLES / 2])
            };
            let [alone, together] = self.times.map(median);
            // Sharing keeps another processor busy, so it has to gain something.
            self.shared = together * 20 < alone * 19;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes through a period in which the launch takes these times; the choice after it.
    fn choice(alone: u32, together: u32) -> bool {
        let mut sharing = Sharing::measured(false);
        for run in 0..PERIOD {
            if let Phase::Time { shared, sample } = Phase::of_run(run) {
                // One sample in four is disturbed.
                let disturbed = if sample % 4 == 3 { 1_000_000 } else { 0 };
                sharing.record(shared, sample, disturbed + if shared { together } else { alone });
            }
        }
        sharing.run(Phase::Use, |shared| shared)
    }

    #[test]
    fn the_faster_way_is_used() {
        assert!(choice(10_000, 6_000));
        assert!(!choice(10_000, 9_900));
        assert!(!choice(5_000, 8_000));
    }

    #[test]
    fn small_launches_are_never_shared() {
        let mut sharing = Sharing::never();
        assert!((0..100).all(|run| !sharing.run(Phase::of_run(run), |shared| shared)));
    }

    #[test]
    fn what_is_not_measured_yet_follows_the_estimate() {
        assert!(Sharing::measured(true).run(Phase::of_run(0), |shared| shared));
    }
}
