//! The seed of everything random that has none of its own: initial weights, dropout, shuffling.
//!
//! It belongs to the thread, so that workers are independent. Until [`set_seed`] is called it comes from the system.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};

use glorot_tensor::random::Stream;

thread_local! {
    static SEEDS: RefCell<Stream> = RefCell::new(seeds(RandomState::new().hash_one(0u8)));
}

/// The stream that seeds are drawn from; its number keeps it apart from the streams under the drawn seeds.
fn seeds(seed: u64) -> Stream {
    Stream::new(seed, u64::MAX)
}

/// Makes all later random numbers of this thread a function of the seed.
pub fn set_seed(seed: u64) {
    SEEDS.set(seeds(seed));
}

/// The next seed: a new one at each call, the same ones after the same [`set_seed`].
pub fn next_seed() -> u64 {
    SEEDS.with_borrow_mut(|seeds| u64::from(seeds.next_u32()) << 32 | u64::from(seeds.next_u32()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_seeds() {
        let draw = |seed| {
            set_seed(seed);
            [next_seed(), next_seed()]
        };
        let [first, second] = draw(58);
        assert_ne!(first, second);
        assert_eq!(draw(58), [first, second]);
        assert_ne!(draw(59)[0], first);
    }

    #[test]
    fn threads_without_a_seed_differ() {
        let draw = || std::thread::spawn(next_seed).join().unwrap();
        assert_ne!(draw(), draw());
    }
}
