//! Layers and activations: what holds for every layer (`harness`), and values worked out by hand.

mod activations;
mod batch_normalization;
mod common;
mod conv;
mod dense;
mod dropout;
mod embedding;
mod flatten;
mod harness;
mod merge;
mod pooling;
mod rescaling;
mod reshaping;
