//! How often yes-or-no answers are right.

use glorot_graph::Sym;
use glorot_tensor::DType;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::align;
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};

const CLASS: &str = "BinaryAccuracy";

/// 1 where `y_pred > threshold` says the same as the target (0 or 1), else 0; the shapes are equal.
struct BinaryAccuracy {
    threshold: f64,
}

/// Options: `threshold` (0.5, between 0 and 1).
pub fn read(mut options: Options) -> Result<Box<dyn Metric>> {
    let threshold = options.float("threshold", 0.5)?;
    options.check("threshold", threshold, (0.0..=1.0).contains(&threshold), "between 0 and 1")?;
    Mean::read(BinaryAccuracy { threshold }, options)
}

impl Values for BinaryAccuracy {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([("threshold".into(), json!(self.threshold))])
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let y_true = align(CLASS, y_true, y_pred)?;
        let answer = y_pred.greater(&y_pred.scalar_like(self.threshold))?.cast(DType::F32)?;
        Ok(y_true.equal(&answer)?.cast(DType::F32)?)
    }
}
