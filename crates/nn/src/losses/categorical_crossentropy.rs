//! Crossentropy of distributions over classes.

use glorot_graph::Sym;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::{Error, Result};
use crate::losses::softmax::{clip_probabilities, shifted_log_sum, softmax_logits};
use crate::losses::{LossFunction, Targets, align};

const CLASS: &str = "CategoricalCrossentropy";

/// `-sum(t log(p))`, where `p` is `softmax(z)` of logits `z`; probabilities are divided by their sum and clipped to
/// `[1e-7, 1 - 1e-7]`.
///
/// Targets `t` (one-hot or any distribution) and predictions have one shape. With `label_smoothing` `s` the targets of
/// `k` classes are `t (1 - s) + s / k`.
struct CategoricalCrossentropy {
    from_logits: bool,
    label_smoothing: f64,
    axis: i64,
}

/// Options: `from_logits` (false), `label_smoothing` (0, in `[0, 1]`), `axis` of the classes (-1).
pub fn read(options: &mut Options) -> Result<Box<dyn LossFunction>> {
    Ok(Box::new(CategoricalCrossentropy {
        from_logits: options.bool("from_logits", false)?,
        label_smoothing: label_smoothing(options)?,
        axis: options.int("axis", -1)?,
    }))
}

/// The option `label_smoothing` (0, in `[0, 1]`).
pub(super) fn label_smoothing(options: &mut Options) -> Result<f64> {
    let smoothing = options.float("label_smoothing", 0.0)?;
    options.check("label_smoothing", smoothing, (0.0..=1.0).contains(&smoothing), "between 0 and 1")?;
    Ok(smoothing)
}

/// Targets of `k` classes, smoothed: `t (1 - s) + s / k`. `k` is the length of the last axis.
pub(super) fn smooth_classes(y_true: &Sym, smoothing: f64) -> Result<Sym> {
    let classes = y_true.shape().last().copied().unwrap_or(1) as f64;
    Ok(y_true.mul_scalar(1.0 - smoothing)?.add_scalar(smoothing / classes)?)
}

impl LossFunction for CategoricalCrossentropy {
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

    fn targets(&self) -> Targets {
        Targets::OneHot
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let axis = axis(CLASS, self.axis, y_pred)?;
        let targets = smooth_classes(&align(CLASS, y_true, y_pred)?, self.label_smoothing)?;
        let known = softmax_logits(y_pred).filter(|_| axis + 1 == y_pred.rank());
        let logits = if self.from_logits { Some(y_pred.clone()) } else { known };
        let log_p = match logits {
            Some(logits) => {
                let (shifted, log_sum) = shifted_log_sum(&logits, axis)?;
                shifted.sub(&log_sum.reshape(shifted.shape().reduced(&[axis], true))?)?
            }
            None => clip_probabilities(&y_pred.div(&y_pred.sum(&[axis], true)?)?)?.log()?,
        };
        Ok(targets.mul(&log_p)?.sum(&[axis], false)?.neg()?)
    }
}

/// The axis of the predictions that an option means.
pub(crate) fn axis(class: &str, axis: i64, y_pred: &Sym) -> Result<usize> {
    y_pred.shape().axis(axis as isize).ok_or_else(|| {
        let message = format!("option 'axis' must be an axis of the predictions {}; received {axis}", y_pred.shape());
        Error::config(class, message)
    })
}

/// The last axis of the predictions.
pub(super) fn last_axis(class: &str, y_pred: &Sym) -> Result<usize> {
    axis(class, -1, y_pred)
}
