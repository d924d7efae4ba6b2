//! Every generated source compiles for the GPUs that this backend is made for, without spilling registers.
//!
//! NVRTC needs no GPU: `pip install nvidia-cuda-nvrtc`, and `GLOROT_CUDA_PATH` names the folder `site-packages`.
//! `GLOROT_CUDA_PROGRAMS=100 cargo test -p glorot-cuda --test nvrtc` compiles so many random programs of each kind.

#[path = "../../cpu/tests/common/mod.rs"]
mod common;
mod programs;

use std::sync::Arc;

use common::Builder;
use glorot_cuda::library::{Environment, Library, Search, places};
use glorot_cuda::{Compiler, Precision, sources};
use libtest_mimic::{Arguments, Trial};

/// Ampere (A100) and Hopper (H100, H200).
const TARGETS: [&str; 2] = ["sm_80", "sm_90"];

fn main() {
    let arguments = Arguments::from_args();
    let search = Search::new(Library::Nvrtc, &places(&Environment::of_process()), None);
    let compiler = search.found.as_ref().map(|found| Arc::new(Compiler::new(found).expect("a usable NVRTC")));
    match &compiler {
        Some(compiler) => eprintln!("NVRTC {:?} at {}", compiler.version(), compiler.path().display()),
        None => eprintln!("the tests are ignored: {}", search.reason()),
    }
    let count: u64 = std::env::var("GLOROT_CUDA_PROGRAMS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let mut cases: Vec<(String, Box<dyn Fn() -> Builder + Send>, Precision)> = vec![
        ("functions_of_special_values".into(), Box::new(programs::special), Precision::Float32),
        ("random_numbers".into(), Box::new(programs::numbers), Precision::Float32),
        ("updates_in_place".into(), Box::new(programs::updates), Precision::Float32),
    ];
    for (name, part, _) in programs::PARTS {
        for seed in 0..count {
            let precision = Precision::ALL[seed as usize % 4];
            cases.push((
                format!("random_{name}_{seed}"),
                Box::new(move || programs::random(part, seed, 20)),
                precision,
            ));
        }
    }
    let trials = cases.into_iter().map(|(name, build, precision)| {
        let compiler = compiler.clone();
        let missing = compiler.is_none();
        let test = move || {
            let compiler = compiler.expect("ignored without");
            TARGETS.into_iter().try_for_each(|target| check(&compiler, &build(), precision, target))
        };
        Trial::test(name, move || test().map_err(Into::into)).with_ignored_flag(missing)
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

/// Compiles the sources of a program and reads what the assembler says of its kernels.
fn check(compiler: &Compiler, builder: &Builder, precision: Precision, target: &str) -> Result<(), String> {
    let made = sources(&builder.build(), 132, false, precision).map_err(|error| error.to_string())?;
    for source in [Some(made.stages), made.fused].into_iter().flatten() {
        let compiled = compiler.compile(&source, target, true).map_err(|error| format!("{error}\n{source}"))?;
        if !compiled.image.starts_with(b"\x7fELF") {
            return Err(format!("no code for {target}"));
        }
        let said: Vec<&str> = compiled.log.lines().filter(|line| line.contains("spill stores")).collect();
        if said.is_empty() {
            return Err(format!("the assembler says nothing of resources:\n{}", compiled.log));
        }
        if let Some(spilled) = said.iter().find(|line| !line.contains("0 bytes spill stores, 0 bytes spill loads")) {
            return Err(format!("{target}: {spilled}\n{}", compiled.log));
        }
    }
    Ok(())
}
