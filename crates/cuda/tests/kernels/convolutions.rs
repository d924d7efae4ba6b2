//! Training steps of large convolutions, which a library computes, against the processor, and again.

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_cuda::{CudaOptions, Precision};
use glorot_graph::device::Device;
use glorot_graph::{StateId, TensorSpec};
use glorot_tensor::{DType, Tensor};
use libtest_mimic::Trial;

use crate::common::Dice;
use crate::programs::{CONVOLUTIONS, Convolution};
use crate::target::device;
use crate::trial;

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = CONVOLUTIONS
        .into_iter()
        .map(|case| {
            let name = format!("library_convolutions_of_{}", case.name);
            trial(&name, move || compare(&case, Precision::Float32, 1e-4))
        })
        .collect();
    let [first, ..] = CONVOLUTIONS;
    trials.push(trial("library_convolutions_in_bfloat16", move || compare(&first, Precision::Bfloat16, 0.05)));
    trials
}

/// Two steps on a device: the outputs of the second and the states; and what the device reports.
fn run(case: &Convolution, device: &dyn Device) -> (Vec<Vec<f64>>, String) {
    let mut dice = Dice::new(9);
    let mut random = |dims: &[usize], scale: f64| {
        let values: Vec<f64> = dice.values(dims.iter().product(), DType::F32).iter().map(|v| v * scale).collect();
        Tensor::from_f64(dims, DType::F32, &values).unwrap()
    };
    let filters = case.kernel[case.kernel.len() - 1];
    let (images, kernel, bias) = (random(case.images, 0.3), random(case.kernel, 0.1), random(&[filters], 0.1));
    let spec = |tensor: &Tensor| TensorSpec { shape: tensor.shape().clone(), dtype: DType::F32 };
    let mut session = device.session(&[spec(&kernel), spec(&bias)]).unwrap();
    let program = session.add_program(&case.program()).unwrap();
    session.write_state(StateId(0), &kernel).unwrap();
    session.write_state(StateId(1), &bias).unwrap();
    session.write_input(program, 0, &images).unwrap();
    (0..2).for_each(|_| session.run(program).unwrap());
    let mut results: Vec<Tensor> = (0..2).map(|output| session.read_output(program, output).unwrap()).collect();
    results.extend((0..2).map(|state| session.read_state(StateId(state)).unwrap()));
    (results.iter().map(Tensor::to_f64).collect(), session.report().unwrap_or_default())
}

fn compare(case: &Convolution, precision: Precision, tolerance: f64) {
    let (expected, _) = run(case, &cpu());
    let again = || run(case, &device(true, CudaOptions { precision, ..CudaOptions::default() }));
    let (results, report) = again();
    assert!(report.contains("3 of them convolutions of cuDNN"), "{report}");
    assert!(again().0 == results, "another time the results are others");
    expect_near(&results, &expected, tolerance);
}

fn cpu() -> CpuDevice {
    CpuDevice::new(CpuOptions { threads: Some(1), ..CpuOptions::default() })
}

/// Fails if results differ by more than a part of the largest.
fn expect_near(results: &[Vec<f64>], expected: &[Vec<f64>], tolerance: f64) {
    for (number, (got, want)) in results.iter().zip(expected).enumerate() {
        let largest = want.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        let worst = got.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst <= tolerance * largest, "result {number} is off by {worst}, its largest value {largest}");
    }
}

/// On a device whose library computes so many of the three convolutions.
#[allow(dead_code, reason = "of the emulated device alone")]
pub fn compare_with(device: &dyn Device, convolutions: usize) {
    let case = &CONVOLUTIONS[3];
    let (results, report) = run(case, device);
    assert!(report.contains(&format!("{convolutions} of them convolutions of cuDNN")), "{report}");
    expect_near(&results, &run(case, &cpu()).0, 1e-4);
}
