//! Crossentropy of distributions over classes that turns to the hard ones.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::binary_focal_crossentropy::power;
use crate::losses::categorical_crossentropy::{axis, label_smoothing, smooth_classes};
use crate::losses::softmax::clip_probabilities;
use crate::losses::{LossFunction, Targets, align};

const CLASS: &str = "CategoricalFocalCrossentropy";

/// `-sum(alpha (1 - p)^gamma t log(p))` along an axis (Lin et al. 2017), where `p` is `softmax(z)` of logits `z`;
/// probabilities are divided by their sum. Both are clipped to `[1e-7, 1 - 1e-7]`.
struct CategoricalFocalCrossentropy {
    alpha: f64,
    gamma: f64,
    from_logits: bool,
    label_smoothing: f64,
    axis: i64,
}

/// Options: `alpha` (0.25), `gamma` (2), `from_logits` (false), `label_smoothing` (0), `axis` of the classes (-1).
pub fn read(options: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(CategoricalFocalCrossentropy {
        alpha: options.float("alpha", 0.25)?,
        gamma: options.float("gamma", 2.0)?,
        from_logits: options.bool("from_logits", false)?,
        label_smoothing: label_smoothing(options)?,
        axis: options.int("axis", -1)?,
    }))
}

impl LossFunction for CategoricalFocalCrossentropy {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("from_logits".into(), json!(self.from_logits)),
            ("label_smoothing".into(), json!(self.label_smoothing)),
            ("axis".into(), json!(self.axis)),
            ("alpha".into(), json!(self.alpha)),
            ("gamma".into(), json!(self.gamma)),
        ])
    }

    fn targets(&self) -> Targets {
        Targets::OneHot
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let axis = axis(CLASS, self.axis, y_pred)?;
        let t = smooth_classes(&align(CLASS, y_true, y_pred)?, self.label_smoothing)?;
        let mut positive = y_pred.clone();
        if self.from_logits {
            positive = y_pred.sub(&y_pred.max(&[axis], true)?.stop_gradient()?)?.exp()?;
        }
        let p = clip_probabilities(&positive.div(&positive.sum(&[axis], true)?)?)?;
        let factor = power(&p.scalar_like(1.0).sub(&p)?, self.gamma)?.mul_scalar(-self.alpha)?;
        Ok(t.mul(&p.log()?)?.mul(&factor)?.sum(&[axis], false)?)
    }
}
