//! The op set, a family a file: constructor with shape rule and folding, gradient, plain f64 reference.

mod compare;
mod concat;
mod elementwise;
mod gather;
mod leaves;
mod matmul;
mod movement;
mod pad;
pub mod random;
mod reduce;
