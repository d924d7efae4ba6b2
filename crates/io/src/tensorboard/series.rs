//! Which run and tag a log of training belongs to, as Keras names them.

/// A subfolder of the log folder that TensorBoard shows as a run of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Run {
    Train,
    Validation,
}

impl Run {
    /// Name of the subfolder: `train` or `validation`.
    pub fn folder(self) -> &'static str {
        match self {
            Run::Train => "train",
            Run::Validation => "validation",
        }
    }
}

/// Run and tag of a log of an epoch: `loss` is `epoch_loss` of the run `train`, `val_loss` or `valLoss` is `epoch_loss`
/// of the run `validation`. Names in camel case become Keras' snake case, so that logs of both compare in one chart.
pub fn epoch_series(log: &str) -> (Run, String) {
    let (run, name) = match log.strip_prefix("val") {
        Some(name) if name.starts_with('_') => (Run::Validation, &name[1..]),
        Some(name) if name.starts_with(char::is_uppercase) => (Run::Validation, name),
        _ => (Run::Train, log),
    };
    (run, format!("epoch_{}", snake_case(name)))
}

/// Tag of a log of a training batch, in the run `train`: `batch_loss`.
pub fn batch_series(log: &str) -> String {
    format!("batch_{}", snake_case(log))
}

/// `topKCategoricalAccuracy` is `top_k_categorical_accuracy`; what is in snake case stays.
fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, &c) in chars.iter().enumerate() {
        let starts_word = c.is_uppercase()
            && index > 0
            && match chars[index - 1] {
                // The last capital of several starts a word where a small letter follows: `AUCScore`.
                before if before.is_uppercase() => chars.get(index + 1).is_some_and(|next| next.is_lowercase()),
                before => before.is_alphanumeric(),
            };
        if starts_word {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_go_where_keras_puts_them() {
        for (log, run, tag) in [
            ("loss", Run::Train, "epoch_loss"),
            ("accuracy", Run::Train, "epoch_accuracy"),
            ("learningRate", Run::Train, "epoch_learning_rate"),
            ("learning_rate", Run::Train, "epoch_learning_rate"),
            ("val_loss", Run::Validation, "epoch_loss"),
            ("valLoss", Run::Validation, "epoch_loss"),
            ("valSparseCategoricalAccuracy", Run::Validation, "epoch_sparse_categorical_accuracy"),
            ("valuation", Run::Train, "epoch_valuation"),
            ("val", Run::Train, "epoch_val"),
            ("topKCategoricalAccuracy", Run::Train, "epoch_top_k_categorical_accuracy"),
            ("f1Score", Run::Train, "epoch_f1_score"),
            ("r2Score", Run::Train, "epoch_r2_score"),
            ("AUC", Run::Train, "epoch_auc"),
            ("meanIoU", Run::Train, "epoch_mean_io_u"),
        ] {
            assert_eq!(epoch_series(log), (run, tag.to_owned()), "{log}");
        }
        assert_eq!(batch_series("meanSquaredError"), "batch_mean_squared_error");
        assert_eq!((Run::Train.folder(), Run::Validation.folder()), ("train", "validation"));
    }
}
