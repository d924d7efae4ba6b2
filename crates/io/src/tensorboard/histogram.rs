use super::error::EventError;
use super::proto::tensor::TensorProto;
use super::writer::EventWriter;

/// How many buckets TensorFlow's `tf.summary.histogram` makes.
pub const DEFAULT_BUCKETS: usize = 30;

impl EventWriter {
    /// Adds the distribution of `values` to the series `tag` of the Histograms and Distributions tabs, in `buckets`
    /// buckets ([`DEFAULT_BUCKETS`]) of equal width from the smallest to the largest value. A value on an edge counts in
    /// the bucket to its right, the largest value in the last bucket.
    ///
    /// As in TensorFlow, all buckets are zero where there are no values, and all lie at the one value where all values
    /// are equal, the last one counting them. Unlike TensorFlow, where one NaN makes the whole histogram NaN and one
    /// infinity empties it, NaN and infinities are left out.
    ///
    /// Returns how many values were left out. `wall_time`: seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// Where the tag is empty or a full buffer cannot be flushed.
    pub fn histogram(
        &mut self,
        tag: &str,
        step: i64,
        values: &[f32],
        buckets: usize,
        wall_time: f64,
    ) -> Result<usize, EventError> {
        let (rows, non_finite) = count(values, buckets);
        self.tensor(tag, step, wall_time, TensorProto::triples(&rows), ("histograms", Vec::new()))?;
        Ok(non_finite)
    }
}

/// Rows of left edge, right edge, count; and the number of values that are not finite.
///
/// Source: `tensorboard/plugins/histogram/summary_v2.py`, `_buckets`.
fn count(values: &[f32], buckets: usize) -> (Vec<[f64; 3]>, usize) {
    let finite = || values.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value));
    let (mut least, mut most, mut total) = (f64::INFINITY, f64::NEG_INFINITY, 0);
    for value in finite() {
        least = least.min(value);
        most = most.max(value);
        total += 1;
    }
    let non_finite = values.len() - total;
    if total == 0 || buckets == 0 {
        return (vec![[0.0; 3]; buckets], non_finite);
    }
    if least == most {
        let mut rows = vec![[most, most, 0.0]; buckets];
        rows[buckets - 1][2] = total as f64;
        return (rows, non_finite);
    }
    let width = (most - least) / buckets as f64;
    let mut counts = vec![0u64; buckets];
    for value in finite() {
        counts[(((value - least) / width) as usize).min(buckets - 1)] += 1;
    }
    let edge = |index: usize| if index == buckets { most } else { least + index as f64 * width };
    let row = |(index, &count): (usize, &u64)| [edge(index), edge(index + 1), count as f64];
    (counts.iter().enumerate().map(row).collect(), non_finite)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Expected rows: what `tf.summary.histogram` of TensorFlow 2.21 wrote for the same values.
    #[test]
    fn buckets_are_tensorflows() {
        let values: Vec<f32> = (0..10).map(|value| value as f32).collect();
        let rows = vec![[0.0, 2.25, 3.0], [2.25, 4.5, 2.0], [4.5, 6.75, 2.0], [6.75, 9.0, 3.0]];
        assert_eq!(count(&values, 4), (rows, 0));
        assert_eq!(count(&[], 2), (vec![[0.0; 3]; 2], 0));
        assert_eq!(count(&[2.0, 2.0], 2), (vec![[2.0, 2.0, 0.0], [2.0, 2.0, 2.0]], 0));
        assert_eq!(count(&[1.0, 2.0], 0), (vec![], 0));
    }

    #[test]
    fn values_that_are_not_finite_are_left_out_and_counted() {
        let values = [f32::NAN, 0.0, f32::INFINITY, 1.0, f32::NEG_INFINITY];
        assert_eq!(count(&values, 2), (vec![[0.0, 0.5, 1.0], [0.5, 1.0, 1.0]], 3));
        assert_eq!(count(&[f32::NAN], 3), (vec![[0.0; 3]; 3], 1));
    }

    #[test]
    fn extremes_do_not_overflow() {
        let (rows, non_finite) = count(&[f32::MIN, f32::MAX], 3);
        assert_eq!((rows[0][2], rows[1][2], rows[2][2], non_finite), (1.0, 0.0, 1.0, 0));
        let smallest = f32::from_bits(1);
        let (rows, _) = count(&[0.0, smallest], 30);
        assert_eq!((rows[0][2], rows[29][2], rows[29][1]), (1.0, 1.0, f64::from(smallest)));
    }

    proptest! {
        #[test]
        fn every_finite_value_is_counted_once_between_edges_that_ascend(
            values in prop::collection::vec(any::<f32>(), 0..200),
            buckets in 1usize..60,
        ) {
            let (rows, non_finite) = count(&values, buckets);
            prop_assert_eq!(rows.len(), buckets);
            let total: f64 = rows.iter().map(|row| row[2]).sum();
            prop_assert_eq!(total as usize + non_finite, values.len());
            for row in &rows {
                prop_assert!(row[0] <= row[1]);
            }
            for pair in rows.windows(2) {
                prop_assert_eq!(pair[0][1], pair[1][0]);
            }
        }
    }
}
