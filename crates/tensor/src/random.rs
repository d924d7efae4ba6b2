//! Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
//!
//! Element `i` of a stream depends on the key, the stream and `i` alone, so every device and any number of threads
//! draw the same numbers.

/// Four random words for a key and a 128-bit counter.
#[inline(always)]
pub fn philox4x32(mut key: [u32; 2], mut counter: [u32; 4]) -> [u32; 4] {
    for round in 0..10 {
        if round > 0 {
            key[0] = key[0].wrapping_add(0x9E37_79B9);
            key[1] = key[1].wrapping_add(0xBB67_AE85);
        }
        let (p0, p1) = (0xD251_1F53u64 * u64::from(counter[0]), 0xCD9E_8D57u64 * u64::from(counter[2]));
        counter =
            [(p1 >> 32) as u32 ^ counter[1] ^ key[0], p1 as u32, (p0 >> 32) as u32 ^ counter[3] ^ key[1], p0 as u32];
    }
    counter
}

/// Maps a random word to a float in [0, 1) with 24 random bits.
#[inline(always)]
pub fn to_unit(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / 16_777_216.0)
}

/// Two independent standard normal numbers from two random words (Box-Muller).
#[inline(always)]
pub fn to_normal(a: u32, b: u32) -> (f32, f32) {
    // (word + 1) / 2^24 lies in (0, 1], so the logarithm is finite.
    let u = ((a >> 8) as f32 + 1.0) * (1.0 / 16_777_216.0);
    let radius = (-2.0 * u.ln()).sqrt();
    let angle = std::f32::consts::TAU * to_unit(b);
    (radius * angle.cos(), radius * angle.sin())
}

/// A stream of random numbers on the host: initial weights, keys of permutations, generated data.
#[derive(Clone, Debug)]
pub struct Stream {
    key: [u32; 2],
    stream: u64,
    position: u64,
    buffered: [u32; 4],
}

impl Stream {
    /// The stream with the given number under a seed. Different numbers give independent streams.
    pub fn new(seed: u64, stream: u64) -> Stream {
        Stream { key: [seed as u32, (seed >> 32) as u32], stream, position: 0, buffered: [0; 4] }
    }

    /// The next 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        let lane = (self.position % 4) as usize;
        if lane == 0 {
            let block = self.position / 4;
            let counter = [block as u32, (block >> 32) as u32, self.stream as u32, (self.stream >> 32) as u32];
            self.buffered = philox4x32(self.key, counter);
        }
        self.position += 1;
        self.buffered[lane]
    }

    /// Uniform in [0, 1), 53 random bits.
    pub fn next_f64(&mut self) -> f64 {
        let (high, low) = (u64::from(self.next_u32()), u64::from(self.next_u32()));
        ((high << 32 | low) >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform integer in `0..bound` without bias (Lemire's rejection); `bound` must not be 0.
    pub fn below(&mut self, bound: u32) -> u32 {
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let product = u64::from(self.next_u32()) * u64::from(bound);
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }

    /// Standard normal number, by inversion of the distribution function.
    pub fn next_normal(&mut self) -> f64 {
        // The half-step offset keeps the argument inside (0, 1).
        let unit = (self.next_f64() * 9_007_199_254_740_992.0 + 0.5) / 9_007_199_254_740_992.0;
        inverse_normal_cdf(unit)
    }

    /// Standard normal number given that it lies within two standard deviations.
    pub fn next_truncated_normal(&mut self) -> f64 {
        // P(|Z| < 2) = 0.9544997361036416; map the unit interval onto the central part of the distribution.
        const TAIL: f64 = 0.022_750_131_948_179_2;
        let unit = TAIL + self.next_f64() * (1.0 - 2.0 * TAIL);
        inverse_normal_cdf(unit).clamp(-2.0, 2.0)
    }
}

/// Quantile of the standard normal distribution (Acklam's rational approximation, relative error below 1.15e-9, less
/// than a float32 weight can show).
#[allow(clippy::excessive_precision, reason = "the coefficients as published")]
fn inverse_normal_cdf(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e+01,
        2.209460984245205e+02,
        -2.759285104469687e+02,
        1.38357751867269e+02,
        -3.066479806614716e+01,
        2.506628277459239e+00,
    ];
    const B: [f64; 5] = [
        -5.447609879822406e+01,
        1.615858368580409e+02,
        -1.556989798598866e+02,
        6.680131188771972e+01,
        -1.328068155288572e+01,
    ];
    const C: [f64; 6] = [
        -7.784894002430293e-03,
        -3.223964580411365e-01,
        -2.400758277161838e+00,
        -2.549732539343734e+00,
        4.374664141464968e+00,
        2.938163982698783e+00,
    ];
    const D: [f64; 4] = [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00];
    let polynomial = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    let tail = |p: f64| {
        let q = (-2.0 * p.ln()).sqrt();
        polynomial(&C, q) / (polynomial(&D, q) * q + 1.0)
    };
    if p < 0.02425 {
        tail(p)
    } else if p > 1.0 - 0.02425 {
        -tail(1.0 - p)
    } else {
        let q = p - 0.5;
        let r = q * q;
        polynomial(&A, r) * q / (polynomial(&B, r) * r + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known-answer vectors of the Random123 library, version 1.14 (file `kat_vectors`, philox4x32 10).
    #[test]
    fn philox_known_answers() {
        assert_eq!(philox4x32([0; 2], [0; 4]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(philox4x32([!0; 2], [!0; 4]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
        assert_eq!(
            philox4x32([0xa4093822, 0x299f31d0], [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344]),
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
        );
    }

    #[test]
    fn normals_have_the_right_moments() {
        let mut stream = Stream::new(58, 0);
        let n = 200_000;
        let values: Vec<f64> = (0..n).map(|_| stream.next_normal()).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n as f64;
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.02, "variance {variance}");
    }

    #[test]
    fn truncated_normals_stay_within_two_deviations() {
        let mut stream = Stream::new(58, 1);
        let n = 100_000;
        let values: Vec<f64> = (0..n).map(|_| stream.next_truncated_normal()).collect();
        assert!(values.iter().all(|v| v.abs() <= 2.0));
        let deviation = (values.iter().map(|v| v * v).sum::<f64>() / n as f64).sqrt();
        // Standard deviation of the normal distribution truncated at two deviations.
        assert!((deviation - 0.879_625_66).abs() < 0.01, "deviation {deviation}");
    }

    #[test]
    fn quantiles_match_tables() {
        for (p, want) in [(0.975, 1.959963985), (0.5, 0.0), (0.01, -2.326347874), (0.999, 3.090232306)] {
            let got = inverse_normal_cdf(p);
            assert!((got - want).abs() < 1e-7, "quantile of {p}: {got}");
        }
    }
}
