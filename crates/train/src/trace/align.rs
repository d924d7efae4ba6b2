//! Targets for losses and metrics.

use glorot_graph::Sym;
use glorot_nn::Result;
use glorot_tensor::{DType, Shape};
use serde_json::Value;

use crate::error::Error;
use crate::names::{class_name, shape_of_samples};

/// What targets a loss takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// One class number a sample.
    Labels,
    /// The probabilities of the classes.
    OneHot,
    /// The shape of the output.
    Values,
    /// Whatever a function of the user makes of it.
    Anything,
}

impl Takes {
    /// Read off the serialized form; functions of the user have none, classes of the user a name of their own.
    pub fn of(json: &Value) -> Takes {
        let custom =
            json.get("registered_name").and_then(Value::as_str).is_some_and(|name| name.starts_with("Custom>"));
        match class_name(json).filter(|_| !custom) {
            None => Takes::Anything,
            Some(name) if name.starts_with("Sparse") || name == "CategoricalGeneralizedCrossEntropy" => Takes::Labels,
            Some(name) if name.starts_with("Categorical") => Takes::OneHot,
            Some(_) => Takes::Values,
        }
    }
}

/// Targets as a loss or metric gets them. The known ones align targets themselves; functions of the user get float32,
/// and `[n]` and `[n, 1]` stand for each other, as in Keras.
pub(crate) fn align(y: &Sym, prediction: &Sym, takes: Takes) -> Result<Sym> {
    if takes != Takes::Anything {
        return Ok(y.clone());
    }
    let y = y.cast(DType::F32)?;
    let (shape, output) = (y.shape(), prediction.shape());
    let squeezed = |long: &[usize], short: &[usize]| long.split_last() == Some((&1, short));
    if squeezed(&shape, &output) || squeezed(&output, &shape) {
        return Ok(y.reshape(output)?);
    }
    Ok(y)
}

/// Fails unless targets fit an output under a loss.
pub(crate) fn check(y: &Shape, output: &Shape, takes: Takes, name: &str, loss: &str) -> crate::Result<()> {
    let without_last = &output[..output.rank().saturating_sub(1)];
    let squeezed = |long: &[usize], short: &[usize]| long.split_last() == Some((&1, short));
    let labels_fit = y[..] == *without_last || squeezed(y, without_last);
    let message = match takes {
        Takes::Anything => return Ok(()),
        Takes::Labels if labels_fit => return Ok(()),
        Takes::OneHot | Takes::Values if y == output || squeezed(y, output) || squeezed(output, y) => return Ok(()),
        Takes::Labels if y == output => format!(
            "{loss} takes one integer label a sample; use categoricalCrossentropy for one-hot targets, or integer labels"
        ),
        Takes::Labels => {
            let expected = Shape::from(without_last);
            format!("{loss} takes one integer label a sample: expected shape {}", shape_of_samples(&expected))
        }
        Takes::OneHot if labels_fit => format!(
            "{loss} takes one-hot targets of shape {}; use sparseCategoricalCrossentropy for integer labels",
            shape_of_samples(output)
        ),
        Takes::OneHot | Takes::Values => {
            format!("{loss} takes the shape of the output: expected {}", shape_of_samples(output))
        }
    };
    Err(Error::data(format!("targets of output '{name}' have shape {}: {message}", shape_of_samples(y))))
}
