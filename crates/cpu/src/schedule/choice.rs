//! How many threads work on a step, and by which schedule: found by measuring, now and then.

use std::time::Instant;

/// Runs in which each number of threads is timed.
const SAMPLES: usize = 8;
/// The first runs, which fill caches and are not timed.
const WARM_UP: u64 = 4;
/// Runs, for each way, after which the load of the machine may have changed.
const PERIOD: u64 = 512;

/// The choice between ways to run a program, the first of which takes one thread.
#[derive(Debug)]
pub(crate) struct Choice {
    /// Runs so far.
    runs: u64,
    best: usize,
    /// Nanoseconds of the timed runs of each way.
    times: Vec<[u64; SAMPLES]>,
}

impl Choice {
    /// Of several ways; the last one is used until they have been measured.
    pub(crate) fn of(ways: usize) -> Choice {
        Choice { runs: 0, best: ways - 1, times: vec![[0; SAMPLES]; ways] }
    }

    /// Runs a program one way.
    pub(crate) fn run<T>(&mut self, run: impl FnOnce(usize) -> T) -> T {
        let ways = self.times.len();
        let number = self.runs % (PERIOD * ways as u64);
        self.runs += 1;
        let sample = number.checked_sub(WARM_UP).map(|sample| sample as usize);
        // One way after the other, so that each is timed with the caches as they will be.
        match sample.filter(|&sample| ways > 1 && sample < ways * SAMPLES) {
            None => run(self.best),
            Some(sample) => {
                let way = sample / SAMPLES;
                let start = Instant::now();
                let result = run(way);
                self.record(way, sample % SAMPLES, start.elapsed().as_nanos() as u64);
                result
            }
        }
    }

    fn record(&mut self, way: usize, sample: usize, nanoseconds: u64) {
        self.times[way][sample] = nanoseconds;
        if way + 1 == self.times.len() && sample + 1 == SAMPLES {
            let typical: Vec<u64> = self.times.iter().map(|times| quartile(*times)).collect();
            // More threads keep other programs waiting, so they have to gain something.
            self.best = 0;
            for way in 1..typical.len() {
                if typical[way] * 20 < typical[self.best] * 19 {
                    self.best = way;
                }
            }
        }
    }
}

/// The lower quartile: what other programs do meanwhile only makes runs longer.
fn quartile(mut times: [u64; SAMPLES]) -> u64 {
    times.sort_unstable();
    times[SAMPLES / 4]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The way that is chosen where ways take these times.
    fn chosen(times: &[u64]) -> usize {
        let mut choice = Choice::of(times.len());
        for (way, time) in times.iter().enumerate() {
            for sample in 0..SAMPLES {
                // Every other sample is disturbed.
                let disturbed = if sample % 2 == 1 { 1_000_000 } else { 0 };
                choice.record(way, sample, time + disturbed);
            }
        }
        choice.best
    }

    #[test]
    fn the_fastest_way_is_used() {
        assert_eq!(chosen(&[10_000, 6_000]), 1);
        assert_eq!(chosen(&[10_000, 9_900]), 0);
        assert_eq!(chosen(&[10_000, 5_000, 8_000]), 1);
        assert_eq!(chosen(&[5_000]), 0);
    }

    #[test]
    fn every_way_is_measured_in_a_period() {
        let mut choice = Choice::of(3);
        let ways: Vec<usize> = (0..3 * PERIOD).map(|_| choice.run(|way| way)).collect();
        assert!(ways[..WARM_UP as usize].iter().all(|&way| way == 2));
        for way in 0..3 {
            assert!(ways.iter().filter(|&&used| used == way).count() >= SAMPLES);
        }
    }
}
