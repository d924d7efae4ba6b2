//! Named tensors in the safetensors format.
//!
//! Source: the format's description at <https://github.com/huggingface/safetensors>, section "Format".

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use glorot_tensor::{DType, Tensor};
use safetensors::tensor::{Metadata, TensorInfo, TensorView};
use safetensors::{Dtype, SafeTensorError};

use crate::half::half;
use crate::{AtomicFile, WriteError, write_atomic};

/// Why a safetensors file could not be read. The message starts with the file's path.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct SafetensorsError {
    path: PathBuf,
    #[source]
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("is not a regular file")]
    NotAFile,
    #[error("is no valid safetensors file: {0}")]
    Format(#[from] SafeTensorError),
    #[error("is no valid safetensors file: its header claims {header} bytes; expected at most {most}")]
    Header { header: u64, most: u64 },
    #[error("tensor '{name}' has dtype {dtype:?}; expected a floating-point, integer or boolean type of 8 to 64 bits")]
    DType { name: String, dtype: Dtype },
    #[error("tensor '{name}' holds {value}, which no 32-bit integer holds")]
    Integer { name: String, value: i128 },
    #[error("tensor '{name}' is damaged: {why}")]
    Tensor { name: String, why: String },
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Content {
    /// The tensors by name, in the order of their data.
    pub tensors: Vec<(String, Tensor)>,
    /// Texts by name from the header.
    pub metadata: HashMap<String, String>,
}

/// The longest header that is read, in bytes: those of hundred thousand tensors.
const LONGEST_HEADER: u64 = 1 << 24;

/// Reads a file, tensor by tensor, so that it is never in memory beside them.
///
/// F64, F32, F16 and BF16 become f32, I8 to I64 and U16 to U64 i32, U8 u8, BOOL bool.
///
/// # Errors
/// Where the file cannot be read or breaks a rule of the format, has another type, or holds an integer beyond i32.
pub fn read(path: impl AsRef<Path>) -> Result<Content, SafetensorsError> {
    let path = path.as_ref();
    content(path).map_err(|problem| SafetensorsError { path: path.to_owned(), problem })
}

fn content(path: &Path) -> Result<Content, Problem> {
    // Checked before opening: opening a named pipe would wait for a writer.
    let status = std::fs::metadata(path)?;
    if !status.is_file() {
        return Err(Problem::NotAFile);
    }
    let (mut file, length) = (File::open(path)?, status.len());
    let mut size = [0; 8];
    if length < size.len() as u64 {
        return Err(SafeTensorError::HeaderTooSmall.into());
    }
    file.read_exact(&mut size)?;
    let header = u64::from_le_bytes(size);
    let left = length - size.len() as u64;
    if header > left || header > LONGEST_HEADER {
        return Err(Problem::Header { header, most: left.min(LONGEST_HEADER) });
    }
    let mut bytes = vec![0; header as usize];
    file.read_exact(&mut bytes)?;
    let metadata: Metadata = serde_json::from_slice(&bytes).map_err(SafeTensorError::InvalidHeaderDeserialization)?;
    drop(bytes);
    let infos = metadata.tensors();
    let end = infos.values().map(|info| info.data_offsets.1).max().unwrap_or(0);
    if end as u64 != left - header {
        return Err(SafeTensorError::MetadataIncompleteBuffer.into());
    }
    let mut tensors = Vec::with_capacity(infos.len());
    // The data follow one another without gaps, which the header's check has seen to.
    for name in metadata.offset_keys() {
        let Some(info) = infos.get(&name) else { continue };
        let mut data = vec![0; info.data_offsets.1 - info.data_offsets.0];
        file.read_exact(&mut data)?;
        let tensor = convert(&name, info, data)?;
        tensors.push((name, tensor));
    }
    Ok(Content { tensors, metadata: metadata.metadata().clone().unwrap_or_default() })
}

fn convert(name: &str, info: &TensorInfo, bytes: Vec<u8>) -> Result<Tensor, Problem> {
    let (shape, data) = (info.shape.clone(), &bytes[..]);
    let integers = |values: Vec<i128>| -> Result<Vec<i32>, Problem> {
        let narrow = |value: i128| value.try_into().map_err(|_| Problem::Integer { name: name.into(), value });
        values.into_iter().map(narrow).collect()
    };
    let tensor = match info.dtype {
        Dtype::F32 => Tensor::f32(shape, elements(data, f32::from_le_bytes)),
        Dtype::F64 => Tensor::f32(shape, elements(data, |bytes| f64::from_le_bytes(bytes) as f32)),
        Dtype::F16 => Tensor::f32(shape, elements(data, |bytes| half(u16::from_le_bytes(bytes)))),
        // A bf16 is the upper half of an f32.
        Dtype::BF16 => Tensor::f32(shape, elements(data, |[low, high]| f32::from_le_bytes([0, 0, low, high]))),
        Dtype::I8 => Tensor::i32(shape, elements(data, |[byte]| i32::from(byte as i8))),
        Dtype::I16 => Tensor::i32(shape, elements(data, |bytes| i16::from_le_bytes(bytes).into())),
        Dtype::U16 => Tensor::i32(shape, elements(data, |bytes| u16::from_le_bytes(bytes).into())),
        Dtype::I32 => Tensor::i32(shape, elements(data, i32::from_le_bytes)),
        Dtype::I64 => Tensor::i32(shape, integers(elements(data, |bytes| i64::from_le_bytes(bytes).into()))?),
        Dtype::U32 => Tensor::i32(shape, integers(elements(data, |bytes| u32::from_le_bytes(bytes).into()))?),
        Dtype::U64 => Tensor::i32(shape, integers(elements(data, |bytes| u64::from_le_bytes(bytes).into()))?),
        Dtype::U8 => Tensor::u8(shape, bytes),
        Dtype::BOOL => Tensor::bool(shape, bytes),
        dtype => return Err(Problem::DType { name: name.into(), dtype }),
    };
    tensor.map_err(|error| Problem::Tensor { name: name.into(), why: error.to_string() })
}

fn elements<const N: usize, T>(data: &[u8], decode: impl Fn([u8; N]) -> T) -> Vec<T> {
    data.as_chunks::<N>().0.iter().map(|&bytes| decode(bytes)).collect()
}

/// Writes named tensors, in an order that the format chooses. `metadata`: texts by name, for the header.
///
/// # Errors
/// Those of [`AtomicFile`]; the old file is then as it was.
pub fn write(
    path: impl AsRef<Path>,
    tensors: &[(String, Tensor)],
    metadata: Option<HashMap<String, String>>,
) -> Result<(), WriteError> {
    let path = path.as_ref();
    let views = tensors.iter().map(|(name, tensor)| {
        let dtype = match tensor.dtype() {
            DType::F32 => Dtype::F32,
            DType::I32 => Dtype::I32,
            DType::U8 => Dtype::U8,
            DType::Bool => Dtype::BOOL,
        };
        Ok((name, TensorView::new(dtype, tensor.shape().dims().to_vec(), tensor.bytes())?))
    });
    let views: Result<Vec<_>, SafeTensorError> = views.collect();
    let bytes = views.and_then(|views| safetensors::serialize(views, metadata));
    let bytes = bytes.map_err(|error| AtomicFile::refused(path, io::Error::other(error.to_string())))?;
    write_atomic(path, &bytes)
}
