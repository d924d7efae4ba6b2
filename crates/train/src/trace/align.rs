//! Targets for losses and metrics.

use glorot_graph::Sym;
use glorot_nn::Result;
use glorot_nn::losses::Targets;
use glorot_tensor::{DType, Shape};

use crate::error::Error;
use crate::names::shape_of_samples;

/// Targets as functions of the user get them: float32, and `[n]` and `[n, 1]` stand for each other, as in Keras.
pub(crate) fn align(y: &Sym, prediction: &Sym) -> Result<Sym> {
    let y = y.cast(DType::F32)?;
    let (shape, output) = (y.shape(), prediction.shape());
    let squeezed = |long: &[usize], short: &[usize]| long.split_last() == Some((&1, short));
    if squeezed(&shape, &output) || squeezed(&output, &shape) {
        return Ok(y.reshape(output)?);
    }
    Ok(y)
}

/// Fails unless targets fit an output under a loss.
pub(crate) fn check(y: &Shape, output: &Shape, takes: Targets, name: &str, loss: &str) -> crate::Result<()> {
    let without_last = &output[..output.rank().saturating_sub(1)];
    let squeezed = |long: &[usize], short: &[usize]| long.split_last() == Some((&1, short));
    let labels_fit = y[..] == *without_last || squeezed(y, without_last);
    let message = match takes {
        Targets::Anything => return Ok(()),
        Targets::Labels { .. } | Targets::Groups if labels_fit => return Ok(()),
        Targets::OneHot | Targets::Values if y == output || squeezed(y, output) || squeezed(output, y) => return Ok(()),
        Targets::Labels { .. } if y == output => format!(
            "{loss} takes one integer label a sample; use categoricalCrossentropy for one-hot targets, or integer labels"
        ),
        Targets::Labels { .. } | Targets::Groups => {
            let expected = Shape::from(without_last);
            format!("{loss} takes one integer label a sample: expected shape {}", shape_of_samples(&expected))
        }
        Targets::OneHot if labels_fit => format!(
            "{loss} takes one-hot targets of shape {}; use sparseCategoricalCrossentropy for integer labels",
            shape_of_samples(output)
        ),
        Targets::OneHot | Targets::Values => {
            format!("{loss} takes the shape of the output: expected {}", shape_of_samples(output))
        }
    };
    Err(Error::data(format!("targets of output '{name}' have shape {}: {message}", shape_of_samples(y))))
}
