//! The contract of sessions: states, inputs, data sets, many steps, memory, errors; and trainings as on the CPU.

pub mod contract;
mod training;

pub use contract::train;
use libtest_mimic::Trial;

pub fn trials() -> Vec<Trial> {
    let mut trials = contract::trials();
    trials.extend(training::trials());
    trials
}
