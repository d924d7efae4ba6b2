//! Errors on their way to JavaScript: a message that people read and a `code` that programs test.

use std::cell::RefCell;

use glorot_graph::GraphError;
use glorot_graph::device::DeviceError;
use glorot_tensor::TensorError;
use napi::{Env, JsError};

use crate::symbolic::TOO_DEEP;

/// What went wrong in a call from JavaScript.
#[derive(Debug)]
pub enum Failure {
    Nn(glorot_nn::Error),
    Train(glorot_train::Error),
    Device(DeviceError),
    /// An error of the binding itself, or one that a JavaScript callback threw.
    Js(napi::Error),
    /// A code and a message.
    Coded(&'static str, String),
}

pub type Result<T> = std::result::Result<T, Failure>;

thread_local! {
    /// What a JavaScript function threw while Rust code called it. The Rust code in between passes on a message only;
    /// the thrown object itself waits here for the end of the call.
    static THROWN: RefCell<Option<(Env, napi::Error)>> = const { RefCell::new(None) };
}

/// Keeps what a JavaScript function threw, and returns an error that carries its message through Rust code.
pub fn keep_thrown(env: Env, error: napi::Error) -> glorot_nn::Error {
    let message = error.reason.clone();
    if error.status == TOO_DEEP {
        return glorot_nn::Error::invalid(message);
    }
    THROWN.set(Some((env, error)));
    glorot_nn::Error::invalid(message)
}

impl Failure {
    /// An option or argument that cannot be used.
    pub fn config(message: impl Into<String>) -> Failure {
        Failure::Coded(code::CONFIG, message.into())
    }

    /// The `code` property of the JavaScript error.
    pub fn code(&self) -> &str {
        match self {
            Failure::Nn(error) | Failure::Train(glorot_train::Error::Model(error)) => model_code(error),
            Failure::Train(error) => match error {
                glorot_train::Error::Data(_) => code::DATA,
                glorot_train::Error::Option { .. } => code::CONFIG,
                glorot_train::Error::NonFiniteLoss { .. } => code::NONFINITE_LOSS,
                glorot_train::Error::Busy => code::BUSY,
                glorot_train::Error::Cancelled => code::ABORTED,
                glorot_train::Error::Device(_) => code::DEVICE,
                glorot_train::Error::Model(error) => model_code(error),
            },
            Failure::Device(_) => code::DEVICE,
            Failure::Js(error) if [TOO_DEEP, napi::Status::GenericFailure].contains(&error.status) => code::INVALID,
            Failure::Js(error) => error.status.as_ref(),
            Failure::Coded(code, _) => code,
        }
    }

    pub fn message(&self) -> String {
        match self {
            Failure::Nn(error) => error.to_string(),
            Failure::Train(error) => error.to_string(),
            Failure::Device(error) => error.to_string(),
            Failure::Js(error) => error.reason.clone(),
            Failure::Coded(_, message) => message.clone(),
        }
    }
}

fn model_code(error: &glorot_nn::Error) -> &'static str {
    match error {
        glorot_nn::Error::Config { .. } => code::CONFIG,
        glorot_nn::Error::Layer { .. } | glorot_nn::Error::Graph(_) | glorot_nn::Error::Tensor(_) => code::SHAPE,
        glorot_nn::Error::Invalid(_) => code::INVALID,
    }
}

/// The values of the `code` property.
pub mod code {
    /// A layer, op or tensor received a shape or dtype that it cannot use.
    pub const SHAPE: &str = "GLOROT_SHAPE";
    /// An unknown option, one of the wrong type, or one out of range.
    pub const CONFIG: &str = "GLOROT_CONFIG";
    /// Anything else that is asked for in the wrong way.
    pub const INVALID: &str = "GLOROT_INVALID";
    /// Data that do not fit the model: number of samples, shape, labels.
    pub const DATA: &str = "GLOROT_DATA";
    /// The loss of a step is NaN or infinite.
    pub const NONFINITE_LOSS: &str = "GLOROT_NONFINITE_LOSS";
    /// The model is being trained.
    pub const BUSY: &str = "GLOROT_BUSY";
    /// An `AbortSignal` ended the call.
    pub const ABORTED: &str = "ABORT_ERR";
    /// A fault of glorot itself.
    pub const INTERNAL: &str = "GLOROT_INTERNAL";
    /// The device failed: memory, driver.
    pub const DEVICE: &str = "GLOROT_DEVICE";
}

impl From<Failure> for JsError<String> {
    fn from(failure: Failure) -> JsError<String> {
        let (code, message) = (failure.code().to_string(), failure.message());
        if let Some((env, thrown)) = THROWN.take().filter(|(_, thrown)| message.contains(&thrown.reason)) {
            // Now an exception is pending, which napi throws in place of the error below. If that fails, nothing can
            // be thrown any more: the environment is being torn down.
            let _ = env.throw(thrown);
        }
        napi::Error::new(code, message).into()
    }
}

impl From<glorot_nn::Error> for Failure {
    fn from(error: glorot_nn::Error) -> Failure {
        Failure::Nn(error)
    }
}

impl From<glorot_train::Error> for Failure {
    fn from(error: glorot_train::Error) -> Failure {
        Failure::Train(error)
    }
}

impl From<GraphError> for Failure {
    fn from(error: GraphError) -> Failure {
        Failure::Nn(error.into())
    }
}

impl From<TensorError> for Failure {
    fn from(error: TensorError) -> Failure {
        Failure::Nn(error.into())
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Failure {
        Failure::Device(error)
    }
}

impl From<glorot_io::tensorboard::EventError> for Failure {
    fn from(error: glorot_io::tensorboard::EventError) -> Failure {
        Failure::Coded(code::INVALID, error.to_string())
    }
}

impl From<napi::Error> for Failure {
    fn from(error: napi::Error) -> Failure {
        Failure::Js(error)
    }
}
