//! Host tensors across the boundary: `{ dtype, shape, values }` with a typed array, in both directions without copies.

use std::sync::Arc;

use glorot_tensor::{DType, Data, Shape, Tensor};
use napi::bindgen_prelude::{
    Float32Array, Float32ArraySlice, FromNapiValue, Int32Array, Int32ArraySlice, ToNapiValue, TypeName, TypedArray,
    TypedArrayType, Uint8Array, Uint8ArraySlice, ValidateNapiValue,
};
use napi::{Env, ValueType, sys};
use napi_derive::napi;

use crate::error::{Failure, Result};

/// Results smaller than this are copied into memory that V8 owns: cheaper than a finalizer, and free at once.
const COPY_BELOW_BYTES: usize = 64 * 1024;

/// A tensor in host memory. Row-major; the typed array's kind follows the dtype (`bool` is a `Uint8Array`).
#[napi(object)]
pub struct HostTensor {
    #[napi(ts_type = "'float32' | 'int32' | 'uint8' | 'bool'")]
    pub dtype: String,
    pub shape: Vec<u32>,
    #[napi(ts_type = "Float32Array | Int32Array | Uint8Array")]
    pub values: Values,
}

/// The elements of a [`HostTensor`].
pub struct Values(Data);

/// A JavaScript typed array as the owner of a tensor's elements. It stays referenced, and so alive, until the last
/// tensor that shares it is dropped, on whatever thread. Whoever writes to the array meanwhile changes the tensor.
struct FromJs<T>(T);

macro_rules! shares_elements {
    ($array:ty, $element:ty) => {
        impl AsRef<[$element]> for FromJs<$array> {
            fn as_ref(&self) -> &[$element] {
                &self.0
            }
        }
    };
}

shares_elements!(Float32Array, f32);
shares_elements!(Int32Array, i32);
shares_elements!(Uint8Array, u8);

impl HostTensor {
    /// The tensor; it shares the typed array's memory.
    pub fn into_tensor(self) -> Result<Tensor> {
        let shape: Shape = self.shape.iter().map(|&dim| dim as usize).collect();
        let dtype = DType::from_name(&self.dtype).ok_or_else(|| {
            Failure::config(format!("dtype: expected float32, int32, uint8 or bool, received {}", self.dtype))
        })?;
        let data = match (self.values.0, dtype) {
            (Data::U8(bytes), DType::Bool) => Data::Bool(Arc::new(truth(bytes.as_ref().as_ref()))),
            (data, _) => data,
        };
        if data.dtype() != dtype {
            return Err(Failure::config(format!(
                "expected the elements of {dtype}, received those of {}",
                data.dtype()
            )));
        }
        Ok(Tensor::new(shape, data)?)
    }

    /// The tensor, with elements of its own: for values that live on, such as weights.
    pub fn into_owned(self) -> Result<Tensor> {
        let tensor = self.into_tensor()?;
        Ok(match tensor.data() {
            Data::F32(values) => Tensor::f32(tensor.shape().clone(), values.as_ref().as_ref().to_vec()),
            Data::I32(values) => Tensor::i32(tensor.shape().clone(), values.as_ref().as_ref().to_vec()),
            Data::U8(values) => Tensor::u8(tensor.shape().clone(), values.as_ref().as_ref().to_vec()),
            Data::Bool(values) => Tensor::bool(tensor.shape().clone(), values.as_ref().as_ref().to_vec()),
        }?)
    }
}

fn truth(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|&byte| u8::from(byte != 0)).collect()
}

impl From<Tensor> for HostTensor {
    fn from(tensor: Tensor) -> HostTensor {
        HostTensor {
            dtype: tensor.dtype().name().into(),
            shape: dims(tensor.shape()),
            // Consumes the tensor, so that elements nobody else holds can move to JavaScript.
            values: Values(tensor.into_data()),
        }
    }
}

/// A shape as JavaScript numbers.
pub fn dims(shape: &Shape) -> Vec<u32> {
    shape.iter().map(|&dim| dim as u32).collect()
}

impl TypeName for Values {
    fn type_name() -> &'static str {
        "Float32Array | Int32Array | Uint8Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Values {}

impl FromNapiValue for Values {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Values> {
        // SAFETY: env and value are those that this function was called with.
        unsafe {
            let array = TypedArray::from_napi_value(env, value)?;
            let data = match array.typed_array_type {
                TypedArrayType::Float32 => Data::F32(Arc::new(FromJs(Float32Array::from_napi_value(env, value)?))),
                TypedArrayType::Int32 => Data::I32(Arc::new(FromJs(Int32Array::from_napi_value(env, value)?))),
                TypedArrayType::Uint8 | TypedArrayType::Uint8Clamped => {
                    Data::U8(Arc::new(FromJs(Uint8Array::from_napi_value(env, value)?)))
                }
                other => {
                    let message = format!(
                        "expected a Float32Array, Int32Array or Uint8Array, received a {}Array",
                        other.as_ref()
                    );
                    return Err(napi::Error::new(napi::Status::InvalidArg, message));
                }
            };
            Ok(Values(data))
        }
    }
}

/// Hands elements to JavaScript: large ones that nobody else holds become the memory of the typed array, which frees
/// them when it is collected; others are copied. Elements that Rust still holds must not be writable from JavaScript,
/// and V8 does not allow two buffers over the same memory.
macro_rules! to_typed_array {
    ($env:expr, $values:expr, $array:ident, $slice:ident) => {{
        let mut values = $values;
        let (pointer, len) = {
            let elements = values.as_ref().as_ref();
            (elements.as_ptr(), elements.len())
        };
        let small = std::mem::size_of_val(values.as_ref().as_ref()) < COPY_BELOW_BYTES;
        if small || Arc::get_mut(&mut values).is_none() {
            let copy = $slice::copy_from(&Env::from_raw($env), values.as_ref().as_ref())?;
            ToNapiValue::to_napi_value($env, copy)
        } else {
            let array = $array::with_external_data(pointer.cast_mut(), len, move |_, _| drop(values));
            ToNapiValue::to_napi_value($env, array)
        }
    }};
}

impl ToNapiValue for Values {
    unsafe fn to_napi_value(env: sys::napi_env, values: Values) -> napi::Result<sys::napi_value> {
        // SAFETY: the pointer and length come from elements that the finalizer's closure keeps alive, and no one else
        // can reach them.
        unsafe {
            match values.0 {
                Data::F32(values) => to_typed_array!(env, values, Float32Array, Float32ArraySlice),
                Data::I32(values) => to_typed_array!(env, values, Int32Array, Int32ArraySlice),
                Data::U8(values) | Data::Bool(values) => to_typed_array!(env, values, Uint8Array, Uint8ArraySlice),
            }
        }
    }
}
