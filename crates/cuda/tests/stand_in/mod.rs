//! Builds the stand-in for NVIDIA's libraries (`stand_in.hpp`) and runs this program again with it.

use std::path::Path;
use std::process::{Command, ExitStatus};

use crate::compiler;

/// In whose environment this is set, the process runs with a stand-in.
const INSIDE: &str = "GLOROT_TEST_STAND_IN";

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

/// True if this process runs with a stand-in.
pub fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some_and(|value| value == "1")
}

/// True if a stand-in can be built here, and this process does not run with it already. `GLOROT_TEST_STAND_IN=0`: none.
pub fn is_possible() -> bool {
    cfg!(target_os = "linux")
        && std::env::var_os(INSIDE).is_none()
        && Path::new(SOURCES).exists()
        && compiler::find().is_some()
}

/// Builds it in a folder.
pub fn build(folder: &Path) {
    let compiler = compiler::find().expect("a C++ compiler");
    let script = format!("{SOURCES}/stand_in/build.sh");
    let output = Command::new("sh").args([&script, compiler]).arg(folder).output().expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A command whose process finds the stand-in of a folder.
pub fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env(INSIDE, "1").env("STAND_IN_STRICT", "1").env("LD_LIBRARY_PATH", folder).env("GLOROT_CUDA_PATH", folder);
    command.env("GLOROT_CUDA_CACHE", folder.join("cache"));
    command
}

/// Runs this program with its arguments again.
pub fn again() -> ExitStatus {
    let folder = tempfile::tempdir().expect("a folder");
    build(folder.path());
    let program = std::env::current_exe().expect("this program");
    let mut command = command(&program, folder.path());
    if std::env::var_os("GLOROT_CUDA_PROGRAMS").is_none() {
        command.env("GLOROT_CUDA_PROGRAMS", "1");
    }
    command.args(std::env::args_os().skip(1)).status().expect("this program runs")
}
