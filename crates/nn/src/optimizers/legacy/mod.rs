//! The optimizers of Keras up to 2.10, as its files name them: `{ class_name, config: { is_legacy_optimizer: true, … } }`.
//!
//! They know no weight decay, no moving averages and no accumulation. `decay` slows the rate: `rate / (1 + decay k)` after
//! `k` updates. Their variables are the iterations and then the slots, one kind after another but for Ftrl; the rate is none.

mod adagrad;
mod nadam;
mod rmsprop;
mod same_rule;
#[cfg(test)]
mod tests;

use crate::optimizers::Read;
use crate::optimizers::{adadelta, adam, adamax, ftrl, sgd};
use same_rule::SameRule;

/// All legacy optimizers by class name.
pub(super) const OPTIMIZERS: &[(&str, Read)] = &[
    ("Adadelta", |options| SameRule::read(adadelta::read, &["accum_grad", "accum_var"], options)),
    ("Adagrad", adagrad::read),
    ("Adam", |options| SameRule::read(adam::read, &["m", "v", "vhat"], options)),
    ("Adamax", |options| SameRule::read(adamax::read, &["m", "v"], options)),
    ("Ftrl", |options| SameRule::read_interleaved(ftrl::read, &["accumulator", "linear"], options)),
    ("Nadam", nadam::read),
    ("RMSprop", rmsprop::read),
    ("SGD", |options| SameRule::read(sgd::read, &["momentum"], options)),
];
