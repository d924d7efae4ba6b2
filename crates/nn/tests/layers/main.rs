//! Layers and activations: what holds for every layer (`harness`), and values worked out by hand.

mod activations;
mod batch_normalization;
mod common;
mod dense;
mod dropout;
mod flatten;
mod harness;
mod merge;
mod rescaling;
