//! Protocol-buffer messages, limited to the fields that are written here.
//!
//! Field numbers are those of the `.proto` files named in each module. A map is declared as repeated key-value entries:
//! the two are the same bytes, and entries keep their order.

pub mod event;
pub mod graph;
pub mod hparams;
pub mod tensor;
