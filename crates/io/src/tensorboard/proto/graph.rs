//! `tensorflow/core/framework/graph.proto`, `node_def.proto` and `attr_value.proto`.

use super::tensor::TensorShapeProto;

#[derive(Clone, PartialEq, prost::Message)]
pub struct GraphDef {
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<NodeDef>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct NodeDef {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub op: String,
    #[prost(string, repeated, tag = "3")]
    pub input: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    pub attr: Vec<AttrEntry>,
}

/// An entry of the map `NodeDef.attr`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AttrEntry {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<AttrValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct AttrValue {
    #[prost(oneof = "AttrKind", tags = "1")]
    pub value: Option<AttrKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum AttrKind {
    #[prost(message, tag = "1")]
    List(AttrList),
}

/// `AttrValue.ListValue`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AttrList {
    #[prost(message, repeated, tag = "7")]
    pub shape: Vec<TensorShapeProto>,
}
