//! The generated sources of a program, for who wants to read or check them.

use glorot_graph::device::DeviceError;
use glorot_graph::program::Program;

use crate::codegen::Precision;
use crate::device::StepKind;
use crate::lower::{Refused, Sources, Tuning, lower};

/// What a program becomes.
#[derive(Clone, Debug)]
pub struct ProgramSources {
    /// The kernels that run a step, a stage at a time.
    pub stages: String,
    /// If the program is narrow, a kernel that runs many steps for each way to do so.
    pub fused: Vec<(StepKind, String)>,
    /// Launches of a step.
    pub launches: usize,
    /// Bytes of scratch memory that a step needs.
    pub arena_bytes: usize,
}

/// The sources of a program for a GPU of so many multiprocessors.
///
/// # Errors
///
/// If the program is invalid.
pub fn sources(
    program: &Program,
    multiprocessors: usize,
    library: bool,
    precision: Precision,
) -> Result<ProgramSources, DeviceError> {
    let tuning = Tuning { multiprocessors, library, convolutions: library, precision };
    let lowered = lower(program, tuning, &Refused::default())?;
    let Sources { stages, fused, launches, .. } = Sources::new(program, &lowered, tuning);
    Ok(ProgramSources { stages, fused, launches: launches.len(), arena_bytes: lowered.arena_bytes() })
}
