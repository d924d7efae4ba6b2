//! Quantiles of data that come in pieces.

/// What is known of a distribution: values, ascending, and how many of the data each stands for. It is Keras's
/// (`keras/src/layers/preprocessing/discretization.py`), with its rounding.
#[derive(Debug)]
pub struct Summary {
    /// The part of the data that a value stands for, about.
    epsilon: f64,
    values: Vec<f32>,
    weights: Vec<f32>,
}

impl Summary {
    /// Of no data yet.
    pub fn new(epsilon: f64) -> Summary {
        Summary { epsilon, values: Vec::new(), weights: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Adds finite data.
    pub fn add(&mut self, mut data: Vec<f32>) {
        if data.is_empty() {
            return;
        }
        data.sort_unstable_by(f32::total_cmp);
        let step = (data.len() as f64 / (1.0 / self.epsilon)).max(1.0);
        let picked = data.into_iter().skip((step - 1.0) as usize).step_by(step as usize);
        let known = self.values.iter().copied().zip(self.weights.iter().copied());
        let mut merged: Vec<(f32, f32)> = picked.map(|value| (value, step as f32)).chain(known).collect();
        merged.sort_by(|a, b| a.0.total_cmp(&b.0));
        (self.values, self.weights) = merged.into_iter().unzip();
        (self.values, self.weights) = self.compressed(self.epsilon);
    }

    /// The values that divide the data into so many parts of about the same size. Fewer if there are few data.
    pub fn boundaries(&self, bins: usize) -> Vec<f32> {
        let mut values = self.compressed(1.0 / bins as f64).0;
        values.pop();
        values
    }

    /// Values and weights of about `1 / epsilon` parts.
    fn compressed(&self, epsilon: f64) -> (Vec<f32>, Vec<f32>) {
        if (self.values.len() as f64) * epsilon < 1.0 {
            return (self.values.clone(), self.weights.clone());
        }
        let mut total = 0.0f32;
        let mut sums = Vec::with_capacity(self.weights.len());
        for weight in &self.weights {
            total += weight;
            sums.push(total);
        }
        let parts: Vec<f64> = sums.iter().map(|sum| f64::from(sum / total)).collect();
        let mut values = Vec::new();
        let (mut weights, mut before) = (Vec::new(), 0.0);
        for part in 0..(1.0 / epsilon).ceil() as usize {
            let at = epsilon + part as f64 * epsilon;
            values.push(interpolate(at, &parts, &self.values) as f32);
            let sum = interpolate(at, &parts, &sums);
            weights.push((sum - before) as f32);
            before = sum;
        }
        (values, weights)
    }
}

/// The value at `x` of the line through points, whose `xs` ascend; that of the last point beyond it.
fn interpolate(x: f64, xs: &[f64], ys: &[f32]) -> f64 {
    let after = xs.partition_point(|&known| known <= x);
    let y = |index: usize| f64::from(ys[index]);
    match after {
        0 => y(0),
        after if after == xs.len() => y(after - 1),
        after => (y(after) - y(after - 1)) / (xs[after] - xs[after - 1]) * (x - xs[after - 1]) + y(after - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_divide_the_data() {
        let mut summary = Summary::new(0.01);
        summary.add((0..1000).rev().map(|i| i as f32).collect());
        let boundaries = summary.boundaries(4);
        for (got, want) in boundaries.iter().zip([250.0, 500.0, 750.0]) {
            assert!((got - want).abs() < 10.0, "{boundaries:?}");
        }
        assert_eq!(boundaries.len(), 3);
    }

    #[test]
    fn pieces_are_merged() {
        let mut summary = Summary::new(0.01);
        for piece in 0..10 {
            summary.add((0..500).map(|i| (i * 10 + piece) as f32).collect());
        }
        assert_eq!(summary.values.len(), 100);
        assert!((summary.weights.iter().sum::<f32>() - 5000.0).abs() < 0.1);
        let boundaries = summary.boundaries(2);
        assert!((boundaries[0] - 2500.0).abs() < 100.0, "{boundaries:?}");
    }

    #[test]
    fn few_data_have_few_boundaries() {
        let mut summary = Summary::new(0.01);
        summary.add(vec![3.0, 1.0]);
        assert_eq!(summary.boundaries(5), [1.0]);
        assert_eq!(summary.boundaries(1), [0.0; 0]);
        assert!(Summary::new(0.01).is_empty());
    }
}
