//! Data and options of training calls.

use glorot_nn::config::Options;
use glorot_train::{Dataset, FitOptions, NonFinite, Progress, Resume, Validation};
use napi_derive::napi;
use serde_json::Value;

use crate::config::parse;
use crate::error::{Failure, Result};
use crate::jobs::Waits;
use crate::tensor::HostTensor;

/// Samples with targets.
#[napi(object, object_to_js = false)]
pub struct Samples {
    pub x: Vec<HostTensor>,
    pub y: Vec<HostTensor>,
    /// Weights of the samples: none, one tensor, or one (or `null`) for each of `y`.
    pub sample_weight: Vec<Option<HostTensor>>,
}

impl Samples {
    pub fn into_dataset(self) -> Result<Dataset> {
        let weight = |weight: Option<HostTensor>| weight.map(HostTensor::into_tensor).transpose();
        Ok(Dataset {
            x: tensors(self.x)?,
            y: tensors(self.y)?,
            sample_weights: self.sample_weight.into_iter().map(weight).collect::<Result<_>>()?,
        })
    }
}

/// Host tensors that share the memory of JavaScript's.
pub fn tensors(tensors: Vec<HostTensor>) -> Result<Vec<glorot_tensor::Tensor>> {
    tensors.into_iter().map(HostTensor::into_tensor).collect()
}

/// How often progress is told where nobody waits for steps.
pub fn progress(waits: Waits, shown: bool) -> Progress {
    match (waits, shown) {
        (Waits::Steps, _) => Progress::EveryStep,
        (_, true) => FitOptions::default().progress,
        (_, false) => Progress::Never,
    }
}

/// Reads the options of `fit` that are JSON. What is misspelled, of the wrong type or out of range is an error that
/// names the option.
pub fn fit_options(json: &str, validation: Option<Samples>, progress: Progress) -> Result<FitOptions> {
    let mut options = Options::new("fit", &parse(json)?)?;
    let default = FitOptions::default();
    let split = options.optional_float("validationSplit")?.filter(|&split| split != 0.0);
    let validation = match (validation, split) {
        (Some(data), _) => Validation::Data(data.into_dataset()?),
        (None, Some(split)) => Validation::Split(split),
        (None, None) => Validation::None,
    };
    let fit = FitOptions {
        epochs: options.optional_size("epochs")?.unwrap_or(default.epochs),
        initial_epoch: options.optional_size("initialEpoch")?.unwrap_or(default.initial_epoch),
        resume: options.value("resume")?.map(resume).transpose()?,
        batch_size: options.optional_size("batchSize")?.unwrap_or(default.batch_size),
        validation,
        validation_batch_size: options.optional_size("validationBatchSize")?,
        validation_freq: options.optional_size("validationFreq")?.unwrap_or(default.validation_freq),
        validation_steps: options.optional_size("validationSteps")?,
        shuffle: options.bool("shuffle", default.shuffle)?,
        steps_per_epoch: options.optional_size("stepsPerEpoch")?,
        class_weight: class_weight(options.value("classWeight")?)?,
        progress,
        validation_events: default.validation_events,
        gradients: default.gradients,
        non_finite: match options.bool("stopOnNonFinite", true)? {
            true => NonFinite::Error,
            false => NonFinite::Continue,
        },
    };
    options.finish()?;
    Ok(fit)
}

/// Where the training was interrupted that goes on: `{ step, steps }`.
fn resume(value: Value) -> Result<Resume> {
    let mut options = Options::new("fit", &value)?;
    let resume = Resume { step: options.optional_size("step")?.unwrap_or(0), steps: options.optional_size("steps")? };
    options.finish()?;
    Ok(resume)
}

/// Weights by class: `{ 0: 1, 1: 2.5 }`.
pub fn class_weight(value: Option<Value>) -> Result<Vec<(i64, f32)>> {
    let wrong = |value: &Value| {
        Failure::config(format!(
            "fit: option 'classWeight' must be an object of class numbers and weights; received {value}"
        ))
    };
    match value {
        None => Ok(Vec::new()),
        Some(Value::Object(weights)) => {
            let entry = |(class, weight): (&String, &Value)| {
                let parsed = class.parse().ok().zip(weight.as_f64());
                parsed
                    .map(|(class, weight)| (class, weight as f32))
                    .ok_or_else(|| wrong(&Value::Object(weights.clone())))
            };
            weights.iter().map(entry).collect()
        }
        Some(other) => Err(wrong(&other)),
    }
}
