//! The order in which samples are taken.

use glorot_graph::device::Rows;
use glorot_tensor::Shuffle;

/// Sets the streams of permutations apart from those of a model's random ops, whose step counters stay below it.
const SHUFFLE: u64 = 1 << 63;

/// The order of a pass over samples. Devices work it out by themselves, a batch or many at a time.
pub(crate) struct Order {
    first: u32,
    len: u32,
    shuffle: bool,
    drawn: Option<Shuffle>,
}

impl Order {
    /// `len` samples from row `first` on, in order until [`Order::begin_pass`]. Only those from row 0 on are shuffled.
    pub fn new(first: u32, len: u32, shuffle: bool) -> Order {
        debug_assert!(first == 0 || !shuffle, "validation is not shuffled");
        Order { first, len, shuffle, drawn: None }
    }

    /// Draws the order of a pass. It depends on the seed and on the number of steps trained before the pass, which are
    /// part of a model's state: a run that goes on later takes the samples in the same order as one that never stopped.
    pub fn begin_pass(&mut self, seed: u64, steps_before: u64) {
        if self.shuffle {
            self.drawn = Some(Shuffle::new(seed, SHUFFLE | steps_before, self.len));
        }
    }

    /// The rows of batches that begin at sample `start` of the pass.
    pub fn rows(&self, start: usize, len: usize) -> Rows<'_> {
        let whole = match &self.drawn {
            Some(shuffle) => Rows::Shuffled { shuffle, first: 0, len: self.len },
            None => Rows::Following { first: self.first, len: self.len },
        };
        whole.part(start, len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(order: &Order, start: usize, len: usize) -> Vec<u32> {
        order.rows(start, len).list(&mut Vec::new()).to_vec()
    }

    fn order(seed: u64, steps: u64) -> Vec<u32> {
        let mut order = Order::new(0, 100, true);
        order.begin_pass(seed, steps);
        listed(&order, 0, 100)
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
        let mut order = Order::new(7, 5, false);
        order.begin_pass(1, 0);
        assert_eq!(listed(&order, 2, 3), [9, 10, 11]);
    }
}
