//! How often the label is among the most likely classes.

use glorot_graph::Sym;
use glorot_tensor::DType;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};
use crate::metrics::sparse_categorical_accuracy::labels;

const CLASS: &str = "SparseTopKCategoricalAccuracy";

/// 1 where fewer than `k` predictions are larger than that of the label, else 0. Predictions `[…, classes]`, labels `[…]`
/// or `[…, 1]`.
struct SparseTopKCategoricalAccuracy {
    k: i64,
}

/// Options: `k` (5, at least 1).
pub fn read(mut options: Options) -> Result<Box<dyn Metric>> {
    let k = read_k(&mut options)?;
    options.unsupported(&["from_sorted_ids"])?;
    Mean::read(SparseTopKCategoricalAccuracy { k }, options)
}

/// The option `k`.
pub(super) fn read_k(options: &mut Options) -> Result<i64> {
    let k = options.int("k", 5)?;
    options.check("k", k, k >= 1, "at least 1")?;
    Ok(k)
}

/// 1 where the prediction of the label is among the `k` largest, else 0. A label that is no class and a prediction that
/// is not finite are never among them.
pub(super) fn in_top_k(labels: &Sym, y_pred: &Sym, k: i64) -> Result<Sym> {
    let (shape, axis) = (y_pred.shape(), y_pred.rank() - 1);
    let column = labels.reshape(shape.reduced(&[axis], true))?;
    let is_label = y_pred.tracer().iota(shape.clone(), axis, DType::I32)?.equal(&column)?;
    let of_label = is_label.select(y_pred, &y_pred.scalar_like(0.0))?.sum(&[axis], true)?;
    let larger = y_pred.greater(&of_label)?.cast(DType::F32)?.sum(&[axis], false)?;
    let found = is_label.cast(DType::F32)?.sum(&[axis], false)?;
    let finite = of_label.is_finite()?.reshape(labels.shape())?.cast(DType::F32)?;
    let among = larger.less(&larger.scalar_like(k as f64))?.cast(DType::F32)?;
    Ok(among.mul(&found)?.mul(&finite)?)
}

impl Values for SparseTopKCategoricalAccuracy {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([("k".into(), json!(self.k))])
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        in_top_k(&labels(CLASS, y_true, y_pred)?, y_pred, self.k)
    }
}
