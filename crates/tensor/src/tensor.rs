use std::fmt;
use std::sync::Arc;

use crate::{DType, Shape};

/// Elements of a host tensor. The owner may be a `Vec` or memory that belongs to somebody else (a JavaScript typed
/// array, a mapped file), so tensors enter and leave without copies.
#[derive(Clone)]
pub enum Data {
    F32(Arc<dyn AsRef<[f32]> + Send + Sync>),
    I32(Arc<dyn AsRef<[i32]> + Send + Sync>),
    U8(Arc<dyn AsRef<[u8]> + Send + Sync>),
    /// One byte an element, 0 or 1.
    Bool(Arc<dyn AsRef<[u8]> + Send + Sync>),
}

/// An immutable, row-major tensor in host memory. Cloning shares the elements.
#[derive(Clone)]
pub struct Tensor {
    shape: Shape,
    data: Data,
}

/// Why a host tensor could not be made or read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TensorError {
    #[error("shape {shape} needs {expected} values, received {received}")]
    Length { shape: Shape, expected: usize, received: usize },
    #[error("expected a tensor of dtype {expected}, received {received}")]
    DType { expected: DType, received: DType },
}

impl Data {
    pub fn dtype(&self) -> DType {
        match self {
            Data::F32(_) => DType::F32,
            Data::I32(_) => DType::I32,
            Data::U8(_) => DType::U8,
            Data::Bool(_) => DType::Bool,
        }
    }

    fn len(&self) -> usize {
        match self {
            Data::F32(values) => values.as_ref().as_ref().len(),
            Data::I32(values) => values.as_ref().as_ref().len(),
            Data::U8(values) | Data::Bool(values) => values.as_ref().as_ref().len(),
        }
    }
}

impl Tensor {
    /// Wraps data whose length must be the product of the shape.
    pub fn new(shape: impl Into<Shape>, data: Data) -> Result<Tensor, TensorError> {
        let shape = shape.into();
        let (expected, received) = (shape.numel(), data.len());
        if expected != received {
            return Err(TensorError::Length { shape, expected, received });
        }
        Ok(Tensor { shape, data })
    }

    pub fn f32(shape: impl Into<Shape>, values: Vec<f32>) -> Result<Tensor, TensorError> {
        Tensor::new(shape, Data::F32(Arc::new(values)))
    }

    pub fn i32(shape: impl Into<Shape>, values: Vec<i32>) -> Result<Tensor, TensorError> {
        Tensor::new(shape, Data::I32(Arc::new(values)))
    }

    pub fn u8(shape: impl Into<Shape>, values: Vec<u8>) -> Result<Tensor, TensorError> {
        Tensor::new(shape, Data::U8(Arc::new(values)))
    }

    /// Truth values, one byte each; anything but 0 counts as true.
    pub fn bool(shape: impl Into<Shape>, mut values: Vec<u8>) -> Result<Tensor, TensorError> {
        values.iter_mut().for_each(|value| *value = u8::from(*value != 0));
        Tensor::new(shape, Data::Bool(Arc::new(values)))
    }

    pub fn scalar_f32(value: f32) -> Tensor {
        Tensor { shape: Shape::scalar(), data: Data::F32(Arc::new(vec![value])) }
    }

    pub fn scalar_i32(value: i32) -> Tensor {
        Tensor { shape: Shape::scalar(), data: Data::I32(Arc::new(vec![value])) }
    }

    /// A tensor filled with zeros (false for `Bool`).
    pub fn zeros(shape: impl Into<Shape>, dtype: DType) -> Tensor {
        let shape = shape.into();
        let len = shape.numel();
        let data = match dtype {
            DType::F32 => Data::F32(Arc::new(vec![0f32; len])),
            DType::I32 => Data::I32(Arc::new(vec![0i32; len])),
            DType::U8 => Data::U8(Arc::new(vec![0u8; len])),
            DType::Bool => Data::Bool(Arc::new(vec![0u8; len])),
        };
        Tensor { shape, data }
    }

    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    pub fn dtype(&self) -> DType {
        self.data.dtype()
    }

