//! Mean logarithm of the hyperbolic cosine of errors.

use glorot_graph::Sym;

use crate::config::Options;
use crate::error::Result;
use crate::losses::{self, LossFunction};
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};

/// The mean over the samples of the loss `LogCosh`.
struct LogCoshError {
    loss: Box<dyn LossFunction>,
}

/// No options. The name defaults to `logcosh`.
pub fn read(mut options: Options) -> Result<Box<dyn Metric>> {
    let loss = losses::read_function("LogCosh", &mut options)?;
    Mean::read(LogCoshError { loss }, options)
}

impl Values for LogCoshError {
    fn class_name(&self) -> &'static str {
        "LogCoshError"
    }

    fn default_name(&self) -> String {
        "logcosh".into()
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        self.loss.per_sample(y_true, y_pred)
    }
}
