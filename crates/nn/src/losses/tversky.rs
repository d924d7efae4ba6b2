//! How little two regions overlap, where the two ways to be wrong weigh differently.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::dice::Overlap;
use crate::losses::softmax::EPSILON;
use crate::losses::{LossFunction, align};

const CLASS: &str = "Tversky";

/// `1 - s / (s + alpha sum((1 - p) t) + beta sum(p (1 - t)) + 1e-7)`, where `s = sum(t p)` and the sums run along some axes,
/// which vanish (Salehi et al. 2017). `alpha` weighs what was missed and `beta` what was found in vain, as Keras computes
/// it; its documentation has them the other way round.
struct Tversky {
    alpha: f64,
    beta: f64,
    axes: Overlap,
}

/// Options: `alpha` (0.5), `beta` (0.5), `axis`, one or a list (all: the loss is one number).
pub fn read(options: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(Tversky {
        alpha: options.float("alpha", 0.5)?,
        beta: options.float("beta", 0.5)?,
        axes: Overlap::read(options)?,
    }))
}

impl LossFunction for Tversky {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("alpha".into(), json!(self.alpha)),
            ("beta".into(), json!(self.beta)),
            ("axis".into(), self.axes.to_json()),
        ])
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let axes = self.axes.resolve(CLASS, y_pred)?;
        let t = align(CLASS, y_true, y_pred)?;
        let rest = |y: &Sym| -> Result<Sym> { Ok(y.scalar_like(1.0).sub(y)?) };
        let both = t.mul(y_pred)?.sum(&axes, false)?;
        let missed = rest(y_pred)?.mul(&t)?.sum(&axes, false)?.mul_scalar(self.alpha)?;
        let in_vain = y_pred.mul(&rest(&t)?)?.sum(&axes, false)?.mul_scalar(self.beta)?;
        let overlap = both.div(&both.add(&missed)?.add(&in_vain)?.add_scalar(EPSILON)?)?;
        rest(&overlap)
    }
}
