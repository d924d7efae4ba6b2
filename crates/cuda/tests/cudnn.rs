//! cuDNN has engines for the convolutions of this backend: asked of the library itself, for a GPU that is described to it and
//! need not be there.
//!
//! `pip install nvidia-cudnn-cu13 nvidia-cuda-nvrtc`, and `GLOROT_CUDA_PATH` names the folder `site-packages`. It also needs a
//! driver or a C compiler, with which one that does nothing is built (`described/driver.c`).
//! `GLOROT_CUDNN_NOTES=1 cargo test -p glorot-cuda --test cudnn -- --test-threads 1` says what it notes of each engine, and how
//! long it took to find.

#![allow(clippy::print_stderr, reason = "why tests are ignored")]

mod compiler;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use glorot_cuda::gpu::{Computes, Convolution, ConvolutionShape};
use glorot_cuda::library::{Environment, Found, Library, Opened, Search, places};
use glorot_cuda::{Precision, dnn_cuda, dnn_engine, dnn_version};
use glorot_graph::program::FoldAxis;
use libtest_mimic::{Arguments, Trial};

/// An H100 as cuDNN describes it.
const H100: &str = include_str!("described/h100.json");

/// cuDNN's note of engines that round operands of float32 to TF32.
const TENSOR_CORE: i32 = 0;
const NONDETERMINISTIC: i32 = 4;

const ALL: [Computes; 3] = [Computes::Results, Computes::Filters, Computes::Images];

fn main() {
    let arguments = Arguments::from_args();
    let folder = tempfile::tempdir().expect("a folder");
    let found = look(folder.path());
    if let Err(reason) = &found {
        eprintln!("the tests are ignored: {reason}");
    }
    let found = found.ok().map(Arc::new);
    let trial = |name: String, test: Box<dyn FnOnce(&Found) + Send>| {
        let found = found.clone();
        let missing = found.is_none();
        Trial::test(name, move || {
            test(&found.expect("ignored without"));
            Ok(())
        })
        .with_ignored_flag(missing)
    };
    let mut trials = Vec::new();
    for (name, shape) in shapes() {
        for precision in Precision::ALL {
            let test = move |found: &Found| has_engines(found, name, shape, precision);
            trials.push(trial(format!("{name}_in_{}", precision.name()), Box::new(test)));
        }
    }
    trials.push(trial("windows_that_do_not_fit_are_an_error".into(), Box::new(wrong)));
    libtest_mimic::run(&arguments, trials).exit();
}

/// cuDNN, and a driver for it.
fn look(folder: &Path) -> Result<Found, String> {
    let places = places(&Environment::of_process());
    let search = Search::new(Library::Cudnn, &places, None);
    let found = search.found.clone().ok_or_else(|| search.reason())?;
    // It opens them by name. Without cuBLAS it may end the process, without NVRTC it has fewer engines.
    for library in [Library::CublasLt, Library::Nvrtc] {
        let needed = Search::new(library, &places, dnn_cuda(&found));
        needed.found.as_ref().ok_or_else(|| needed.reason())?;
    }
    if Search::new(Library::Driver, &places, None).found.is_none() {
        let driver = folder.join("libcuda.so.1");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/described/driver.c");
        let flags = ["-x", "c", "-shared", "-fPIC", "-w", "-Wl,-soname,libcuda.so.1", source, "-o"];
        let compiler = compiler::find().ok_or("there is neither a driver nor a C compiler")?;
        let output = Command::new(compiler).args(flags).arg(&driver).output().map_err(|error| error.to_string())?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Opened::open(Library::Driver, &driver)?;
    }
    Ok(found)
}

fn axis(length: usize, size: usize, stride: usize, dilation: usize) -> FoldAxis {
    FoldAxis { length, positions: (length - (size - 1) * dilation - 1) / stride + 1, size, stride, dilation }
}

fn shapes() -> Vec<(&'static str, ConvolutionShape)> {
    let images = |images, channels, filters, axes| ConvolutionShape { images, channels, filters, axes };
    let square = |length, size, stride, dilation| [axis(length, size, stride, dilation); 2];
    vec![
        ("colors", images(32, 3, 32, square(34, 3, 1, 1))),
        ("images", images(32, 32, 64, square(34, 3, 1, 1))),
        ("odd_channels", images(32, 37, 50, square(30, 3, 1, 1))),
        ("strides", images(32, 64, 64, square(33, 3, 2, 1))),
        ("dilations", images(32, 64, 64, square(34, 3, 1, 2))),
        ("large_windows", images(32, 16, 32, square(40, 7, 1, 1))),
        ("series", images(32, 64, 64, [axis(1, 1, 1, 1), axis(500, 5, 1, 1)])),
    ]
}

fn convolution(shape: ConvolutionShape, computes: Computes, precision: Precision) -> Convolution {
    Convolution { shape, computes, images: 256, filters: 256, results: 256, precision }
}

/// All three are computed by an engine that is deterministic, and exact if it should be.
fn has_engines(found: &Found, name: &str, shape: ConvolutionShape, precision: Precision) {
    // In 16 bits cuDNN wants pairs of channels; versions before 9.20 are not asked.
    let may_miss = precision.is_16_bit()
        && (shape.channels % 2 == 1 || dnn_version(found).is_none_or(|version| version < (9, 20)));
    for computes in ALL {
        let start = Instant::now();
        let notes = dnn_engine(found, H100, &convolution(shape, computes, precision));
        let notes = notes.unwrap_or_else(|error| panic!("{computes:?}: {error}"));
        let Some(notes) = notes else {
            assert!(may_miss, "no engine for {computes:?} of {shape:?}");
            continue;
        };
        assert!(!notes.contains(&NONDETERMINISTIC), "{computes:?}: {notes:?}");
        assert!(precision != Precision::Float32 || !notes.contains(&TENSOR_CORE), "{computes:?}: {notes:?}");
        if std::env::var_os("GLOROT_CUDNN_NOTES").is_some() {
            let elapsed = start.elapsed();
            eprintln!("{name}, {computes:?}, {}: notes {notes:?}, {elapsed:.0?}", precision.name());
        }
    }
}

/// What is wrong is told, not taken for something that cuDNN does not do.
fn wrong(found: &Found) {
    let mut shape = shapes()[1].1;
    shape.axes[0].positions += 1;
    let error = dnn_engine(found, H100, &convolution(shape, Computes::Results, Precision::Float32)).unwrap_err();
    let error = error.to_string();
    assert!(error.starts_with("cuDNN: a descriptor: CUDNN_STATUS_BAD_PARAM"), "{error}");
}
