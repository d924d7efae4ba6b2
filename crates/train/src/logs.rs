//! Numbers that a run reports.

/// Loss and metrics by name, in order: `loss`, then (with several outputs) the loss of each, then the metrics; then the
/// same with `val_` before the name, where there was validation.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Logs<'a> {
    names: &'a [String],
    values: &'a [f32],
}

impl<'a> Logs<'a> {
    /// The values of the first names: `values` may be shorter than `names`.
    pub(crate) fn new(names: &'a [String], values: &'a [f32]) -> Logs<'a> {
        Logs { names: &names[..values.len()], values }
    }

    pub fn names(&self) -> &'a [String] {
        self.names
    }

    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    pub fn get(&self, name: &str) -> Option<f32> {
        let index = self.names.iter().position(|known| known == name)?;
        Some(self.values[index])
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'a str, f32)> + use<'a> {
        self.names.iter().map(String::as_str).zip(self.values.iter().copied())
    }

    /// Pairs that outlive the run.
    pub fn to_vec(&self) -> Vec<(String, f32)> {
        self.iter().map(|(name, value)| (name.to_string(), value)).collect()
    }
}

/// The logs of the epochs of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// Numbers of the epochs that ended, from 0.
    pub epochs: Vec<usize>,
    /// For each name the values in order of the epochs. Names with `val_` have a value for each epoch with validation.
    pub series: Vec<(String, Vec<f32>)>,
}

impl History {
    /// The values of one name.
    pub fn get(&self, name: &str) -> Option<&[f32]> {
        self.series.iter().find(|(known, _)| known == name).map(|(_, values)| values.as_slice())
    }

    pub(crate) fn push(&mut self, epoch: usize, logs: Logs<'_>) {
        self.epochs.push(epoch);
        for (name, value) in logs.iter() {
            match self.series.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value),
                None => self.series.push((name.to_string(), vec![value])),
            }
        }
    }
}
