//! How many threads work on a step, and by which schedule: found by measuring, now and then.

use std::time::Instant;

/// The most runs in which each way is timed, the fewest, and nanoseconds after which more than those are not needed.
const SAMPLES: usize = 8;
const FEWEST: usize = 2;
const ENOUGH: u64 = 20_000_000;
/// The first runs, which fill caches and are not timed.
const WARM_UP: usize = 4;
/// Runs, for each that was timed, after which the load of the machine may have changed.
const PERIOD: usize = 64;

/// The choice between ways to run a program, the first of which takes one thread.
#[derive(Debug)]
pub(crate) struct Choice {
    best: usize,
    /// Runs until the ways are timed.
    rest: usize,
    /// The way that is timed then.
    way: usize,
    /// Nanoseconds of the timed runs of each way.
    times: Vec<Vec<u64>>,
}

impl Choice {
    /// Of several ways; the last one is used until they have been measured.
    pub(crate) fn of(ways: usize) -> Choice {
        Choice { best: ways - 1, rest: WARM_UP, way: 0, times: vec![Vec::with_capacity(SAMPLES); ways] }
    }

    /// Runs a program one way.
    pub(crate) fn run<T>(&mut self, run: impl FnOnce(usize) -> T) -> T {
        if self.times.len() == 1 || self.rest > 0 {
            self.rest = self.rest.saturating_sub(1);
            return run(self.best);
        }
        // One way after the other, so that each is timed with the caches as they will be.
        let start = Instant::now();
        let result = run(self.way);
        self.record(start.elapsed().as_nanos() as u64);
        result
    }

    /// The time of a run of the way that is timed.
    fn record(&mut self, nanoseconds: u64) {
        let times = &mut self.times[self.way];
        times.push(nanoseconds);
        // Long runs are disturbed less, and each costs time.
        if times.len() == SAMPLES || (times.len() >= FEWEST && times.iter().sum::<u64>() >= ENOUGH) {
            self.way += 1;
        }
        if self.way == self.times.len() {
            self.settle();
        }
    }

    /// Chooses by the times, and forgets them.
    fn settle(&mut self) {
        self.rest = PERIOD * self.times.iter().map(Vec::len).sum::<usize>();
        (self.way, self.best) = (0, 0);
        let mut least = u64::MAX;
        for (way, times) in self.times.iter_mut().enumerate() {
            let typical = quartile(times);
            // More threads keep other programs waiting, so they have to gain something.
            if typical / 19 * 20 < least {
                (self.best, least) = (way, typical);
            }
            times.clear();
        }
    }
}

/// The lower quartile: what other programs do meanwhile only makes runs longer.
fn quartile(times: &mut [u64]) -> u64 {
    times.sort_unstable();
    times[times.len() / 4]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The way that is chosen where ways take these times, and the runs that it took to find out.
    fn chosen(times: &[u64]) -> (usize, usize) {
        let mut choice = Choice::of(times.len());
        choice.rest = 0;
        let mut runs = 0;
        while choice.rest == 0 {
            // Every other run is disturbed.
            let disturbed = if runs % 2 == 1 { 1_000_000 } else { 0 };
            choice.record(times[choice.way] + disturbed);
            runs += 1;
        }
        (choice.best, runs)
    }

    #[test]
    fn the_fastest_way_is_used() {
        assert_eq!(chosen(&[10_000, 6_000]), (1, 2 * SAMPLES));
        assert_eq!(chosen(&[10_000, 9_900]), (0, 2 * SAMPLES));
        assert_eq!(chosen(&[10_000, 5_000, 8_000]), (1, 3 * SAMPLES));
    }

    #[test]
    fn long_runs_are_timed_twice() {
        assert_eq!(chosen(&[900_000_000, 500_000_000, 700_000_000]), (1, 3 * FEWEST));
    }

    #[test]
    fn one_way_is_not_timed() {
        let mut choice = Choice::of(1);
        assert!((0..100).all(|_| choice.run(|way| way) == 0));
        assert!(choice.times[0].is_empty());
    }

    #[test]
    fn every_way_is_measured_in_a_period() {
        let mut choice = Choice::of(3);
        let ways: Vec<usize> = (0..2 * 3 * SAMPLES * PERIOD).map(|_| choice.run(|way| way)).collect();
        assert!(ways[..WARM_UP].iter().all(|&way| way == 2));
        for way in 0..3 {
            assert!(ways.iter().filter(|&&used| used == way).count() >= 2 * SAMPLES);
        }
    }
}
