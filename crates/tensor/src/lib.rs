//! Shapes, dtypes, host tensors and counter-based random numbers.
//!
//! This crate knows nothing of graphs or devices.

mod dtype;
pub mod random;
mod shape;
mod shuffle;
mod tensor;

pub use dtype::DType;
pub use shape::Shape;
pub use shuffle::Shuffle;
pub use tensor::{Data, Tensor, TensorError};
