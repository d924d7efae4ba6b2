//! Keras loads what `glorot_io::keras` writes, predicts the same, and goes on with training as if nothing had happened.
//!
//! The interpreter is `GLOROT_PYTHON`, else `python3`. Where `python3` lacks Keras, the tests are ignored; an
//! interpreter that is named explicitly must have it.

#[path = "keras/support.rs"]
#[allow(dead_code, reason = "shared with the test `keras`, which uses all of it")]
mod support;

use std::process::Command;

use glorot_io::keras::{write_h5, write_keras, write_weights_h5};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

use support::{folder, models};

const SUFFIXES: [&str; 3] = [".keras", ".h5", ".weights.h5"];

fn python() -> (String, bool) {
    std::env::var("GLOROT_PYTHON").map_or_else(|_| ("python3".into(), false), |python| (python, true))
}

fn has_keras(python: &str) -> bool {
    let find = "import sys, importlib.util as u; sys.exit(not all(map(u.find_spec, ['keras', 'h5py'])))";
    let output = Command::new(python).args(["-c", find]).output();
    output.is_ok_and(|output| output.status.success())
}

fn keras_loads(python: &str) -> Result<(), Failed> {
    let target = tempfile::tempdir()?;
    let models = models();
    for (case, model) in &models {
        let stem = case.file.file_stem().unwrap().to_str().unwrap();
        let path = |suffix: &str| target.path().join(format!("{stem}{suffix}"));
        write_keras(path(".keras"), model)?;
        write_h5(path(".h5"), model)?;
        write_weights_h5(path(".weights.h5"), &model.config, &model.weights)?;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/load_models.py");
    let output = Command::new(python).arg(script).arg(target.path()).arg(folder()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let found: Value = serde_json::from_slice(&output.stdout)?;
    for (case, _) in &models {
        let stem = case.file.file_stem().unwrap().to_str().unwrap();
        for suffix in SUFFIXES {
            let result = &found[format!("{stem}{suffix}")];
            assert_eq!(result["prediction"], true, "{stem}{suffix}: {result}");
            // Keras itself loses the optimizer's state of .h5 files.
            if stem.starts_with("resume_") && suffix == ".keras" {
                assert_eq!(result["losses"], true, "{stem}{suffix}: {result}");
            }
        }
    }
    Ok(())
}

fn main() {
    let (python, named) = python();
    let ignored = !named && !has_keras(&python);
    let trial = Trial::test("keras_loads", move || keras_loads(&python)).with_ignored_flag(ignored);
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit();
}
