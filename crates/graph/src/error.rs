/// Why an operation cannot be added to a graph.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{op}: {detail}")]
pub struct GraphError {
    /// Name of the operation.
    pub op: &'static str,
    /// What was expected, what was received.
    pub detail: String,
}

impl GraphError {
    pub fn new(op: &'static str, detail: impl Into<String>) -> GraphError {
        GraphError { op, detail: detail.into() }
    }
}

pub type Result<T> = std::result::Result<T, GraphError>;
