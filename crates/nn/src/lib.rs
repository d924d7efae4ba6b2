//! Layers, activations, initializers, losses, metrics and optimizers that build graph.
//!
//! Everything here is a few lines on [`glorot_graph::Sym`] with a configuration that Keras can read. There is no
//! backward code and no device code.

pub mod activations;
pub mod config;
pub mod constraint;
pub mod constraints;
pub mod context;
pub mod error;
pub mod functions;
pub mod initializers;
pub mod layer;
pub mod layers;
pub mod losses;
pub mod metrics;
pub mod model;
pub mod names;
pub mod optimizers;
pub mod regularizer;
pub mod regularizers;
pub mod rng;
pub mod schedules;
#[cfg(test)]
mod testing;
pub mod variable;
mod weight_limit;

pub use context::{Context, Mode, StateTable};
pub use error::{Error, Result};
pub use layer::{Layer, LayerRef, Weight};
pub use variable::Variable;
pub use weight_limit::{claim_weight, with_weight_limit};
