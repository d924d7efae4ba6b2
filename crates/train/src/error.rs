use glorot_graph::GraphError;
use glorot_graph::device::DeviceError;
use glorot_tensor::TensorError;

/// Why a model could not be trained, evaluated or asked.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// The data do not fit the model or its losses. The message names the input or output, what was expected and what
    /// was received.
    #[error("{0}")]
    Data(String),
    /// An option is out of range.
    #[error("{option}: {message}")]
    Option { option: &'static str, message: String },
    /// The loss of a step is NaN or infinite. The weights are as this step left them.
    #[error(
        "the loss became {value} in epoch {epoch_number}, step {step_number}; lower the learning rate, clip the gradients \
         (clipNorm of the optimizer), or check that inputs and targets are finite and scaled (for example to 0..1)",
        epoch_number = epoch + 1,
        step_number = step + 1
    )]
    NonFiniteLoss {
        /// Epoch, counted from 0.
        epoch: usize,
        /// Step of the epoch, counted from 0.
        step: usize,
        /// NaN, infinity or minus infinity.
        value: f32,
    },
    /// The model is being trained by another job.
    #[error("the model is being trained: wait for the running fit() to end before you start another training")]
    Busy,
    /// An evaluation or prediction was cancelled.
    #[error("cancelled")]
    Cancelled,
    #[error(transparent)]
    Model(#[from] glorot_nn::Error),
    #[error("{0}")]
    Device(#[from] DeviceError),
}

impl Error {
    pub(crate) fn data(message: impl Into<String>) -> Error {
        Error::Data(message.into())
    }

    /// The same error, of a part of the data.
    pub(crate) fn within(self, part: &str) -> Error {
        match self {
            Error::Data(message) => Error::Data(format!("{part}: {message}")),
            other => other,
        }
    }

    pub(crate) fn option(option: &'static str, message: impl Into<String>) -> Error {
        Error::Option { option, message: message.into() }
    }
}

impl From<GraphError> for Error {
    fn from(error: GraphError) -> Error {
        Error::Model(error.into())
    }
}

impl From<TensorError> for Error {
    fn from(error: TensorError) -> Error {
        Error::Model(error.into())
    }
}

pub type Result<T> = std::result::Result<T, Error>;
