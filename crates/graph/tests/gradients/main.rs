//! Gradients against central differences in f64, on random shapes.

mod expressions;
mod ops;
mod support;
