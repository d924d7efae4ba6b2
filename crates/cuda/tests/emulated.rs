//! The backend on a GPU that is emulated by the processor: generated kernels, launches, recordings, sessions, trainings.
//!
//! `GLOROT_CUDA_PROGRAMS=200 cargo test -p glorot-cuda --test emulated` runs so many random programs of each kind.

#![allow(clippy::print_stderr, reason = "why tests are ignored")]

#[path = "../../cpu/tests/common/mod.rs"]
mod common;
mod compiler;
mod counters;
mod emulator;
mod kernels;
mod models;
mod programs;
mod recorder;
mod sessions;
#[path = "target/emulated.rs"]
mod target;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let missing = compiler::find().is_none();
    if missing {
        eprintln!("no C++ compiler (g++, clang++): the tests of generated kernels are ignored");
    }
    let mut trials = kernels::trials();
    trials.extend(sessions::trials());
    trials.extend(counters::trials());
    let trials = trials.into_iter().map(|trial: Trial| trial.with_ignored_flag(missing)).collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    emulator::clean();
    conclusion.exit();
}

/// A test that fails by a panic.
fn trial(name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}
