//! What the cores and caches of this machine can do.

use std::fmt;
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

/// Multiply-adds and reads, each the best of several tries.
pub struct Roofline {
    /// Threads, and the GFLOP/s of all together (a multiply-add is two).
    pub gflops: Vec<(usize, f64)>,
    /// Bytes that are read again and again by one thread, and GB/s.
    pub reads: Vec<(usize, f64)>,
    /// Nanoseconds until a word that one thread writes has reached another one, and its answer has come back. None with
    /// one thread.
    pub round_trip: Option<f64>,
}

const TRIES: usize = 7;
const CHAINS: usize = 24;

impl Roofline {
    pub fn measure(threads: &[usize]) -> Roofline {
        let gflops = threads.iter().map(|&threads| (threads, best(|| multiply_adds(threads)))).collect();
        let sizes = [16 << 10, 256 << 10, 4 << 20, 256 << 20];
        let reads = sizes.into_iter().map(|bytes| (bytes, read_rate(bytes))).collect();
        let round_trip = threads.iter().any(|&threads| threads > 1).then(round_trip);
        Roofline { gflops, reads, round_trip }
    }
}

impl fmt::Display for Roofline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (threads, gflops) in &self.gflops {
            writeln!(
                f,
                "multiply-adds, {threads} thread{}: {gflops:.0} GFLOP/s",
                if *threads == 1 { "" } else { "s" }
            )?;
        }
        for (bytes, rate) in &self.reads {
            let size = if *bytes < 1 << 20 { format!("{} KiB", bytes >> 10) } else { format!("{} MiB", bytes >> 20) };
            writeln!(f, "reading {size} again and again, 1 thread: {rate:.0} GB/s")?;
        }
        if let Some(nanoseconds) = self.round_trip {
            writeln!(f, "a word from one thread to another and back: {nanoseconds:.0} ns")?;
        }
        Ok(())
    }
}

fn best(try_once: impl Fn() -> f64) -> f64 {
    (0..TRIES).map(|_| try_once()).fold(0.0, f64::max)
}

/// Nanoseconds of a round trip between two threads: the least of several tries, since they have to share a core in some.
fn round_trip() -> f64 {
    const TURNS: u32 = 5_000;
    let once = || {
        let turn = AtomicU32::new(0);
        let play = |own: u32| {
            for number in (own..2 * TURNS).step_by(2) {
                while turn.load(Ordering::Acquire) != number {
                    std::hint::spin_loop();
                }
                turn.store(number + 1, Ordering::Release);
            }
        };
        std::thread::scope(|scope| {
            let other = scope.spawn(|| play(1));
            let start = Instant::now();
            play(0);
            other.join().expect("a thread");
            start.elapsed().as_nanos() as f64 / f64::from(TURNS)
        })
    };
    (0..TRIES).map(|_| once()).fold(f64::INFINITY, f64::min)
}

/// GFLOP/s of some threads that do nothing but independent multiply-adds.
fn multiply_adds(threads: usize) -> f64 {
    const TURNS: usize = 2_000_000;
    let start = Instant::now();
    let lanes = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| chains(TURNS))).collect();
        workers.into_iter().map(|worker| worker.join().expect("a thread")).max().unwrap_or(1)
    });
    (threads * TURNS * CHAINS * lanes * 2) as f64 / start.elapsed().as_secs_f64() / 1e9
}

/// Runs chains of multiply-adds on the widest vectors that there are; the lanes of a vector.
fn chains(turns: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: just checked.
            unsafe { wide::avx512(turns) };
            return 16;
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            // SAFETY: just checked.
            unsafe { wide::avx2(turns) };
            return 8;
        }
    }
    let mut sums = [[1f32; 4]; CHAINS];
    for _ in 0..turns {
        sums.iter_mut().flatten().for_each(|sum| *sum = sum.mul_add(0.999, 0.5));
    }
    black_box(sums);
    4
}

#[cfg(target_arch = "x86_64")]
mod wide {
    use super::{CHAINS, black_box};
    use std::arch::x86_64::*;

    macro_rules! chains {
        ($name:ident, $features:literal, $chains:expr, $set:ident, $multiply_add:ident) => {
            #[target_feature(enable = $features)]
            pub fn $name(turns: usize) {
                let (x, y) = ($set(0.999), $set(0.5));
                // As many chains as fit into registers, as often as needed.
                for _ in 0..CHAINS / $chains {
                    let mut sums = [$set(1.0); $chains];
                    for _ in 0..turns {
                        sums.iter_mut().for_each(|sum| *sum = $multiply_add(*sum, x, y));
                    }
                    black_box(sums);
                }
            }
        };
    }

    chains!(avx512, "avx512f", 24, _mm512_set1_ps, _mm512_fmadd_ps);
    chains!(avx2, "avx2,fma", 12, _mm256_set1_ps, _mm256_fmadd_ps);
}

/// GB/s of one thread that adds up all words of a piece of memory, over and over.
fn read_rate(bytes: usize) -> f64 {
    let words = vec![1u64; bytes / 8];
    let turns = ((1usize << 28) / bytes).max(1);
    best(|| {
        let start = Instant::now();
        for _ in 0..turns {
            black_box(sum(&words));
        }
        (turns * bytes) as f64 / start.elapsed().as_secs_f64() / 1e9
    })
}

fn sum(words: &[u64]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn wide(words: &[u64]) -> u64 {
            plain(words)
        }
        // SAFETY: just checked.
        return unsafe { wide(words) };
    }
    plain(words)
}

#[inline(always)]
fn plain(words: &[u64]) -> u64 {
    // Many sums at once, so that additions do not wait for each other.
    let mut sums = [0u64; 32];
    for block in words.chunks_exact(32) {
        sums.iter_mut().zip(block).for_each(|(sum, word)| *sum = sum.wrapping_add(*word));
    }
    sums.iter().fold(0, |total, sum| total.wrapping_add(*sum))
}
