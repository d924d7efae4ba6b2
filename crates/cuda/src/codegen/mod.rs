//! CUDA C++ from the kernels of a program.

mod axes;
mod body;
mod by_rows;
mod check;
mod fold_windows;
mod function;
mod map;
mod mat_mul;
mod points;
mod reduce;
mod rows;
mod tile;

pub(crate) use by_rows::{Batch, Own, RowAxis};
pub(crate) use by_rows::{map as map_rows, mat_mul as mat_mul_rows, reduce as reduce_rows};
pub(crate) use check::check;
pub(crate) use fold_windows::fold_windows;
pub use function::THREADS;
pub(crate) use function::{Function, Functions, Parameters};
pub(crate) use map::map;
pub use mat_mul::Precision;
pub(crate) use mat_mul::{epilogue, epilogue_of_transpose, mat_mul, parts};
pub(crate) use reduce::{combine, partial, reduce};
pub(crate) use rows::{gather, halve, scatter_add, zero};
pub(crate) use tile::Cut;

/// What every source begins with: functions, conversions, random numbers.
pub const PRELUDE: &str = include_str!("prelude.cuh");
