//! Angle between targets and predictions.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::categorical_crossentropy::axis;
use crate::losses::{LossFunction, align};

const CLASS: &str = "CosineSimilarity";

/// Minus the cosine of the angle between target and prediction along an axis, which vanishes: -1 if they point the same
/// way, 1 if opposite, 0 if one of them is 0.
struct CosineSimilarity {
    axis: i64,
}

/// Options: `axis` (-1). Keras never writes it; here it is written unless it is -1.
pub fn read(options: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(CosineSimilarity { axis: options.int("axis", -1)? }))
}

/// The cosine of the angle between targets and predictions along an axis.
pub(crate) fn cosine(class: &str, along: i64, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
    let axis = axis(class, along, y_pred)?;
    let normalized = |y: &Sym| -> Result<Sym> {
        // Vectors shorter than 1e-7 are divided by that.
        let norm = y.square()?.sum(&[axis], true)?.maximum_scalar(1e-14)?.rsqrt()?;
        Ok(y.mul(&norm)?)
    };
    let product = normalized(&align(class, y_true, y_pred)?)?.mul(&normalized(y_pred)?)?;
    Ok(product.sum(&[axis], false)?)
}

impl LossFunction for CosineSimilarity {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        if self.axis == -1 { Map::new() } else { Map::from_iter([("axis".into(), json!(self.axis))]) }
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        Ok(cosine(CLASS, self.axis, y_true, y_pred)?.neg()?)
    }
}
