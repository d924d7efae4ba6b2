//! Data that were checked against a model.

use glorot_graph::TensorSpec;
use glorot_nn::model::{Model, Port};
use glorot_tensor::{DType, Tensor};

use crate::error::{Error, Result};
use crate::indices;
use crate::names::{sample_shape, shape_of_samples};
use crate::options::Gradients;
use crate::step::{Kind, StepKey};

/// Data with one weights tensor (or none) for each tensor of targets.
#[derive(Clone)]
pub(crate) struct Samples {
    pub x: Vec<Tensor>,
    pub y: Vec<Tensor>,
    pub weights: Vec<Option<Tensor>>,
    /// Number of samples.
    pub len: usize,
}

impl Samples {
    /// Checks inputs.
    pub fn inputs(model: &Model, x: Vec<Tensor>) -> Result<Samples> {
        let name = model.name();
        if model.is_built() {
            check_inputs(name, &model.input_specs()?, &x)?;
        }
        let Some(first) = x.first() else {
            return Err(Error::data(format!("model '{name}': expected at least one input, received none")));
        };
        let Some(&len) = first.shape().first() else {
            return Err(Error::data("x: expected samples along the first axis, received a scalar"));
        };
        if len == 0 {
            return Err(Error::data(format!(
                "x is empty: its shape is {}; there must be at least one sample",
                first.shape()
            )));
        }
        if len > u32::MAX as usize {
            return Err(Error::data(format!("x has {len} samples; at most {} can be handled", u32::MAX)));
        }
        for (number, tensor) in x.iter().enumerate() {
            check_len(&format!("input {number}"), tensor, len)?;
        }
        model.build(&x.iter().map(|tensor| tensor.shape().clone()).collect::<Vec<_>>())?;
        for ((port, range), tensor) in model.input_specs()?.iter().zip(model.index_ranges()?).zip(&x) {
            if let Some(range) = range {
                indices::check(name, port, &range, tensor)?;
            }
        }
        Ok(Samples { x, y: Vec::new(), weights: Vec::new(), len })
    }

    /// The same samples with targets and weights, checked. `outputs`: names of those that have a loss or metrics.
    pub fn with_targets(self, outputs: &[&str], y: Vec<Tensor>, weights: Vec<Option<Tensor>>) -> Result<Samples> {
        if y.len() != outputs.len() {
            return Err(Error::data(format!(
                "y: expected {} for the {} '{}', received {}",
                count(outputs.len(), "tensor"),
                if outputs.len() == 1 { "output" } else { "outputs" },
                outputs.join("', '"),
                y.len()
            )));
        }
        for (tensor, name) in y.iter().zip(outputs) {
            check_len(&format!("y of output '{name}'"), tensor, self.len)?;
        }
        let weights = match (weights.len(), y.len()) {
            (0, outputs) => vec![None; outputs],
            (1, outputs) => vec![weights[0].clone(); outputs],
            (given, outputs) if given == outputs => weights,
            (given, outputs) => {
                let message =
                    format!("sampleWeight: expected one tensor or {outputs} (one for each output), received {given}");
                return Err(Error::data(message));
            }
        };
        for tensor in weights.iter().flatten() {
            check_len("sampleWeight", tensor, self.len)?;
        }
        Ok(Samples { y, weights, ..self })
    }

    /// All tensors in the order in which a step takes them.
    pub fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.x.iter().chain(&self.y).chain(self.weights.iter().flatten())
    }

    /// The step that takes `batch` of these samples.
    pub fn key(&self, kind: Kind, batch: usize) -> StepKey {
        let spec = |tensor: &Tensor| {
            let shape = std::iter::once(batch).chain(tensor.shape().iter().skip(1).copied()).collect();
            TensorSpec { shape, dtype: tensor.dtype() }
        };
        StepKey {
            kind,
            x: self.x.iter().map(spec).collect(),
            y: self.y.iter().map(spec).collect(),
            weights: self.weights.iter().map(|weights| weights.as_ref().map(spec)).collect(),
            gradients: Gradients::None,
            replicas: 1,
        }
    }

    /// The same samples, weighted by the class of their label. Targets are labels, or one-hot.
    pub fn weighted_by_class(&self, classes: &[(i64, f32)]) -> Result<Samples> {
        let [y] = &self.y[..] else {
            return Err(Error::option("classWeight", "works with models that have one output; use sampleWeight"));
        };
        if self.weights.iter().any(Option::is_some) {
            return Err(Error::option(
                "classWeight",
                "cannot be combined with sampleWeight: multiply the weights yourself",
            ));
        }
        let weight = |label: i64| classes.iter().find(|(class, _)| *class == label).map_or(1.0, |&(_, weight)| weight);
        let values = y.to_f64();
        let width = values.len() / self.len;
        let label = |row: &[f64]| match row {
            [label] => *label as i64,
            one_hot => (0..one_hot.len()).fold(0, |best, i| if one_hot[i] > one_hot[best] { i } else { best }) as i64,
        };
        let weights = values.chunks_exact(width.max(1)).map(|row| weight(label(row))).collect();
        Ok(Samples { weights: vec![Some(Tensor::f32([self.len], weights)?)], ..self.clone() })
    }
}

