//! Layers and activations: what holds for every layer (`harness`), and values worked out by hand.

mod activation_layers;
mod activations;
mod batch_normalization;
mod categories;
mod common;
mod conv;
mod dense;
mod dropout;
mod einsum_dense;
mod embedding;
mod flatten;
mod harness;
mod merge;
mod monte_carlo;
mod noise;
mod normalization;
mod normalizing;
mod pooling;
mod random_configs;
mod rescaling;
mod reshaping;
