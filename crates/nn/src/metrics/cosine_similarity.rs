//! Mean cosine of the angle between targets and predictions.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::cosine_similarity::cosine;
use crate::metrics::Metric;
use crate::metrics::mean::{Mean, Values};

const CLASS: &str = "CosineSimilarity";

/// The cosine of the angle between target and prediction along an axis: 1 if they point the same way. The loss of this
/// name is its negative.
struct CosineSimilarity {
    axis: i64,
}

/// Options: `axis` (-1). Keras never writes it; here it is written unless it is -1.
pub fn read(mut options: Options) -> Result<Box<dyn Metric>> {
    let axis = options.int("axis", -1)?;
    Mean::read(CosineSimilarity { axis }, options)
}

impl Values for CosineSimilarity {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        if self.axis == -1 { Map::new() } else { Map::from_iter([("axis".into(), json!(self.axis))]) }
    }

    fn values(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        cosine(CLASS, self.axis, y_true, y_pred)
    }
}
