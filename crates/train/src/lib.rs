//! The training loop: batching, shuffling, validation, metrics, events, cancellation.
//!
//! A [`Trainer`] belongs to a model and lives on its thread. It checks data, traces and compiles the steps, and hands out
//! jobs ([`FitJob`], [`EvaluateJob`], [`PredictJob`], [`BatchJob`]), which run on any thread and report by events. The
//! loop of a job allocates nothing a step.
//!
//! ```
//! use std::{cell::RefCell, rc::Rc, sync::Arc, sync::atomic::AtomicBool};
//!
//! use glorot_cpu::{CpuDevice, CpuOptions};
//! use glorot_nn::{layers, model::Model, optimizers};
//! use glorot_tensor::Tensor;
//! use glorot_train::{Compiled, Dataset, Event, FitOptions, Flow, Target, Trainer};
//! use serde_json::json;
//!
//! let dense = layers::create("Dense", &json!({ "units": 2, "activation": "softmax" }))?;
//! let model = Model::sequential(vec![dense], None)?;
//! let optimizer = Rc::new(RefCell::new(optimizers::deserialize(&json!("adam"))?));
//! let targets = vec![Target::named("sparse_categorical_crossentropy", &["accuracy"])];
//! let device = Arc::new(CpuDevice::new(CpuOptions::default()));
//! let trainer = Trainer::new(model, device, Some(Compiled { optimizer, targets }));
//!
//! let data = Dataset::new(Tensor::f32([4, 1], vec![-2.0, -1.0, 1.0, 2.0])?, Tensor::u8([4], vec![0, 0, 1, 1])?);
//! let mut job = trainer.prepare_fit(data, FitOptions { epochs: 3, ..FitOptions::default() })?;
//! let job = std::thread::spawn(move || {
//!     let outcome = job.run(&AtomicBool::new(false), &mut |event, _| match event {
//!         Event::EpochEnd { logs, .. } if logs.get("accuracy") == Some(1.0) => Flow::Stop,
//!         _ => Flow::Continue,
//!     });
//!     outcome.map(|_| job)
//! });
//! let job = job.join().expect("no panic")?;
//! assert!(!job.history().epochs.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod access;
mod batches;
mod compiled;
mod continuation;
mod data;
mod eager;
mod error;
mod event;
mod indices;
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
pub use options::{FitOptions, Gradients, NonFinite, Progress, Resume, Validation, ValidationEvents};
pub use trace::KeptGradients;
pub use trainer::Trainer;
