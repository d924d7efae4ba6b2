//! `tensorflow/core/framework/tensor.proto`, `tensor_shape.proto` and `types.proto`.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum DataType {
    Invalid = 0,
    Float = 1,
    Double = 2,
    String = 7,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct TensorProto {
    #[prost(enumeration = "DataType", tag = "1")]
    pub dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub tensor_shape: Option<TensorShapeProto>,
    /// The elements of a numeric tensor, little-endian, in row-major order.
    #[prost(bytes = "vec", tag = "4")]
    pub tensor_content: Vec<u8>,
    /// The elements of a `String` tensor.
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub string_val: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct TensorShapeProto {
    #[prost(message, repeated, tag = "2")]
    pub dim: Vec<Dim>,
}

/// `TensorShapeProto.Dim`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Dim {
    /// -1 where the size is unknown.
    #[prost(int64, tag = "1")]
    pub size: i64,
}

impl TensorShapeProto {
    pub fn new(sizes: impl IntoIterator<Item = i64>) -> TensorShapeProto {
        TensorShapeProto { dim: sizes.into_iter().map(|size| Dim { size }).collect() }
    }
}

impl TensorProto {
    /// A tensor of rank 0.
    pub fn scalar(value: f32) -> TensorProto {
        TensorProto::numeric(DataType::Float, [], value.to_le_bytes().to_vec())
    }

    /// A tensor of shape `[rows, 3]`.
    pub fn triples(rows: &[[f64; 3]]) -> TensorProto {
        let content = rows.as_flattened().iter().flat_map(|value| value.to_le_bytes()).collect();
        TensorProto::numeric(DataType::Double, [rows.len() as i64, 3], content)
    }

    /// No elements: for values that are all metadata.
    pub fn empty() -> TensorProto {
        TensorProto::numeric(DataType::Float, [0], Vec::new())
    }

    /// A tensor of rank 0 that holds one text.
    pub fn text(text: &str) -> TensorProto {
        TensorProto::strings([], vec![text.into()])
    }

    /// A tensor of shape `[texts]`.
    pub fn texts<S: AsRef<str>>(texts: &[S]) -> TensorProto {
        TensorProto::strings([texts.len() as i64], texts.iter().map(|text| text.as_ref().into()).collect())
    }

    fn numeric<const RANK: usize>(dtype: DataType, sizes: [i64; RANK], tensor_content: Vec<u8>) -> TensorProto {
        let tensor_shape = Some(TensorShapeProto::new(sizes));
        TensorProto { dtype: dtype.into(), tensor_shape, tensor_content, string_val: Vec::new() }
    }

    fn strings<const RANK: usize>(sizes: [i64; RANK], string_val: Vec<Vec<u8>>) -> TensorProto {
        let tensor_shape = Some(TensorShapeProto::new(sizes));
        TensorProto { dtype: DataType::String.into(), tensor_shape, tensor_content: Vec::new(), string_val }
    }
}
