//! Crossentropy of yes-or-no answers that turns to the hard ones.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::binary_crossentropy::{of_probabilities, smooth_binary};
use crate::losses::categorical_crossentropy::{axis, label_smoothing};
use crate::losses::{LossFunction, align};

const CLASS: &str = "BinaryFocalCrossentropy";

/// The mean along an axis of `(1 - q)^gamma` times the crossentropy of [`super::binary_crossentropy`], where
/// `q = t p + (1 - t) (1 - p)` is the probability of the right answer (Lin et al. 2017). `apply_class_balancing`
/// multiplies by `t alpha + (1 - t) (1 - alpha)` too.
struct BinaryFocalCrossentropy {
    apply_class_balancing: bool,
    alpha: f64,
    gamma: f64,
    from_logits: bool,
    label_smoothing: f64,
    axis: i64,
}

/// Options: `apply_class_balancing` (false), `alpha` (0.25), `gamma` (2), `from_logits` (false), `label_smoothing` (0),
/// `axis` of the mean (-1).
pub fn read(options: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(BinaryFocalCrossentropy {
        apply_class_balancing: options.bool("apply_class_balancing", false)?,
        alpha: options.float("alpha", 0.25)?,
        gamma: options.float("gamma", 2.0)?,
        from_logits: options.bool("from_logits", false)?,
        label_smoothing: label_smoothing(options)?,
        axis: options.int("axis", -1)?,
    }))
}

/// `x ^ exponent`.
pub(super) fn power(x: &Sym, exponent: f64) -> Result<Sym> {
    Ok(x.pow(&x.scalar_like(exponent))?)
}

impl LossFunction for BinaryFocalCrossentropy {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("from_logits".into(), json!(self.from_logits)),
            ("label_smoothing".into(), json!(self.label_smoothing)),
            ("axis".into(), json!(self.axis)),
            ("apply_class_balancing".into(), json!(self.apply_class_balancing)),
            ("alpha".into(), json!(self.alpha)),
            ("gamma".into(), json!(self.gamma)),
        ])
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let axis = axis(CLASS, self.axis, y_pred)?;
        let t = smooth_binary(&align(CLASS, y_true, y_pred)?, self.label_smoothing)?;
        let p = if self.from_logits { y_pred.sigmoid()? } else { y_pred.clone() };
        let one = p.scalar_like(1.0);
        let (no, miss) = (one.sub(&t)?, one.sub(&p)?);
        let right = t.mul(&p)?.add(&no.mul(&miss)?)?;
        let mut losses = of_probabilities(&t, &p)?.mul(&power(&one.sub(&right)?, self.gamma)?)?;
        if self.apply_class_balancing {
            let balance = t.mul_scalar(self.alpha)?.add(&no.mul_scalar(1.0 - self.alpha)?)?;
            losses = losses.mul(&balance)?;
        }
        Ok(losses.mean(&[axis], false)?)
    }
}
