//! How often the target's class is among the most likely ones.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::align;
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};
use crate::metrics::sparse_categorical_accuracy::predicted_class;
use crate::metrics::sparse_top_k_categorical_accuracy::{in_top_k, read_k};

const CLASS: &str = "TopKCategoricalAccuracy";

/// 1 where fewer than `k` predictions are larger than that at the place of the largest target, else 0. Both are
/// `[…, classes]`.
struct TopKCategoricalAccuracy {
    k: i64,
}

/// Options: `k` (5, at least 1).
pub fn read(mut options: Options) -> Result<Box<dyn Metric>> {
    let k = read_k(&mut options)?;
    Mean::read(TopKCategoricalAccuracy { k }, options)
}

impl Values for TopKCategoricalAccuracy {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([("k".into(), json!(self.k))])
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let labels = predicted_class(CLASS, &align(CLASS, y_true, y_pred)?)?;
        in_top_k(&labels, y_pred, self.k)
    }
}
