//! The contract of sessions: states, inputs, data sets, many steps, memory, errors; and trainings as on the CPU.

mod contract;
mod training;

pub use contract::{TOO_LITTLE, train};
use libtest_mimic::Trial;

pub fn trials() -> Vec<Trial> {
    let mut trials = contract::trials();
    trials.extend(training::trials());
    trials
}
