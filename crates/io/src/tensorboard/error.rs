use crate::WriteError;

/// Why an event could not be written.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The file system refused; the message starts with the path.
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("TensorBoard {kind}: expected a non-empty tag, received an empty one")]
    EmptyTag { kind: &'static str },
    #[error("TensorBoard event file: expected a suffix that is part of a file name, as in \".v2\", received {0:?}")]
    Suffix(String),
    #[error("TensorBoard hyperparameter {0:?}: the name is given twice; name each hyperparameter once")]
    DuplicateHParam(String),
    #[error("TensorBoard hyperparameter {name:?}: expected a finite number, received {value}")]
    NonFiniteHParam { name: String, value: f64 },
    #[error(
        "TensorBoard hyperparameter {0:?}: expected choices of one type (booleans, numbers or texts), received several"
    )]
    MixedChoices(String),
    #[error("TensorBoard hyperparameter {name:?}: expected an interval with min <= max, received [{min}, {max}]")]
    EmptyInterval { name: String, min: f64, max: f64 },
    #[error("TensorBoard graph: expected node names that differ, received {0:?} twice")]
    DuplicateNode(String),
    #[error("TensorBoard graph: node {node:?} has input {input:?}, which is not a node of the graph")]
    UnknownInput { node: String, input: String },
}
