//! Permutations of which each element can be computed by itself.

use crate::random::Stream;

/// Rounds of the network: two more than the tests below need to find nothing that is not random.
const ROUNDS: usize = 8;

/// The smallest domain: parts of two or three values would not be mixed.
const MIN_DOMAIN: u32 = 64;

/// Elements that are computed side by side.
const LANES: usize = 16;

/// A pseudorandom permutation of `0..len`: a Feistel network over pairs of numbers, of which there are hardly more than
/// `len`; elements out of range walk on until they are in it (Black and Rogaway, "Ciphers with arbitrary finite domains",
/// CT-RSA 2002).
///
/// Its elements do not depend on each other, as those of Fisher and Yates do, so that any number of threads, and a GPU,
/// can draw a part of an order without the rest (Mitchell et al., "Bandwidth-optimal random shuffling for GPUs", 2021).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shuffle {
    len: u32,
    /// A number is `left * rights + right`, with `left < lefts` and `right < rights`.
    lefts: u32,
    rights: u32,
    keys: [u32; ROUNDS],
}

/// A hash of 32 bits in which each bit of the result depends on all bits (Wellons, "Prospecting for hash functions").
#[inline(always)]
fn mix(mut x: u32) -> u32 {
    x = (x ^ (x >> 16)).wrapping_mul(0x21F0_AAAD);
    x = (x ^ (x >> 15)).wrapping_mul(0x735A_2D97);
    x ^ (x >> 15)
}

/// Adds to a number below `bound` what `other` and a key give, modulo `bound`.
#[inline(always)]
fn turn(number: u32, other: u32, key: u32, bound: u32) -> u32 {
    let added = (u64::from(mix(other ^ key)) * u64::from(bound)) >> 32;
    let sum = number + added as u32;
    // One of the two is in range, and the other is larger.
    sum.min(sum.wrapping_sub(bound))
}

impl Shuffle {
    /// The permutation of `0..len` that belongs to a stream of random numbers.
    pub fn new(seed: u64, stream: u64, len: u32) -> Shuffle {
        let mut random = Stream::new(seed, stream);
        let domain = len.max(MIN_DOMAIN);
        let root = domain.isqrt();
        let rights = root + u32::from(root * root < domain);
        Shuffle { len, lefts: domain.div_ceil(rights), rights, keys: std::array::from_fn(|_| random.next_u32()) }
    }

    /// The number of elements.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// True if there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bounds of the left and of the right part of a number, then the keys of the rounds: what a kernel needs to
    /// compute the same.
    pub fn words(&self) -> [u32; 2 + ROUNDS] {
        let mut words = [self.lefts; 2 + ROUNDS];
        words[1] = self.rights;
        words[2..].copy_from_slice(&self.keys);
        words
    }

    /// Passes numbers, of which the parts are given, through the network.
    #[inline(always)]
    fn pass<const N: usize>(&self, mut left: [u32; N], mut right: [u32; N]) -> [u32; N] {
        for keys in self.keys.chunks_exact(2) {
            for lane in 0..N {
                left[lane] = turn(left[lane], right[lane], keys[0], self.lefts);
            }
            for lane in 0..N {
                right[lane] = turn(right[lane], left[lane], keys[1], self.rights);
            }
        }
        std::array::from_fn(|lane| left[lane].wrapping_mul(self.rights).wrapping_add(right[lane]))
    }

    #[inline(always)]
    fn pass_one(&self, number: u32) -> u32 {
        self.pass([number / self.rights], [number % self.rights])[0]
    }

    /// Walks on to the next number in range.
    #[inline(always)]
    fn settle(&self, mut number: u32) -> u32 {
        while number >= self.len {
            number = self.pass_one(number);
        }
        number
    }

    /// Element `index`.
    ///
    /// # Panics
    ///
    /// If `index` is out of range.
    pub fn get(&self, index: u32) -> u32 {
        assert!(index < self.len, "element {index} of a permutation of {}", self.len);
        self.settle(self.pass_one(index))
    }

