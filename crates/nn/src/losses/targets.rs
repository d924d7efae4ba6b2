//! What targets losses take.

/// What a loss takes as `y_true`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    /// One class number a sample. `ignored`: the number of samples that do not count.
    Labels { ignored: Option<i64> },
    /// One number a sample: which of them are alike.
    Groups,
    /// The probabilities of the classes.
    OneHot,
    /// The shape of the predictions.
    Values,
    /// Whatever a function of the user makes of it.
    Anything,
}
