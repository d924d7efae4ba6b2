//! Kernels against their plain meaning.

mod by_rows;
pub mod convolutions;

use glorot_cuda::{CudaOptions, Precision};
use glorot_graph::device::Device;
use libtest_mimic::Trial;

use crate::common::{Builder, Dice};
use crate::programs::{self, EPILOGUES, Epilogue, PARTS};
use crate::target::{device, programs_of_a_kind};
use crate::trial;

/// Random programs of each kind.
fn count() -> u64 {
    std::env::var("GLOROT_CUDA_PROGRAMS").ok().and_then(|count| count.parse().ok()).unwrap_or_else(programs_of_a_kind)
}

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, part, tolerance) in PARTS {
        for seed in 0..count() {
            trials.push(trial(&format!("random_{name}_{seed}"), move || {
                programs::random(part, seed, 30).check(&device(false, CudaOptions::default()), tolerance);
            }));
        }
    }
    let exact = |name: &str, program: fn() -> Builder, tolerance: f64| {
        trial(name, move || program().check(&device(false, CudaOptions::default()), tolerance))
    };
    trials.push(exact("functions_of_special_values", programs::special, 1e-6));
    trials.push(exact("reductions_of_special_values", programs::special_reductions, 5e-7));
    trials.push(exact("uniform_random_numbers", programs::uniform, 0.0));
    // A GPU's logarithms and sines are not those of the host.
    trials.push(exact("normal_random_numbers", programs::normal, 5e-7));
    trials.push(exact("updates_in_place", programs::updates, 1e-6));
    trials.push(trial("library_products", || products(Precision::Float32, 1e-4)));
    trials.push(trial("library_products_in_bfloat16", || products(Precision::Bfloat16, 0.05)));
    trials.push(trial("library_products_in_float16", || products(Precision::Float16, 0.01)));
    trials.push(trial("library_products_keep_what_is_no_number", no_numbers));
    trials.push(trial("generated_products_round_as_the_library_does", rounding));
    trials.extend(convolutions::trials());
    trials.extend(by_rows::trials());
    trials
}

/// Large products through the library.
fn products(precision: Precision, tolerance: f64) {
    let options = CudaOptions { precision, ..CudaOptions::default() };
    let tolerance = tolerance * if precision == Precision::Float32 { 1.0 } else { 4.0 };
    programs::large_products().check(&device(true, options), tolerance);
}

/// ReLU of what is no number is none either, in the library as in generated kernels.
fn no_numbers() {
    for epilogue in [Epilogue::Relu, Epilogue::BiasRelu] {
        let (mut builder, mut dice) = (Builder::default(), Dice::new(7));
        programs::product(&mut builder, &mut dice, [1, 260, 260, 260], [false, false], epilogue);
        let operand = &mut builder.values[0];
        (operand[5], operand[2000]) = (f64::NAN, f64::INFINITY);
        builder.check(&device(true, CudaOptions::default()), 1e-4);
        builder.check(&device(false, CudaOptions::default()), 1e-4);
    }
}

/// A product in lower precision is the same whether the library or a generated kernel computes it.
fn rounding() {
    for precision in [Precision::Bfloat16, Precision::Float16] {
        let (mut builder, mut dice) = (Builder::default(), Dice::new(6));
        programs::product(&mut builder, &mut dice, [1, 260, 257, 256], [false, true], EPILOGUES[0]);
        let options = CudaOptions { precision, ..CudaOptions::default() };
        let results = [true, false].map(|library| builder.run(&device(library, options) as &dyn Device));
        let [with, without] = results.map(|tensors| tensors[0].to_f64());
        let close = with.iter().zip(&without).all(|(a, b)| (a - b).abs() <= 1e-4 * (1.0 + b.abs()));
        assert!(close, "{precision:?}");
        let whole = builder.run(&device(false, CudaOptions::default()) as &dyn Device)[0].to_f64();
        let differs = whole.iter().zip(&without).any(|(a, b)| (a - b).abs() > 1e-3);
        assert!(differs, "{precision:?} rounds nothing");
    }
}
