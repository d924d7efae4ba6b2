//! Shapes, dtypes, host tensors and counter-based random numbers.
