//! The graph of a training step: operations, shape inference, autograd, passes, programs.
//!
//! A model is traced into a [`Graph`] through [`Tracer`] and [`Sym`]; [`autograd::gradients`] extends it; the passes
//! turn it into a [`program::Program`]; a [`device::Device`] runs that step after step. This crate does not know what a
//! layer is.

pub mod autograd;
pub mod device;
mod error;
mod graph;
mod op;
pub mod ops;
mod passes;
pub mod program;
pub mod reference;
pub mod replicas;
mod sym;

pub use error::{GraphError, Result};
pub use graph::{Graph, Node, NodeId, TensorSpec};
pub use op::{BinaryOp, CompareOp, Op, RandomKind, Real, ReduceKind, StateId, UnaryOp, Window};
pub use passes::{Sharing, compile, rearrange, windows};
pub use sym::{Padding, Sym, Tracer};