    /// Writes the elements from `first` on.
    ///
    /// # Panics
    ///
    /// If there are fewer.
    pub fn fill(&self, first: u32, elements: &mut [u32]) {
        let end = u32::try_from(elements.len()).ok().and_then(|count| first.checked_add(count));
        assert!(end.is_some_and(|end| end <= self.len), "{} elements from {first} on, of {}", elements.len(), self.len);
        let (mut left, mut right) = (first / self.rights, first % self.rights);
        for chunk in elements.chunks_mut(LANES) {
            let (mut lefts, mut rights) = ([0; LANES], [0; LANES]);
            for lane in 0..LANES {
                (lefts[lane], rights[lane]) = (left, right);
                right += 1;
                if right == self.rights {
                    (left, right) = (left + 1, 0);
                }
            }
            // Numbers past the end are of no use, but do no harm.
            for (element, number) in chunk.iter_mut().zip(self.pass(lefts, rights)) {
                *element = self.settle(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(seed: u64, stream: u64, len: u32) -> Vec<u32> {
        let mut elements = vec![0; len as usize];
        Shuffle::new(seed, stream, len).fill(0, &mut elements);
        elements
    }

    #[test]
    fn every_number_comes_once() {
        for len in (0..200).chain([255, 256, 257, 1000, 4095, 4096, 4097, 55_000, 65_537]) {
            let mut order = elements(1, 2, len);
            order.sort_unstable();
            assert!(order.into_iter().eq(0..len), "{len}");
        }
    }

    #[test]
    fn elements_by_themselves_are_those_of_the_whole() {
        for len in [1, 5, 64, 100, 1000] {
            let (shuffle, whole) = (Shuffle::new(9, 3, len), elements(9, 3, len));
            assert!((0..len).map(|index| shuffle.get(index)).eq(whole.iter().copied()), "{len}");
            let mut part = vec![0; len as usize / 3];
            shuffle.fill(len / 2, &mut part);
            assert_eq!(part, whole[len as usize / 2..][..part.len()], "{len}");
        }
        // The largest domain.
        let shuffle = Shuffle::new(1, 1, u32::MAX);
        let mut last = [0; 3];
        shuffle.fill(u32::MAX - 3, &mut last);
        assert_eq!(last, [3, 2, 1].map(|back| shuffle.get(u32::MAX - back)));
    }

    #[test]
    fn it_follows_from_seed_and_stream() {
        assert_eq!(elements(1, 2, 100), elements(1, 2, 100));
        assert_ne!(elements(1, 2, 100), elements(1, 3, 100));
        assert_ne!(elements(1, 2, 100), elements(2, 2, 100));
        assert_ne!(elements(1, 2, 100), (0..100).collect::<Vec<_>>());
        // So that a change of the permutation, which changes every training, is meant.
        assert_eq!(elements(42, 0, 8), [6, 3, 7, 2, 1, 5, 4, 0]);
    }

    #[test]
    #[should_panic(expected = "4 elements from 7 on, of 10")]
    fn there_are_no_elements_past_the_end() {
        Shuffle::new(1, 1, 10).fill(7, &mut [0; 4]);
    }

    /// How far a count of events is from what is expected, in standard deviations of the chi-squared statistic.
    fn deviation(counts: impl Iterator<Item = u32>, cells: f64, draws: f64) -> f64 {
        let expected = draws / cells;
        let statistic: f64 = counts.map(|count| (f64::from(count) - expected).powi(2) / expected).sum();
        (statistic - (cells - 1.0)) / (2.0 * (cells - 1.0)).sqrt()
    }

    /// A permutation of a few elements is as often each of all that there are.
    #[test]
    fn all_permutations_are_equally_likely() {
        for len in 2..=6u32 {
            let (draws, all) = (40_000, (1..=len).product::<u32>());
            let mut counts = std::collections::HashMap::new();
            (0..draws).for_each(|seed| *counts.entry(elements(seed, 7, len)).or_insert(0) += 1);
            assert_eq!(counts.len(), all as usize, "of {len}");
            let deviation = deviation(counts.into_values(), f64::from(all), draws as f64);
            assert!(deviation.abs() < 4.0, "of {len}: {deviation}");
        }
    }

    /// Two elements are any two numbers equally often, also where they differ in one half of their bits alone.
    #[test]
    fn pairs_are_independent() {
        for len in [10, 16, 17, 32, 64, 100] {
            for (a, b) in [(0, 1), (0, len / 2), (len - 2, len - 1)] {
                let (draws, cells) = (60_000, len * (len - 1));
                let mut counts = vec![0; (len * len) as usize];
                for seed in 0..draws {
                    let shuffle = Shuffle::new(seed, 7, len);
                    counts[(shuffle.get(a) * len + shuffle.get(b)) as usize] += 1;
                }
                let pairs =
                    counts.into_iter().enumerate().filter(|(pair, _)| pair / len as usize != pair % len as usize);
                let deviation = deviation(pairs.map(|(_, count)| count), f64::from(cells), draws as f64);
                assert!(deviation.abs() < 4.0, "elements {a} and {b} of {len}: {deviation}");
            }
        }
    }

    /// Of a random permutation one element stays, and two neighbours stay neighbours, in the mean.
    #[test]
    fn what_was_together_is_apart() {
        for len in [1000, 1024] {
            let draws = 2000;
            let (mut stayed, mut neighbours) = (0, 0);
            for seed in 0..draws {
                let order = elements(seed, 7, len);
                stayed += (0..len).zip(&order).filter(|(index, element)| index == *element).count();
                neighbours += order.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
            }
            let mean = |count: usize| count as f64 / draws as f64;
            assert!((mean(stayed) - 1.0).abs() < 0.1, "{} of {len} stayed", mean(stayed));
            assert!((mean(neighbours) - 2.0).abs() < 0.14, "{} of {len} are neighbours", mean(neighbours));
        }
    }
}
