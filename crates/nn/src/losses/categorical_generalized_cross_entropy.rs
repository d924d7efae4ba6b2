//! A crossentropy that wrong labels disturb less.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::sparse_categorical_crossentropy::of_label;
use crate::losses::{LossFunction, Targets};

const CLASS: &str = "CategoricalGeneralizedCrossEntropy";

/// `(1 - p^q) / q` of the probability `p` of the label (Zhang and Sabuncu 2018): crossentropy for `q` near 0, the mean
/// absolute error for `q` near 1.
///
/// Predictions `[…, classes]`; labels `[…]` or `[…, 1]`, integers of any dtype. As in Keras, `p` is 0 for a label that is no
/// class.
struct CategoricalGeneralizedCrossEntropy {
    q: f64,
}

/// Options: `q` (0.5, between 0 and 1).
pub fn read(options: &mut Options) -> Result<Box<dyn LossFunction>> {
    let q = options.float("q", 0.5)?;
    options.check("q", q, q > 0.0 && q < 1.0, "greater than 0 and less than 1")?;
    Ok(Box::new(CategoricalGeneralizedCrossEntropy { q }))
}

impl LossFunction for CategoricalGeneralizedCrossEntropy {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([("q".into(), json!(self.q))])
    }

    fn targets(&self) -> Targets {
        Targets::Labels { ignored: None }
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let p = of_label(CLASS, y_true, y_pred, y_pred)?;
        Ok(p.pow(&p.scalar_like(self.q))?.neg()?.add_scalar(1.0)?.div_scalar(self.q)?)
    }
}
