//! Crossentropy of yes-or-no answers.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::Result;
use crate::losses::categorical_crossentropy::{axis, label_smoothing};
use crate::losses::softmax::{clip_probabilities, sigmoid_logits};
use crate::losses::{LossFunction, align};

const CLASS: &str = "BinaryCrossentropy";

/// The mean along an axis of `-t log(p) - (1 - t) log(1 - p)`, where `p` is `sigmoid(z)` of logits `z`; probabilities are
/// clipped to `[1e-7, 1 - 1e-7]`.
///
/// Targets `t` and predictions have one shape. With `label_smoothing` `s` the targets are `t (1 - s) + s / 2`.
struct BinaryCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
    axis: i64,
}

/// Options: `from_logits` (false), `label_smoothing` (0, in `[0, 1]`), `axis` of the mean (-1).
pub fn read(options: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(BinaryCrossentropy {
        from_logits: options.bool("from_logits", false)?,
        label_smoothing: label_smoothing(options)?,
        axis: options.int("axis", -1)?,
    }))
}

/// Yes-or-no targets, smoothed: `t (1 - s) + s / 2`.
pub(super) fn smooth_binary(y_true: &Sym, smoothing: f64) -> Result<Sym> {
    Ok(y_true.mul_scalar(1.0 - smoothing)?.add_scalar(0.5 * smoothing)?)
}

/// `-t log(p) - (1 - t) log(1 - p)` of probabilities, clipped.
pub(super) fn of_probabilities(targets: &Sym, p: &Sym) -> Result<Sym> {
    let (p, one) = (clip_probabilities(p)?, p.scalar_like(1.0));
    let yes = targets.mul(&p.log()?)?;
    let no = one.sub(targets)?.mul(&one.sub(&p)?.log()?)?;
    Ok(yes.add(&no)?.neg()?)
}

impl LossFunction for BinaryCrossentropy {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("from_logits".into(), json!(self.from_logits)),
            ("label_smoothing".into(), json!(self.label_smoothing)),
            ("axis".into(), json!(self.axis)),
        ])
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let axis = axis(CLASS, self.axis, y_pred)?;
        let targets = smooth_binary(&align(CLASS, y_true, y_pred)?, self.label_smoothing)?;
        let logits = if self.from_logits { Some(y_pred.clone()) } else { sigmoid_logits(y_pred) };
        let losses = match logits {
            // -t log(sigmoid(z)) - (1 - t) log(1 - sigmoid(z)), without overflow.
            Some(z) => z.softplus()?.sub(&z.mul(&targets)?)?,
            None => of_probabilities(&targets, y_pred)?,
        };
        Ok(losses.mean(&[axis], false)?)
    }
}
