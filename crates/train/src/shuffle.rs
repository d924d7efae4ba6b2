//! The order in which samples are taken.

use glorot_tensor::random::Stream;

/// Sets the streams of permutations apart from those of a model's random ops, whose step counters stay below it.
const SHUFFLE: u64 = 1 << 63;

/// The order of a pass over samples. Batches are taken from the front.
pub(crate) struct Order {
    rows: Vec<u32>,
    shuffle: bool,
}

impl Order {
    /// Samples `0..n` in order until [`Order::begin_pass`].
    pub fn new(n: u32, shuffle: bool) -> Order {
        Order { rows: (0..n).collect(), shuffle }
    }

    /// Draws the order of a pass. It depends on the seed and on the number of steps trained before the pass, which are
    /// part of a model's state: a run that goes on later takes the samples in the same order as one that never stopped.
    pub fn begin_pass(&mut self, seed: u64, steps_before: u64) {
        if self.shuffle {
            self.rows = Stream::new(seed, SHUFFLE | steps_before).permutation(self.rows.len() as u32);
        }
    }

    /// The rows of a batch that begins at sample `start` of the pass.
    pub fn batch(&self, start: usize, len: usize) -> &[u32] {
        &self.rows[start..start + len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(seed: u64, steps: u64) -> Vec<u32> {
        let mut order = Order::new(100, true);
        order.begin_pass(seed, steps);
        order.batch(0, 100).to_vec()
    }

    #[test]
    fn a_pass_takes_every_sample_once() {
        let mut rows = order(1, 0);
        assert_ne!(rows, (0..100).collect::<Vec<_>>());
        rows.sort_unstable();
        assert_eq!(rows, (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn the_order_follows_from_seed_and_steps() {
        assert_eq!(order(1, 10), order(1, 10));
        assert_ne!(order(1, 10), order(1, 20));
        assert_ne!(order(1, 10), order(2, 10));
    }

    #[test]
    fn without_shuffling_the_order_stays() {
        let mut order = Order::new(5, false);
        order.begin_pass(1, 0);
        assert_eq!(order.batch(2, 3), [2, 3, 4]);
    }
}
