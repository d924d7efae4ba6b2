//! The training loop: batching, shuffling, validation, metrics, events, cancellation.
