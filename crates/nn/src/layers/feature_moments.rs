//! Mean and variance of features, in one pass over data.

use glorot_tensor::{Data, Shape, Tensor};

use crate::error::{Error, Result};

/// How many elements are summed before the sums join the moments.
const CHUNK: usize = 1 << 16;

/// The moments of what was added so far, for each combination of indices along the kept axes. Sums are in f64 and of
/// differences from the mean so far, so that a large mean does not drown a small variance (Chan et al., 1983).
pub struct FeatureMoments {
    /// Length of each axis of the data and whether it is kept; that of axis 0, which is not, may vary.
    axes: Vec<(usize, bool)>,
    mean: Vec<f64>,
    /// Sums of the squared differences from the mean.
    squares: Vec<f64>,
    /// Number of values of each feature.
    count: u64,
}

impl FeatureMoments {
    /// No data yet. `kept` are axes of data of the given shape; axis 0, the samples, is none of them.
    pub fn new(shape: &Shape, kept: &[usize]) -> FeatureMoments {
        let axes: Vec<(usize, bool)> = shape.iter().enumerate().map(|(i, &dim)| (dim, kept.contains(&i))).collect();
        let features = axes.iter().filter(|axis| axis.1).map(|axis| axis.0).product();
        FeatureMoments { axes, mean: vec![0.0; features], squares: vec![0.0; features], count: 0 }
    }

    /// Adds samples (any dtype), whose axes must have the same lengths but for the first.
    pub fn add(&mut self, data: &Tensor) -> Result<()> {
        let shape = data.shape();
        let fits = shape.rank() == self.axes.len()
            && shape.iter().zip(&self.axes).skip(1).all(|(&dim, &(expected, _))| dim == expected);
        if !fits {
            let rest: Vec<String> = self.axes.iter().skip(1).map(|(dim, _)| dim.to_string()).collect();
            let expected = [&["samples".to_string()], &rest[..]].concat().join(", ");
            return Err(Error::invalid(format!("expected data of shape [{expected}], received {shape}")));
        }
        match data.data() {
            Data::F32(values) => self.add_samples((**values).as_ref()),
            Data::I32(values) => self.add_samples((**values).as_ref()),
            Data::U8(values) | Data::Bool(values) => self.add_samples((**values).as_ref()),
        }
        Ok(())
    }

    fn add_samples<T: Copy + Into<f64>>(&mut self, values: &[T]) {
        if values.is_empty() {
            return;
        }
        let inner = merged(&self.axes[1..]);
        let sample: usize = inner.iter().map(|axis| axis.0).product();
        let samples_of = |samples: usize| [&[(samples, false)], &inner[..]].concat();
        let mut shift = self.mean.clone();
        if self.count == 0 {
            // Any value near the data will do: the means of the first sample.
            let mut first = Sums::new(&shift);
            first.add(&values[..sample], &samples_of(1), 0);
            shift = first.mean(sample / shift.len());
        }
        for chunk in values.chunks(sample * CHUNK.div_ceil(sample)) {
            let mut sums = Sums::new(&shift);
            sums.add(chunk, &samples_of(chunk.len() / sample), 0);
            self.join(&sums, chunk.len() / self.mean.len());
            shift.copy_from_slice(&self.mean);
        }
    }

    /// Adds what `count` values of each feature sum up to.
    fn join(&mut self, sums: &Sums<'_>, count: usize) {
        let (before, added) = (self.count as f64, count as f64);
        let total = before + added;
        for (feature, mean) in sums.mean(count).into_iter().enumerate() {
            let moved = mean - self.mean[feature];
            let around_mean = sums.squares[feature] - sums.values[feature] * sums.values[feature] / added;
            self.squares[feature] += around_mean.max(0.0) + moved * moved * before * added / total;
            self.mean[feature] += moved * added / total;
        }
        self.count += count as u64;
    }

    /// The means, row-major over the kept axes.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The biased variances.
    pub fn variance(&self) -> Vec<f64> {
        self.squares.iter().map(|squares| squares / self.count as f64).collect()
    }

    /// The number of values that each mean is of.
    pub fn count(&self) -> u64 {
        self.count
    }
}

/// Neighbouring axes that are all kept or all not, as one.
fn merged(axes: &[(usize, bool)]) -> Vec<(usize, bool)> {
    let mut merged: Vec<(usize, bool)> = Vec::new();
    for &(dim, kept) in axes {
        match merged.last_mut() {
            Some(last) if last.1 == kept => last.0 *= dim,
            _ => merged.push((dim, kept)),
        }
    }
    merged
}

/// Sums of differences from a shift, and of their squares, for each feature.
struct Sums<'a> {
    shift: &'a [f64],
    values: Vec<f64>,
    squares: Vec<f64>,
}

