//! Event files that TensorBoard displays.
//!
//! One [`EventWriter`] writes one run, that is one folder:
//!
//! ```
//! use glorot_io::tensorboard::{DEFAULT_SUFFIX, EventWriter, wall_time_now};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let log_dir = folder.path();
//! let mut train = EventWriter::create(log_dir.join("train"), DEFAULT_SUFFIX)?;
//! for (epoch, loss) in [0.9, 0.5, 0.3].into_iter().enumerate() {
//!     train.scalar("epoch_loss", epoch as i64, loss, wall_time_now())?;
//!     train.flush()?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where Keras' `TensorBoard` callback puts what
//!
//! [`epoch_series`] and [`batch_series`] give run and tag of a log's name. Epochs are counted from 0; training batches
//! are counted from 1 over the whole of `fit`.
//!
//! | what | run (subfolder of the log folder) | tag | step |
//! | --- | --- | --- | --- |
//! | log `loss`, `accuracy`, ... of an epoch | `train` | `epoch_loss`, `epoch_accuracy` | epoch |
//! | log `val_loss`, ... of an epoch | `validation` | `epoch_loss` | epoch |
//! | learning rate after an epoch | `train` | `epoch_learning_rate` | epoch |
//! | steps per second of an epoch, of a batch | `train` | `epoch_steps_per_second`, `batch_steps_per_second` | epoch, batch |
//! | logs of a batch (every `updateFreq` batches) | `train` | `batch_loss`, ... | batch |
//! | `evaluate`, also the one after each epoch | `validation` | `evaluation_loss_vs_iterations` | the optimizer's iterations |
//! | weights (every `histogramFreq` epochs) | `train` | `<model>/<layer>/<weight>/histogram` | epoch |
//! | the model (`writeGraph`) | `train` | [`KERAS_MODEL_TAG`]: [`EventWriter::keras_model`] | 0 |
//! | the graph of operations (`writeGraph`) | `train` | none: [`EventWriter::graph`] | none |
//! | hyperparameters (`hp.KerasCallback`) | the log folder itself | [`EventWriter::hparams`] chooses | 0 |
//!
//! What Keras does not write stands beside it: `<model>/<layer>/<weight>/gradient_norm` (a scalar),
//! `<model>/<layer>/<weight>/gradient/histogram`, and `<tag>/non_finite` (a scalar) where
//! [`EventWriter::histogram`] left values out.
//!
//! # Sources
//!
//! Framing: TensorFlow's `tensorflow/core/lib/io/record_writer.cc`. Messages: `event.proto`, `summary.proto`,
//! `tensor.proto`, `graph.proto` of TensorFlow, `plugin_data.proto` and `api.proto` of TensorBoard's hparams plugin.
//! Values are encoded as the summary operations of TensorFlow 2.21 and TensorBoard 2.21 do. Tags: Keras 3.15,
//! `keras/src/callbacks/tensorboard.py`.

mod error;
mod file_name;
mod graph;
mod histogram;
mod hparams;
mod proto;
#[cfg(test)]
mod reader;
mod record;
mod scalar;
mod series;
#[cfg(test)]
mod tests;
mod text;
mod writer;

pub use error::EventError;
pub use file_name::DEFAULT_SUFFIX;
pub use graph::{GraphNode, KERAS_MODEL_TAG};
pub use histogram::DEFAULT_BUCKETS;
pub use hparams::{Dataset, HParamDomain, HParamInfo, HParamValue, MetricInfo, SessionStatus};
pub use series::{Run, batch_series, epoch_series};
pub use writer::{EventWriter, wall_time_now};
