//! Model files of Keras against the golden results of Keras 3.15 and 2.15.

mod compare;
mod golden;
mod hostile;
mod round_trip;
mod support;
