//! Crossentropy of labels.

use glorot_graph::Sym;
use glorot_tensor::DType;
use serde_json::{Map, Value, json};

use crate::config::Options;
use crate::error::{Error, Result};
use crate::losses::softmax::{clip_probabilities, shifted_log_sum, softmax_logits};
use crate::losses::{LossFunction, Targets};

const CLASS: &str = "SparseCategoricalCrossentropy";

/// `log(sum(exp(z))) - z[label]` of logits `z`, `log(sum(p)) - log(p[label])` of probabilities `p`, which are clipped to
/// `[1e-7, 1 - 1e-7]`.
///
/// Predictions `[…, classes]`; labels `[…]` or `[…, 1]`, integers of any dtype. A label that is no class gives NaN, unless
/// it is `ignore_class`, whose samples count nothing.
struct SparseCategoricalCrossentropy {
    from_logits: bool,
    ignore_class: Option<i64>,
}

/// Options: `from_logits` (false), `ignore_class` (none), `axis` (-1, the only one).
pub fn read(options: &mut Options) -> Result<Box<dyn LossFunction>> {
    let from_logits = options.bool("from_logits", false)?;
    let ignore_class = options.optional_int("ignore_class")?;
    let axis = options.int("axis", -1)?;
    options.check("axis", axis, axis == -1, "-1: the classes are on the last axis")?;
    Ok(Box::new(SparseCategoricalCrossentropy { from_logits, ignore_class }))
}

/// The score of each label; 0 where it is no class. `class` names the loss in errors.
pub(super) fn of_label(class: &str, y_true: &Sym, y_pred: &Sym, scores: &Sym) -> Result<Sym> {
    let labels = labels(class, y_true, y_pred)?;
    let (shape, axis) = (y_pred.shape(), y_pred.rank() - 1);
    let column = labels.reshape(shape.reduced(&[axis], true))?;
    let is_label = y_pred.tracer().iota(shape, axis, DType::I32)?.equal(&column)?;
    Ok(is_label.select(scores, &scores.scalar_like(0.0))?.sum(&[axis], false)?)
}

/// Labels as int32 in the shape of the predictions without the classes.
pub(super) fn labels(class: &str, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
    let (shape, predicted) = (y_true.shape(), y_pred.shape());
    let Some((_, samples)) = predicted.split_last() else {
        return Err(Error::config(class, "expected predictions with an axis of classes, received a scalar"));
    };
    if shape[..] == *samples {
        return Ok(y_true.cast(DType::I32)?);
    }
    if shape.split_last() == Some((&1, samples)) {
        return Ok(y_true.cast(DType::I32)?.reshape(samples)?);
    }
    let message = format!(
        "labels must have the shape of the predictions {predicted} without its last axis; received {shape} (for one-hot \
         targets use categoricalCrossentropy)"
    );
    Err(Error::config(class, message))
}

impl LossFunction for SparseCategoricalCrossentropy {
    fn class_name(&self) -> &'static str {
        CLASS
    }

    fn config(&self) -> Map<String, Value> {
        Map::from_iter([
            ("from_logits".into(), json!(self.from_logits)),
            ("ignore_class".into(), json!(self.ignore_class)),
        ])
    }

    fn targets(&self) -> Targets {
        Targets::Labels { ignored: self.ignore_class }
    }

    fn per_sample(&self, y_true: &Sym, y_pred: &Sym) -> Result<Sym> {
        let labels = labels(CLASS, y_true, y_pred)?;
        let (samples, axis) = (labels.shape(), y_pred.rank() - 1);
        let classes = y_pred.shape()[axis];
        let logits = if self.from_logits { Some(y_pred.clone()) } else { softmax_logits(y_pred) };
        let (scores, log_sum) = match logits {
            Some(logits) => shifted_log_sum(&logits, axis)?,
            None => {
                let p = clip_probabilities(y_pred)?;
                (p.log()?, p.sum(&[axis], false)?.log()?)
            }
        };
        let loss = log_sum.sub(&of_label(CLASS, y_true, y_pred, &scores)?)?;

        let is_class =
            labels.greater_equal(&labels.scalar_like(0.0))?.and(&labels.less(&labels.scalar_like(classes as f64))?)?;
        let loss = is_class.select(&loss, &loss.scalar_like(f64::NAN))?;
        match self.mask(y_true, y_pred)? {
            Some(mask) => Ok(mask.select(&loss, &loss.scalar_like(0.0).broadcast_to(samples)?)?),
            None => Ok(loss),
        }
    }

    fn mask(&self, y_true: &Sym, y_pred: &Sym) -> Result<Option<Sym>> {
        let Some(class) = self.ignore_class else { return Ok(None) };
        let labels = labels(CLASS, y_true, y_pred)?;
        Ok(Some(labels.not_equal(&labels.scalar_like(class as f64))?))
    }
}
