//! Targets and weights in the shape that losses and metrics take.

use glorot_graph::Sym;
use glorot_nn::Result;
use glorot_tensor::{DType, Shape};
use serde_json::Value;

use crate::error::Error;
use crate::names::{class_name, shape_of_samples};

/// What kind of targets a loss or metric takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TargetKind {
    /// One class number a sample.
    Labels,
    /// The probabilities of the classes.
    OneHot,
    /// The shape of the output.
    Values,
    /// Whatever a function of the user makes of it.
    Any,
}

impl TargetKind {
    /// Read off the serialized form; functions of the user have none.
    pub fn of(json: &Value) -> TargetKind {
        match class_name(json) {
            None => TargetKind::Any,
            Some(name) if name.starts_with("Sparse") => TargetKind::Labels,
            Some(name) if name.starts_with("Categorical") => TargetKind::OneHot,
            Some(_) => TargetKind::Values,
        }
    }
}

/// Targets in the rank and dtype that a loss or metric takes, as Keras aligns them: `[n]` and `[n, 1]` stand for each
/// other; labels become int32, all others float32.
pub(crate) fn align(y: &Sym, prediction: &Sym, kind: TargetKind) -> Result<Sym> {
    let (shape, output) = (y.shape(), prediction.shape());
    let fits = |long: &Shape, short: &Shape| long.rank() == short.rank() + 1 && long.last() == Some(&1);
    let y = match kind {
        TargetKind::Labels if shape.rank() == output.rank() && shape.last() == Some(&1) => {
            y.reshape(&shape[..shape.rank() - 1])?
        }
        TargetKind::OneHot | TargetKind::Values if fits(&output, &shape) && shape[..] == output[..shape.rank()] => {
            y.reshape(output)?
        }
        _ => y.clone(),
    };
    Ok(y.cast(if kind == TargetKind::Labels { DType::I32 } else { DType::F32 })?)
}

/// Fails unless targets fit an output under a loss.
pub(crate) fn check(y: &Shape, output: &Shape, kind: TargetKind, name: &str, loss: &str) -> crate::Result<()> {
    let without_last = &output[..output.rank().saturating_sub(1)];
    let labels_fit = y[..] == *without_last || (y.last() == Some(&1) && y[..y.rank() - 1] == *without_last);
    let single = output.last() == Some(&1) && y[..] == *without_last;
    let message = match kind {
        TargetKind::Any => return Ok(()),
        TargetKind::Labels if labels_fit => return Ok(()),
        TargetKind::OneHot | TargetKind::Values if y == output || single => return Ok(()),
        TargetKind::Labels if y == output => format!(
            "{loss} takes one integer label a sample; use categoricalCrossentropy for one-hot targets, or integer labels"
        ),
        TargetKind::Labels => {
            let expected = Shape::from(without_last);
            format!("{loss} takes one integer label a sample: expected shape {}", shape_of_samples(&expected))
        }
        TargetKind::OneHot if labels_fit => format!(
            "{loss} takes one-hot targets of shape {}; use sparseCategoricalCrossentropy for integer labels",
            shape_of_samples(output)
        ),
        TargetKind::OneHot | TargetKind::Values => {
            format!("{loss} takes the shape of the output: expected {}", shape_of_samples(output))
        }
    };
    Err(Error::data(format!("targets of output '{name}' have shape {}: {message}", shape_of_samples(y))))
}

/// Weights in the shape of the losses of the samples: that very shape, or `[n]` for `[n, 1]` and the other way round.
pub(crate) fn align_weights(weights: &Sym, losses: &Shape, name: &str) -> crate::Result<Sym> {
    let shape = weights.shape();
    let weights = weights.cast(DType::F32)?;
    if shape == *losses {
        return Ok(weights);
    }
    if shape.numel() == losses.numel()
        && shape.iter().filter(|&&dim| dim != 1).eq(losses.iter().filter(|&&dim| dim != 1))
    {
        return Ok(weights.reshape(losses.clone())?);
    }
    Err(Error::data(format!(
        "sample weights of output '{name}': expected shape {} (that of the losses of the samples), received {}",
        shape_of_samples(losses),
        shape_of_samples(&shape)
    )))
}
