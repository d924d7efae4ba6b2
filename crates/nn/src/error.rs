use glorot_graph::GraphError;
use glorot_tensor::TensorError;

/// What is wrong with a configuration, a model or its use. Messages name the layer or option, what was expected, what
/// was received, and what to change.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A layer could not be built or called.
    #[error("layer '{layer}' ({class}): {message}")]
    Layer { layer: String, class: String, message: String },
    /// An option of a layer, optimizer, loss, … is unknown, of the wrong type or out of range.
    #[error("{class}: {message}")]
    Config { class: String, message: String },
    /// Anything else.
    #[error("{0}")]
    Invalid(String),
    #[error(transparent)]
    Graph(#[from] GraphError),
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

impl Error {
    pub fn config(class: impl Into<String>, message: impl Into<String>) -> Error {
        Error::Config { class: class.into(), message: message.into() }
    }

    pub fn invalid(message: impl Into<String>) -> Error {
        Error::Invalid(message.into())
    }

    /// This error as one of a layer; an error that already names a layer stays.
    pub fn in_layer(self, layer: &str, class: &str) -> Error {
        match self {
            Error::Layer { .. } => self,
            other => Error::Layer { layer: layer.into(), class: class.into(), message: other.to_string() },
        }
    }
}

pub type Result<T> = std::result::Result<T, Error>;
