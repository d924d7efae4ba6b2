use std::time::Duration;

use crate::data::Dataset;
use crate::error::{Error, Result};

/// How to train.
#[derive(Clone, Debug)]
pub struct FitOptions {
    /// Train up to this epoch (exclusive). Default 1.
    pub epochs: usize,
    /// The number of the first epoch, where a run goes on. Default 0.
    pub initial_epoch: usize,
    /// The run goes on where another one was interrupted. Default: it does not.
    pub resume: Option<Resume>,
    /// Samples a step; the last step of an epoch takes what is left. Default 32.
    pub batch_size: usize,
    /// What the model is evaluated on at the end of an epoch. Default: nothing.
    pub validation: Validation,
    /// Samples a validation step. Default: `batch_size`.
    pub validation_batch_size: Option<usize>,
    /// Evaluate at the end of every this many epochs, counted from 1. Default 1.
    pub validation_freq: usize,
    /// Evaluate on so many batches, the first ones. Default: on all.
    pub validation_steps: Option<usize>,
    /// Draw the order of the samples anew each epoch. Default true.
    pub shuffle: bool,
    /// Steps an epoch. With it, an epoch goes on where the last one ended, over as many passes as it takes. Default:
    /// one pass.
    pub steps_per_epoch: Option<usize>,
    /// Weights of the samples by class of their label, for models with one output; other classes weigh 1. Default: none.
    pub class_weight: Vec<(i64, f32)>,
    /// How often [`crate::Event::Progress`] comes. Default: every 50 ms.
    pub progress: Progress,
    /// What is told of validations, beside their values at the end of the epoch. Default: nothing.
    pub validation_events: ValidationEvents,
    /// What is kept of the gradients. Default: nothing.
    pub gradients: Gradients,
    /// What happens when the loss is NaN or infinite. Default: the run ends with an error.
    pub non_finite: NonFinite,
}

/// Where a run was interrupted, in the first epoch of the run that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resume {
    /// Steps of the epoch that are behind. With some, its running values go on from what
    /// [`crate::Trainer::set_running`] was told.
    pub step: usize,
    /// Steps of an epoch, which must be those of the run that goes on; `None` if they are not known.
    pub steps: Option<usize>,
}

/// What the model is evaluated on while it trains.
#[derive(Clone, Debug, Default)]
pub enum Validation {
    #[default]
    None,
    /// A data set of its own.
    Data(Dataset),
    /// The last part of the training data, taken before shuffling: a fraction in (0, 1).
    Split(f64),
}

/// How often progress is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Never.
    Never,
    /// At most once in this time, and at the last step of an epoch.
    Every(Duration),
    /// Before and after every step ([`crate::Event::BatchBegin`], [`crate::Event::Progress`]).
    EveryStep,
}

/// What a training keeps of the gradients, for [`crate::Trainer::gradients`]. It costs only where it is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Gradients {
    #[default]
    None,
    /// Squares of their norms, summed over the steps.
    Norms,
    /// And the gradients of the last step.
    Values,
}

/// What is told of validations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValidationEvents {
    #[default]
    None,
    /// Their begin and end.
    Whole,
    /// And each of their steps.
    EveryStep,
}

/// What happens when the loss is NaN or infinite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NonFinite {
    /// The run ends with [`crate::Error::NonFiniteLoss`]: at the very step on the CPU; on devices where reading costs
    /// time, at the next progress event.
    #[default]
    Error,
    /// The run goes on.
    Continue,
}

impl Default for FitOptions {
    fn default() -> FitOptions {
        FitOptions {
            epochs: 1,
            initial_epoch: 0,
            resume: None,
            batch_size: 32,
            validation: Validation::None,
            validation_batch_size: None,
            validation_freq: 1,
            validation_steps: None,
            shuffle: true,
            steps_per_epoch: None,
            class_weight: Vec::new(),
            progress: Progress::Every(Duration::from_millis(50)),
            validation_events: ValidationEvents::None,
            gradients: Gradients::None,
            non_finite: NonFinite::Error,
        }
    }
}

impl FitOptions {
    /// Fails at the first option that is out of range.
    pub(crate) fn check(&self) -> Result<()> {
        let at_least_1 = |option: &'static str, value: usize| match value {
            0 => Err(Error::option(option, "expected at least 1, received 0")),
            _ => Ok(()),
        };
        at_least_1("epochs", self.epochs)?;
        at_least_1("batchSize", self.batch_size)?;
        at_least_1("validationFreq", self.validation_freq)?;
        at_least_1("validationBatchSize", self.validation_batch_size.unwrap_or(1))?;
        at_least_1("validationSteps", self.validation_steps.unwrap_or(1))?;
        at_least_1("stepsPerEpoch", self.steps_per_epoch.unwrap_or(1))?;
        if self.initial_epoch > self.epochs {
            let message = format!("expected at most epochs ({}), received {}", self.epochs, self.initial_epoch);
            return Err(Error::option("initialEpoch", message));
        }
        if let Validation::Split(fraction) = self.validation
            && !(fraction > 0.0 && fraction < 1.0)
        {
            let message = format!("expected a fraction between 0 and 1, received {fraction}");
            return Err(Error::option("validationSplit", message));
        }
        Ok(())
    }
}