impl Sums<'_> {
    fn new(shift: &[f64]) -> Sums<'_> {
        Sums { shift, values: vec![0.0; shift.len()], squares: vec![0.0; shift.len()] }
    }

    /// Adds elements that lie along the axes; the first belongs to the feature `base`.
    fn add<T: Copy + Into<f64>>(&mut self, elements: &[T], axes: &[(usize, bool)], base: usize) {
        match axes {
            [] => self.add_all(elements, base),
            [(_, false)] => self.add_all(elements, base),
            [(length, true)] => {
                let features = base..base + length;
                let sums = self.values[features.clone()].iter_mut().zip(&mut self.squares[features.clone()]);
                for ((&element, &shift), (sum, squares)) in elements.iter().zip(&self.shift[features]).zip(sums) {
                    let difference = element.into() - shift;
                    *sum += difference;
                    *squares += difference * difference;
                }
            }
            [(_, kept), inner @ ..] => {
                let step: usize = inner.iter().map(|axis| axis.0).product();
                let features: usize = inner.iter().filter(|axis| axis.1).map(|axis| axis.0).product();
                for (i, part) in elements.chunks(step).enumerate() {
                    self.add(part, inner, if *kept { base + i * features } else { base });
                }
            }
        }
    }

    /// Adds elements of one feature.
    fn add_all<T: Copy + Into<f64>>(&mut self, elements: &[T], feature: usize) {
        let (mut sum, mut squares) = (0.0, 0.0);
        for &element in elements {
            let difference = element.into() - self.shift[feature];
            sum += difference;
            squares += difference * difference;
        }
        self.values[feature] += sum;
        self.squares[feature] += squares;
    }

    /// The means of `count` elements each.
    fn mean(&self, count: usize) -> Vec<f64> {
        self.shift.iter().zip(&self.values).map(|(shift, sum)| shift + sum / count as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Means and variances by the definition.
    fn by_definition(shape: &[usize], kept: &[usize], values: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let shape = Shape::from(shape);
        let mut groups: Vec<Vec<f64>> = Vec::new();
        for (i, &value) in values.iter().enumerate() {
            let index = |axis: usize| i / shape.strides()[axis] % shape[axis];
            let feature = kept.iter().fold(0, |feature, &axis| feature * shape[axis] + index(axis));
            groups.resize(groups.len().max(feature + 1), Vec::new());
            groups[feature].push(value);
        }
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let means: Vec<f64> = groups.iter().map(|group| mean(group)).collect();
        let squares = |group: &Vec<f64>, m: f64| group.iter().map(|v| (v - m) * (v - m)).collect::<Vec<_>>();
        let variances = groups.iter().zip(&means).map(|(group, &m)| mean(&squares(group, m))).collect();
        (means, variances)
    }

    fn assert_close(got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len());
        let close = |(got, want): (&f64, &f64)| (got - want).abs() <= 1e-9 * (1.0 + want.abs());
        assert!(got.iter().zip(want).all(close), "{got:?}, want {want:?}");
    }

    #[test]
    fn all_ways_to_keep_axes() {
        let shape = [5, 2, 3, 4];
        let bytes: Vec<u8> = (0..120u32).map(|i| (i * i * 37 % 251) as u8).collect();
        let values: Vec<f64> = bytes.iter().map(|&byte| f64::from(byte)).collect();
        for kept in [&[][..], &[1], &[2], &[3], &[1, 2], &[1, 3], &[2, 3], &[1, 2, 3]] {
            let (means, variances) = by_definition(&shape, kept, &values);
            for data in [
                Tensor::u8(shape, bytes.clone()).unwrap(),
                Tensor::i32(shape, bytes.iter().map(|&byte| byte.into()).collect()).unwrap(),
                Tensor::f32(shape, bytes.iter().map(|&byte| byte.into()).collect()).unwrap(),
            ] {
                let mut moments = FeatureMoments::new(data.shape(), kept);
                moments.add(&data).unwrap();
                assert_close(moments.mean(), &means);
                assert_close(&moments.variance(), &variances);
                assert_eq!(moments.count() as usize, 120 / means.len());
            }
        }
    }

    #[test]
    fn batches_are_as_one_set() {
        // More than a chunk, so that sums are joined inside of a batch too.
        let values: Vec<f32> =
            (0..300_000).map(|i| 1000.0 + (i % 1013) as f32 * if i % 2 == 0 { 0.01 } else { 3.0 }).collect();
        let whole = Tensor::f32([150_000, 2], values.clone()).unwrap();
        let mut at_once = FeatureMoments::new(whole.shape(), &[1]);
        at_once.add(&whole).unwrap();
        let mut batches = FeatureMoments::new(whole.shape(), &[1]);
        for part in values.chunks(70_000) {
            batches.add(&Tensor::f32([part.len() / 2, 2], part.to_vec()).unwrap()).unwrap();
        }
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let (means, variances) = by_definition(&[150_000, 2], &[1], &values);
        for moments in [at_once, batches] {
            assert_close(moments.mean(), &means);
            assert_close(&moments.variance(), &variances);
            assert_eq!(moments.count(), 150_000);
        }
    }

    #[test]
    fn large_means_do_not_drown_small_variances() {
        // The differences from the mean are 1e-8 of it: sums of squares in f64 would lose them.
        let values: Vec<i32> = (0..1000).map(|i| 2_000_000_000 + i % 2).collect();
        let mut moments = FeatureMoments::new(&Shape::from([1000]), &[]);
        moments.add(&Tensor::i32([1000], values).unwrap()).unwrap();
        assert_eq!((moments.mean()[0], moments.variance()[0]), (2_000_000_000.5, 0.25));
    }

    #[test]
    fn other_shapes_are_errors() {
        let mut moments = FeatureMoments::new(&Shape::from([5, 3]), &[1]);
        let message = moments.add(&Tensor::f32([5, 4], vec![0.0; 20]).unwrap()).unwrap_err().to_string();
        assert_eq!(message, "expected data of shape [samples, 3], received [5, 4]");
        moments.add(&Tensor::f32([0, 3], vec![]).unwrap()).unwrap();
        assert_eq!(moments.count(), 0);
    }
}