    pub fn data(&self) -> &Data {
        &self.data
    }

    /// The elements alone.
    pub fn into_data(self) -> Data {
        self.data
    }

    pub fn numel(&self) -> usize {
        self.shape.numel()
    }

    /// The same elements under another shape with as many elements.
    pub fn reshape(&self, shape: impl Into<Shape>) -> Result<Tensor, TensorError> {
        Tensor::new(shape, self.data.clone())
    }

    pub fn as_f32(&self) -> Result<&[f32], TensorError> {
        match &self.data {
            Data::F32(values) => Ok(values.as_ref().as_ref()),
            other => Err(TensorError::DType { expected: DType::F32, received: other.dtype() }),
        }
    }

    pub fn as_i32(&self) -> Result<&[i32], TensorError> {
        match &self.data {
            Data::I32(values) => Ok(values.as_ref().as_ref()),
            other => Err(TensorError::DType { expected: DType::I32, received: other.dtype() }),
        }
    }

    pub fn as_u8(&self) -> Result<&[u8], TensorError> {
        match &self.data {
            Data::U8(values) => Ok(values.as_ref().as_ref()),
            other => Err(TensorError::DType { expected: DType::U8, received: other.dtype() }),
        }
    }

    /// The raw bytes, native endian, row-major.
    pub fn bytes(&self) -> &[u8] {
        match &self.data {
            Data::F32(values) => {
                let values: &[f32] = values.as_ref().as_ref();
                // SAFETY: every f32 is four initialized bytes, and u8 has no alignment requirement.
                unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len() * 4) }
            }
            Data::I32(values) => {
                let values: &[i32] = values.as_ref().as_ref();
                // SAFETY: every i32 is four initialized bytes, and u8 has no alignment requirement.
                unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len() * 4) }
            }
            Data::U8(values) | Data::Bool(values) => values.as_ref().as_ref(),
        }
    }

    /// All elements as f64, whatever the dtype.
    pub fn to_f64(&self) -> Vec<f64> {
        match &self.data {
            Data::F32(values) => values.as_ref().as_ref().iter().map(|&v| f64::from(v)).collect(),
            Data::I32(values) => values.as_ref().as_ref().iter().map(|&v| f64::from(v)).collect(),
            Data::U8(values) | Data::Bool(values) => values.as_ref().as_ref().iter().map(|&v| f64::from(v)).collect(),
        }
    }

    /// A tensor of the given dtype from f64 values (rounded to f32, truncated to integers, non-zero is true).
    pub fn from_f64(shape: impl Into<Shape>, dtype: DType, values: &[f64]) -> Result<Tensor, TensorError> {
        match dtype {
            DType::F32 => Tensor::f32(shape, values.iter().map(|&v| v as f32).collect()),
            DType::I32 => Tensor::i32(shape, values.iter().map(|&v| v as i32).collect()),
            DType::U8 => Tensor::u8(shape, values.iter().map(|&v| v as u8).collect()),
            DType::Bool => Tensor::bool(shape, values.iter().map(|&v| u8::from(v != 0.0)).collect()),
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({} {})", self.dtype(), self.shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_must_match_shape() {
        let error = Tensor::f32([2, 3], vec![0.0; 5]).unwrap_err();
        assert_eq!(error.to_string(), "shape [2, 3] needs 6 values, received 5");
    }

    #[test]
    fn reading_another_dtype_is_an_error() {
        let labels = Tensor::u8([2], vec![1, 2]).unwrap();
        assert_eq!(labels.as_f32().unwrap_err().to_string(), "expected a tensor of dtype float32, received uint8");
    }

    #[test]
    fn bytes_follow_the_dtype() {
        assert_eq!(Tensor::scalar_i32(1).bytes(), 1i32.to_ne_bytes());
        assert_eq!(Tensor::bool([3], vec![0, 7, 1]).unwrap().bytes(), [0, 1, 1]);
    }
}
