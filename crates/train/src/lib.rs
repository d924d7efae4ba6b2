//! The training loop: batching, shuffling, validation, metrics, events, cancellation.
//!
//! A [`Trainer`] belongs to a model and lives on its thread. It checks data, traces and compiles the steps, and hands out
//! jobs ([`FitJob`], [`EvaluateJob`], [`PredictJob`], [`BatchJob`]), which run on any thread and report by events. The
//! loop of a job allocates nothing a step.

mod access;
mod batches;
mod compiled;
mod data;
mod eager;
mod error;
mod event;
mod jobs;
mod logs;
mod names;
mod options;
mod pool;
mod samples;
mod session;
mod shuffle;
mod step;
mod trace;
mod trainer;

pub use access::Access;
pub use compiled::{Compiled, LossChoice, MetricChoice, SharedOptimizer, Target};
pub use data::Dataset;
pub use eager::Eager;
pub use error::{Error, Result};
pub use event::{Event, Flow, Outcome};
pub use jobs::{BatchJob, EvaluateJob, FitJob, Handler, PredictJob};
pub use logs::{History, Logs};
pub use options::{FitOptions, NonFinite, Progress, Validation};
pub use trainer::Trainer;
