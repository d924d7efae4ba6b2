//! File formats and data sets.
//!
//! Every reader here treats its file as untrusted: a malformed file gives an error that names the file and what is
//! wrong with it, and memory grows with what the file holds, never with what its header claims.
//!
//! Every writer that replaces a file goes through [`AtomicFile`]: the old file stays until the new one is complete.

mod atomic;
mod cifar;
mod error;
mod glyphs;
mod half;
mod idx;
pub mod keras;
pub mod safetensors;
mod source;
pub mod tensorboard;
#[cfg(test)]
mod test_files;
mod write_error;

pub use atomic::{AtomicFile, write_atomic};
pub use cifar::read_cifar10;
pub use error::DataError;
pub use glyphs::{CLASSES as GLYPH_CLASSES, glyphs};
pub use idx::read_idx;
pub use write_error::WriteError;

use glorot_tensor::Tensor;

/// Samples and their labels.
#[derive(Clone, Debug)]
pub struct Samples {
    /// `[n, ...]`, u8 pixels.
    pub x: Tensor,
    /// `[n]`, u8 class numbers.
    pub y: Tensor,
}

/// A data set as it is usually published: one part to train with, one to test with.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub train: Samples,
    pub test: Samples,
}
