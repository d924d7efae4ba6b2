//! Functional models with several inputs and outputs, shared layers, nested models and skip connections, compared with
//! what Keras computes and writes (`keras/`, made by `keras/generate.py`).

mod common;
mod index_range;
mod keras;
mod wide_and_deep;
