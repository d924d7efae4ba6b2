//! What a prediction must exceed to be a yes.

use glorot_graph::Sym;
use glorot_tensor::{DType, Tensor};
use serde_json::Value;

use crate::config::Options;
use crate::error::Result;

/// Thresholds, and how many of them a prediction exceeds.
pub struct Thresholds {
    /// In the order of the results.
    values: Vec<f64>,
    /// They are 0, 1/(n-1), 2/(n-1), … 1: then predictions are clipped to `[0, 1]` and one multiplication tells.
    even: bool,
    /// The first threshold is a little below 0 and the last one a little above 1.
    open: bool,
}

impl Thresholds {
    /// Options `thresholds`: a number or a list of numbers between 0 and 1; and the option as it was given, for the
    /// configuration.
    pub fn read(options: &mut Options, default: f64) -> Result<(Thresholds, Value)> {
        let given = options.value("thresholds")?.unwrap_or(Value::Null);
        let values = match &given {
            Value::Null => Some(vec![default]),
            Value::Number(number) => number.as_f64().map(|number| vec![number]),
            Value::Array(values) if !values.is_empty() => values.iter().map(Value::as_f64).collect(),
            _ => None,
        };
        let fits = |values: &Vec<f64>| given.is_null() || values.iter().all(|value| (0.0..=1.0).contains(value));
        match values.filter(fits) {
            Some(values) => Ok((Thresholds { even: is_even(&values), open: false, values }, given)),
            None => Err(options.error(format!(
                "option 'thresholds' must be a number or a list of numbers between 0 and 1; received {given}"
            ))),
        }
    }

    /// `count` thresholds from 0 to 1, at equal distances; of one: 0.5.
    pub fn spread(count: usize) -> Thresholds {
        match count {
            1 => Thresholds { values: vec![0.5], even: false, open: false },
            _ => Thresholds { values: steps(count), even: true, open: false },
        }
    }

    /// `count` thresholds at equal distances, of which the first lies below all probabilities and the last above them.
    pub fn covering(count: usize) -> Thresholds {
        Thresholds { values: opened(steps(count)), even: true, open: true }
    }

    /// The given thresholds in ascending order, one below all probabilities and one above them.
    pub fn covering_these(mut inner: Vec<f64>) -> Thresholds {
        inner.sort_by(f64::total_cmp);
        let values: Vec<f64> = std::iter::once(0.0).chain(inner).chain([1.0]).collect();
        Thresholds { even: is_even(&values), open: true, values: opened(values) }
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// For each threshold, in order: how many thresholds are below it, int32 `[n]`.
    pub fn ranks(&self, like: &Sym) -> Result<Sym> {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let below = |value: &f64| sorted.partition_point(|other| other < value) as i32;
        let ranks = self.values.iter().map(below).collect();
        Ok(like.tracer().constant(Tensor::i32([self.len()], ranks)?))
    }

    /// How many thresholds each prediction (float32, any shape) exceeds: int32 of that shape.
    pub fn exceeded(&self, predictions: &Sym) -> Result<Sym> {
        if self.even {
            let clipped = predictions.maximum_scalar(0.0)?.minimum_scalar(1.0)?;
            let steps = clipped.mul_scalar((self.len() - 1) as f64)?.ceil()?;
            let steps = if self.open { steps.maximum_scalar(1.0)? } else { steps };
            return Ok(steps.cast(DType::I32)?);
        }
        let mut column = predictions.shape().to_vec();
        column.push(1);
        let values = self.values.iter().map(|&value| value as f32).collect();
        let thresholds = predictions.tracer().constant(Tensor::f32([self.len()], values)?);
        let exceeds = predictions.reshape(column)?.greater(&thresholds)?.cast(DType::I32)?;
        Ok(exceeds.sum(&[predictions.rank()], false)?)
    }
}

fn steps(count: usize) -> Vec<f64> {
    (0..count).map(|i| i as f64 / (count - 1) as f64).collect()
}

/// With the ends moved outwards by 1e-7.
fn opened(mut values: Vec<f64>) -> Vec<f64> {
    let last = values.len() - 1;
    (values[0], values[last]) = (-1e-7, 1.0 + 1e-7);
    values
}

/// At least three thresholds at equal distances from 0 to 1, within what float32 tells apart (as Keras decides).
fn is_even(values: &[f64]) -> bool {
    let close = |(value, step): (&f64, f64)| (value - step).abs() <= 1e-7 + 1e-5 * step;
    values.len() >= 3 && values.iter().zip(steps(values.len())).all(close)
}
