use std::collections::HashSet;

use prost::Message;

use super::error::EventError;
use super::proto::event::{Event, What};
use super::proto::graph::{AttrEntry, AttrKind, AttrList, AttrValue, GraphDef, NodeDef};
use super::proto::tensor::{TensorProto, TensorShapeProto};
use super::writer::EventWriter;

/// The tag under which Keras' callback writes the model.
pub const KERAS_MODEL_TAG: &str = "keras";

/// A box of the Graphs tab.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphNode {
    /// Differs from those of all other nodes. Slashes group nodes: `encoder/dense` lies in the group `encoder`.
    pub name: String,
    /// What the node does, a layer's class or an operation: `Dense`, `MatMul`.
    pub op: String,
    /// Names of the nodes whose output this node reads.
    pub inputs: Vec<String>,
    /// Shape of the output, which the tab writes on the edges; `None` stands for a size that is not known, as the
    /// batch's.
    pub shape: Option<Vec<Option<u64>>>,
}

impl EventWriter {
    /// Writes the graph of the run, shown in the Graphs tab as "Op graph". A run has one; TensorBoard shows the latest.
    ///
    /// `:` and a leading `^` have a meaning in inputs of TensorFlow's graphs and are replaced by `_`.
    /// `wall_time`: seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// Where two nodes have one name, where an input is not a node, and where a full buffer cannot be flushed.
    pub fn graph(&mut self, nodes: &[GraphNode], wall_time: f64) -> Result<(), EventError> {
        let graph_def = graph_def(nodes)?.encode_to_vec();
        self.push(&Event { wall_time, step: 0, what: Some(What::GraphDef(graph_def)), source_metadata: None })
    }

    /// Writes a model for the Graphs tab's "Conceptual graph": layers with their connections, nested models as groups.
    ///
    /// `json` is what Keras 3's `model.to_json()` gives for a Sequential or Functional model; TensorBoard reads
    /// `class_name`, `config` and `inbound_nodes` of each layer. `tag`: [`KERAS_MODEL_TAG`] for the model that is
    /// trained. `wall_time`: seconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// Where the tag is empty or a full buffer cannot be flushed.
    pub fn keras_model(&mut self, tag: &str, json: &str, wall_time: f64) -> Result<(), EventError> {
        let version = b"1".to_vec();
        self.tensor(tag, 0, wall_time, TensorProto::text(json), ("graph_keras_model", version))
    }
}

fn graph_def(nodes: &[GraphNode]) -> Result<GraphDef, EventError> {
    let mut names = HashSet::new();
    for node in nodes {
        if !names.insert(node_name(&node.name)) {
            return Err(EventError::DuplicateNode(node.name.clone()));
        }
    }
    let node = nodes.iter().map(|node| node_def(node, &names)).collect::<Result<_, _>>()?;
    Ok(GraphDef { node })
}

fn node_def(node: &GraphNode, names: &HashSet<String>) -> Result<NodeDef, EventError> {
    let input = |input: &String| {
        let name = node_name(input);
        let unknown = || EventError::UnknownInput { node: node.name.clone(), input: input.clone() };
        names.contains(&name).then_some(name).ok_or_else(unknown)
    };
    let attr = node.shape.iter().map(|shape| {
        let sizes = shape.iter().map(|size| size.and_then(|size| i64::try_from(size).ok()).unwrap_or(-1));
        let list = AttrList { shape: vec![TensorShapeProto::new(sizes)] };
        let value = Some(AttrValue { value: Some(AttrKind::List(list)) });
        // The attribute in which TensorFlow keeps inferred shapes: one for each output.
        AttrEntry { key: "_output_shapes".to_owned(), value }
    });
    Ok(NodeDef {
        name: node_name(&node.name),
        op: node.op.clone(),
        input: node.inputs.iter().map(input).collect::<Result<_, _>>()?,
        attr: attr.collect(),
    })
}

fn node_name(name: &str) -> String {
    let name = name.replace(':', "_");
    match name.strip_prefix('^') {
        Some(rest) => format!("_{rest}"),
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, inputs: &[&str]) -> GraphNode {
        let inputs = inputs.iter().map(|&input| input.to_owned()).collect();
        GraphNode { name: name.to_owned(), op: "Dense".to_owned(), inputs, shape: None }
    }

    #[test]
    fn names_must_differ_and_inputs_must_exist() {
        let error = graph_def(&[node("a", &[]), node("a", &[])]).unwrap_err().to_string();
        assert_eq!(error, r#"TensorBoard graph: expected node names that differ, received "a" twice"#);
        let error = graph_def(&[node("a", &[]), node("b", &["a", "c"])]).unwrap_err().to_string();
        assert_eq!(error, r#"TensorBoard graph: node "b" has input "c", which is not a node of the graph"#);
    }

    #[test]
    fn names_lose_what_has_a_meaning_in_inputs() {
        let graph = graph_def(&[node("^a:0", &[]), node("b", &["^a:0", "b"])]).unwrap();
        assert_eq!(graph.node[0].name, "_a_0");
        assert_eq!(graph.node[1].input, ["_a_0", "b"]);
    }

    #[test]
    fn unknown_sizes_are_minus_one() {
        let nodes = [GraphNode { shape: Some(vec![None, Some(28), Some(u64::MAX)]), ..node("a", &[]) }];
        let graph = graph_def(&nodes).unwrap();
        let entry = &graph.node[0].attr[0];
        let Some(AttrKind::List(list)) = entry.value.as_ref().and_then(|value| value.value.as_ref()) else {
            panic!("{entry:?}")
        };
        assert_eq!(entry.key, "_output_shapes");
        assert_eq!(list.shape, [TensorShapeProto::new([-1, 28, -1])]);
    }
}