/// What labels of a tensor of targets may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Labels {
    pub classes: usize,
    /// A label that marks entries without a class.
    pub ignored: Option<i64>,
}

impl Labels {
    /// Fails at the first label that is no class.
    pub fn check(self, y: &Tensor, output: &str) -> Result<()> {
        let fits = |label: i64| (0..self.classes as i64).contains(&label) || Some(label) == self.ignored;
        let bad = match y.dtype() {
            DType::F32 => y.as_f32()?.iter().position(|&label| label.fract() != 0.0 || !fits(label as i64)),
            DType::I32 => y.as_i32()?.iter().position(|&label| !fits(i64::from(label))),
            DType::U8 => y.as_u8()?.iter().position(|&label| !fits(i64::from(label))),
            DType::Bool => None,
        };
        let Some(index) = bad else { return Ok(()) };
        let label = match y.dtype() {
            DType::F32 => y.as_f32()?[index].to_string(),
            DType::I32 => y.as_i32()?[index].to_string(),
            _ => y.as_u8()?[index].to_string(),
        };
        let per_sample = (y.numel() / y.shape()[0]).max(1);
        Err(Error::data(format!(
            "y of output '{output}': label {label} of sample {} is out of range: the output has {} classes, so labels \
             must be integers from 0 to {}",
            index / per_sample,
            self.classes,
            self.classes.saturating_sub(1)
        )))
    }
}

fn count(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn check_len(what: &str, tensor: &Tensor, len: usize) -> Result<()> {
    match tensor.shape().first() {
        Some(&n) if n == len => Ok(()),
        Some(&n) => Err(Error::data(format!("{what} has {}, but x has {len}", count(n, "sample")))),
        None => Err(Error::data(format!("{what}: expected samples along the first axis, received a scalar"))),
    }
}

fn check_inputs(model: &str, ports: &[Port], x: &[Tensor]) -> Result<()> {
    if x.len() != ports.len() {
        let names: Vec<&str> = ports.iter().map(|port| port.name.as_str()).collect();
        return Err(Error::data(format!(
            "model '{model}': expected {} ('{}'), received {}",
            count(ports.len(), "input"),
            names.join("', '"),
            x.len()
        )));
    }
    x.iter().zip(ports).try_for_each(|(tensor, port)| check_input(model, port, tensor))
}

/// Fails unless a tensor has the shape of an input; a last axis of length 1 may be missing or too much, as in Keras.
fn check_input(model: &str, port: &Port, tensor: &Tensor) -> Result<()> {
    let expected = port.shape.get(1..).unwrap_or_default();
    let fits = |sample: &[usize]| {
        sample.len() == expected.len() && sample.iter().zip(expected).all(|(&a, b)| b.is_none_or(|b| a == b))
    };
    let shape = tensor.shape();
    let sample = shape.get(1..).unwrap_or_default();
    let is_column = expected.last() == Some(&Some(1)) && fits(&[sample, &[1]].concat());
    let has_column = sample.split_last().is_some_and(|(&last, others)| last == 1 && fits(others));
    if shape.rank() > 0 && (fits(sample) || is_column || has_column) {
        return Ok(());
    }
    let is_single = fits(shape);
    let hint = if is_single { "; a single sample needs a batch axis: shape [1, …]" } else { "" };
    let received = if is_single || shape.rank() == 0 { shape.to_string() } else { shape_of_samples(shape) };
    Err(Error::data(format!(
        "input '{}' of model '{model}': expected shape {}, received {received}{hint}",
        port.name,
        sample_shape(expected.iter().copied())
    )))
}
