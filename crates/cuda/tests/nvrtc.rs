//! Every generated source compiles for the GPUs that this backend is made for, without spilling registers to speak of.
//!
//! NVRTC needs no GPU: `pip install nvidia-cuda-nvrtc`, and `GLOROT_CUDA_PATH` names the folder `site-packages`.
//! `GLOROT_CUDA_PROGRAMS=100 cargo test -p glorot-cuda --test nvrtc` compiles so many random programs of each kind,
//! `GLOROT_CUDA_TIMES=1 cargo test -p glorot-cuda --test nvrtc -- deep` says how long each source takes.

#![allow(clippy::print_stderr, reason = "why tests are ignored")]

#[path = "../../cpu/tests/common/mod.rs"]
mod common;
mod models;
mod programs;
mod recorder;

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use glorot_cuda::library::{Environment, Library, Search, places};
use glorot_cuda::{Compiler, Precision, StepKind, sources, stop};
use glorot_graph::program::Program;
use libtest_mimic::{Arguments, Trial};

/// Ampere (A100) and Hopper (H100, H200).
const TARGETS: [&str; 2] = ["sm_80", "sm_90"];

/// A name, what makes the programs, and the precision of their products.
type Case = (String, Box<dyn Fn() -> Vec<Program> + Send>, Precision);

fn main() {
    let arguments = Arguments::from_args();
    let search = Search::new(Library::Nvrtc, &places(&Environment::of_process()), None);
    let compiler = search.found.as_ref().map(|found| Arc::new(Compiler::new(found).expect("a usable NVRTC")));
    match &compiler {
        Some(compiler) => eprintln!("NVRTC {:?} at {}", compiler.version(), compiler.path().display()),
        None => eprintln!("the tests are ignored: {}", search.reason()),
    }
    if std::env::var_os(ENDING).is_some() {
        return end_while_compiling(&compiler.expect("an NVRTC"));
    }
    let count: u64 = std::env::var("GLOROT_CUDA_PROGRAMS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let mut cases: Vec<Case> = vec![
        ("functions_of_special_values".into(), Box::new(|| vec![programs::special().build()]), Precision::Float32),
        ("random_numbers".into(), Box::new(|| vec![programs::numbers().build()]), Precision::Float32),
        (
            "reductions_of_special_values".into(),
            Box::new(|| vec![programs::special_reductions().build()]),
            Precision::Float32,
        ),
        ("updates_in_place".into(), Box::new(|| vec![programs::updates().build()]), Precision::Float32),
    ];
    for (name, part, _) in programs::PARTS {
        for seed in 0..count {
            let precision = Precision::ALL[seed as usize % 4];
            cases.push((
                format!("random_{name}_{seed}"),
                Box::new(move || vec![programs::random(part, seed, 20).build()]),
                precision,
            ));
        }
    }
    for (name, layers, optimizer) in [
        ("a_deep_network", models::deep(20, 100), "Nadam"),
        ("a_deep_normalized_network", models::deep_normalized(6, 100), "Nadam"),
        ("a_normalized_network", models::dense(), "Adam"),
        ("a_convolutional_network", models::convolutional(), "SGD"),
    ] {
        let precision = Precision::Float32;
        cases.push((name.into(), Box::new(move || recorder::programs(&layers, optimizer)), precision));
    }
    let mut trials =
        vec![Trial::test("a_process_ends_while_it_compiles", ending).with_ignored_flag(compiler.is_none())];
    trials.extend(cases.into_iter().map(|(name, build, precision)| {
        let compiler = compiler.clone();
        let missing = compiler.is_none();
        let test = move || {
            let compiler = compiler.expect("ignored without");
            let programs = build();
            let cases = programs.iter().flat_map(|program| TARGETS.map(|target| (program, target)));
            cases.into_iter().try_for_each(|(program, target)| check(&compiler, program, precision, target))
        };
        Trial::test(name, move || test().map_err(Into::into)).with_ignored_flag(missing)
    }));
    libtest_mimic::run(&arguments, trials).exit();
}

/// In whose environment this is set, the process compiles and ends.
const ENDING: &str = "GLOROT_TEST_ENDING";

/// A source that takes seconds.
fn long() -> String {
    let kernel = |i: usize| {
        format!(
            "extern \"C\" __global__ void k{i}(float* a, float* b) {{\n  for (int j = 0; j < 100; j++) \
             a[threadIdx.x] += sinf(b[j]) * tanhf(a[j] * {i}.0f) + powf(a[threadIdx.x], b[j]);\n}}\n"
        )
    };
    (0..150).map(kernel).collect()
}

/// Processes of their own end at different points of a compilation.
fn ending() -> Result<(), libtest_mimic::Failed> {
    for milliseconds in [0, 30, 100, 300, 600, 900] {
        let program = std::env::current_exe()?;
        let output = Command::new(program).env(ENDING, milliseconds.to_string()).output()?;
        if !output.status.success() {
            return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into());
        }
    }
    Ok(())
}

fn end_while_compiling(compiler: &Arc<Compiler>) {
    let milliseconds = std::env::var(ENDING).ok().and_then(|text| text.parse().ok()).expect("milliseconds");
    let background = Arc::clone(compiler);
    std::thread::spawn(move || background.compile(&long(), TARGETS[1], false));
    std::thread::sleep(std::time::Duration::from_millis(milliseconds));
    stop();
    let after = compiler.compile(&long(), TARGETS[1], false).unwrap_err().to_string();
    assert!(after.contains("the process is about to end"), "{after}");
}

/// What a call inside a kernel may keep in local memory.
const SPILLED_BYTES: usize = 64;

/// `… 8 bytes spill stores, 4 bytes spill loads`: the first number.
fn spilled(line: &str) -> usize {
    let before = line.split(" bytes spill stores").next().unwrap_or_default();
    before.rsplit(' ').next().and_then(|bytes| bytes.parse().ok()).unwrap_or(usize::MAX)
}

/// Compiles the sources of a program and reads what the assembler says of its kernels.
fn check(compiler: &Compiler, program: &Program, precision: Precision, target: &str) -> Result<(), String> {
    let made = sources(program, 132, false, precision).map_err(|error| error.to_string())?;
    let has_clusters = target == "sm_90";
    let usable = |kind: &StepKind| has_clusters || !matches!(kind, StepKind::Cluster8 | StepKind::Cluster16);
    let fused = made.fused.into_iter().filter(|(kind, _)| usable(kind)).map(|(_, source)| source);
    for source in std::iter::once(made.stages).chain(fused) {
        let begin = Instant::now();
        let compiled = compiler.compile(&source, target, true).map_err(|error| format!("{error}\n{source}"))?;
        if std::env::var_os("GLOROT_CUDA_TIMES").is_some() {
            let name = source.lines().rev().find_map(|line| line.strip_prefix("GLOROT_KERNEL(")).unwrap_or_default();
            let seconds = begin.elapsed().as_secs_f64();
            eprintln!("{target}, {} bytes, last kernel {}: {seconds:.2} s", source.len(), name.trim_end_matches(')'));
        }
        if !compiled.image.starts_with(b"\x7fELF") {
            return Err(format!("no code for {target}"));
        }
        let said: Vec<&str> = compiled.log.lines().filter(|line| line.contains("spill stores")).collect();
        if said.is_empty() {
            return Err(format!("the assembler says nothing of resources:\n{}", compiled.log));
        }
        if let Some(spilled) = said.iter().find(|line| spilled(line) > SPILLED_BYTES) {
            return Err(format!("{target}: {spilled}\n{}", compiled.log));
        }
    }
    Ok(())
}
