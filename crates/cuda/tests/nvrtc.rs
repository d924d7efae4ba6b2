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

use std::collections::HashSet;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use glorot_cuda::library::{Environment, Library, Search, places};
use glorot_cuda::{Compiler, Precision, StepKind, sources, stop};
use glorot_graph::program::Program;
use libtest_mimic::{Arguments, Trial};

/// Ampere (A100) and Hopper (H100, H200).
const TARGETS: [&str; 2] = ["sm_80", "sm_90"];

/// Programs that are lowered for these precisions, and with and without the libraries.
struct Case {
    name: String,
    programs: Box<dyn Fn() -> Vec<Program> + Send>,
    precisions: &'static [Precision],
    library: &'static [bool],
}

const EXACT: &[Precision] = &[Precision::Float32];
const ALL: &[Precision] = &Precision::ALL;
const HALF: &[Precision] = &[Precision::Float32, Precision::Bfloat16];

impl Case {
    /// In float32, without the libraries.
    fn new(name: &str, programs: impl Fn() -> Vec<Program> + Send + 'static) -> Case {
        Case { name: name.into(), programs: Box::new(programs), precisions: EXACT, library: &[false] }
    }
}

/// All programs of the tests of kernels, and of whole trainings.
fn cases(count: u64) -> Vec<Case> {
    let mut cases = vec![
        Case::new("functions_of_special_values", || vec![programs::special().build()]),
        Case::new("random_numbers", || vec![programs::uniform().build(), programs::normal().build()]),
        Case::new("reductions_of_special_values", || vec![programs::special_reductions().build()]),
        Case::new("updates_in_place", || vec![programs::updates().build()]),
        Case {
            precisions: ALL,
            library: &[false, true],
            ..Case::new("large_products", || vec![programs::large_products().build()])
        },
    ];
    for (part, build, _) in programs::PARTS {
        for seed in 0..count {
            let precisions = if part == "products" { ALL } else { EXACT };
            let build = move || vec![programs::random(build, seed, 10).build()];
            cases.push(Case { precisions, ..Case::new(&format!("random_{part}_{seed}"), build) });
        }
    }
    for seed in 0..count {
        cases.push(Case::new(&format!("random_batches_{seed}"), move || vec![programs::chain(seed).0.build()]));
    }
    for convolution in programs::CONVOLUTIONS {
        let name = format!("convolutions_of_{}", convolution.name);
        let build = move || vec![convolution.program()];
        cases.push(Case { precisions: HALF, library: &[false, true], ..Case::new(&name, build) });
    }
    for (name, layers, optimizer) in [
        ("a_deep_network", models::deep(20, 100), "Nadam"),
        ("a_deep_normalized_network", models::deep_normalized(6, 100), "Nadam"),
        ("a_normalized_network", models::dense(), "Adam"),
        ("a_convolutional_network", models::convolutional(), "SGD"),
    ] {
        cases.push(Case::new(name, move || recorder::programs(&layers, optimizer)));
    }
    for (name, layers) in [("a_wide_network", models::wide()), ("a_wide_convolutional_network", models::wide_images())]
    {
        let build = move || recorder::programs(&layers, "Adam");
        cases.push(Case { precisions: HALF, library: &[true], ..Case::new(name, build) });
    }
    cases
}

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
    let mut trials =
        vec![Trial::test("a_process_ends_while_it_compiles", ending).with_ignored_flag(compiler.is_none())];
    trials.extend(cases(count).into_iter().map(|case| {
        let compiler = compiler.clone();
        let missing = compiler.is_none();
        let test = move || {
            let compiler = compiler.expect("ignored without");
            let mut seen = HashSet::new();
            for program in (case.programs)() {
                for (&precision, &library) in
                    case.precisions.iter().flat_map(|p| case.library.iter().map(move |l| (p, l)))
                {
                    check(&compiler, &program, precision, library, &mut seen)?;
                }
            }
            Ok::<_, String>(())
        };
        Trial::test(case.name.clone(), move || test().map_err(Into::into)).with_ignored_flag(missing)
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

/// Processes of their own end at different points of compilations, of which one at a time may be in some parts of NVRTC.
fn ending() -> Result<(), libtest_mimic::Failed> {
    for (threads, milliseconds) in
        [(1, [0, 30, 100, 300, 600, 900].as_slice()), (4, [5, 10, 20, 50, 100, 150, 200].as_slice())]
    {
        for milliseconds in milliseconds {
            let mut process = Command::new(std::env::current_exe()?)
                .env(ENDING, format!("{threads} {milliseconds}"))
                .stderr(Stdio::piped())
                .spawn()?;
            let begin = Instant::now();
            while process.try_wait()?.is_none() && begin.elapsed() < Duration::from_secs(60) {
                std::thread::sleep(Duration::from_millis(5));
            }
            // Of a process that has ended an error.
            let _ = process.kill();
            let output = process.wait_with_output()?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                return Err(format!("{threads} threads, {milliseconds} ms: {}: {said}", output.status).into());
            }
        }
    }
    Ok(())
}

fn end_while_compiling(compiler: &Arc<Compiler>) {
    let told = std::env::var(ENDING).expect("threads and milliseconds");
    let numbers: Vec<u64> = told.split(' ').map(|number| number.parse().expect("a number")).collect();
    for _ in 0..numbers[0] {
        let background = Arc::clone(compiler);
        std::thread::spawn(move || background.compile(&long(), TARGETS[1], false));
    }
    std::thread::sleep(Duration::from_millis(numbers[1]));
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

/// Compiles the sources of a program, but for those that were seen, and reads what the assembler says of its kernels.
fn check(
    compiler: &Compiler,
    program: &Program,
    precision: Precision,
    library: bool,
    seen: &mut HashSet<String>,
) -> Result<(), String> {
    let made = sources(program, 132, library, precision).map_err(|error| error.to_string())?;
    let stages = (None, made.stages);
    // Other precisions change functions, not what is made of them: one GPU and one kernel of all stages show it.
    let is_first = precision == Precision::Float32;
    for (kind, source) in
        std::iter::once(stages).chain(made.fused.into_iter().map(|(kind, source)| (Some(kind), source)))
    {
        if !seen.insert(source.clone()) || !(is_first || matches!(kind, None | Some(StepKind::Block | StepKind::Rows)))
        {
            continue;
        }
        for target in TARGETS {
            // Ampere has no clusters.
            let is_possible = !matches!(kind, Some(StepKind::Cluster8 | StepKind::Cluster16 | StepKind::Cluster16Rows));
            if target == "sm_90" || (is_first && is_possible) {
                assemble(compiler, &source, target)?;
            }
        }
    }
    Ok(())
}

fn assemble(compiler: &Compiler, source: &str, target: &str) -> Result<(), String> {
    let begin = Instant::now();
    let compiled = compiler.compile(source, target, true).map_err(|error| format!("{error}\n{source}"))?;
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
    match said.iter().find(|line| spilled(line) > SPILLED_BYTES) {
        Some(spilled) => Err(format!("{target}: {spilled}\n{}", compiled.log)),
        None => Ok(()),
    }
}
