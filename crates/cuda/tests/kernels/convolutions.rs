//! Training steps of large convolutions, which a library computes, against the processor, and again.

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_cuda::{CudaOptions, Precision};
use glorot_graph::device::Device;
use glorot_graph::program::Program;
use glorot_graph::{Padding, StateId, TensorSpec, Tracer, compile};
use glorot_tensor::{DType, Tensor};
use libtest_mimic::Trial;

use crate::common::Dice;
use crate::target::device;
use crate::trial;

/// A convolution of squares, with a bias and an activation.
struct Case {
    images: &'static [usize],
    kernel: &'static [usize],
    strides: &'static [usize],
    dilations: &'static [usize],
    padding: Padding,
    relu: bool,
}

const CASES: [(&str, Case); 5] = [
    ("windows", case(&[8, 20, 20, 32], &[3, 3, 32, 32], &[1, 1], &[1, 1], Padding::Valid, false)),
    ("padded_windows", case(&[8, 18, 17, 32], &[3, 3, 32, 32], &[1, 1], &[1, 1], Padding::Same, true)),
    ("strided_windows", case(&[8, 33, 38, 32], &[3, 3, 32, 32], &[2, 2], &[1, 1], Padding::Same, false)),
    ("dilated_windows", case(&[8, 24, 23, 24], &[3, 2, 24, 40], &[1, 1], &[2, 3], Padding::Valid, true)),
    ("series", case(&[8, 300, 32], &[7, 32, 40], &[1], &[1], Padding::Valid, false)),
];

const fn case(
    images: &'static [usize],
    kernel: &'static [usize],
    strides: &'static [usize],
    dilations: &'static [usize],
    padding: Padding,
    relu: bool,
) -> Case {
    Case { images, kernel, strides, dilations, padding, relu }
}

pub fn trials() -> Vec<Trial> {
    let mut trials: Vec<Trial> = CASES
        .into_iter()
        .map(|(name, case)| {
            trial(&format!("library_convolutions_of_{name}"), move || compare(&case, Precision::Float32, 1e-4))
        })
        .collect();
    let [(_, first), ..] = CASES;
    trials.push(trial("library_convolutions_in_bfloat16", move || compare(&first, Precision::Bfloat16, 0.05)));
    trials
}

impl Case {
    /// A step of gradient descent, whose outputs are the results and the gradient of the images.
    fn program(&self) -> Program {
        let Case { images, kernel, strides, dilations, padding, relu } = self;
        let filters = kernel[kernel.len() - 1];
        let tracer = Tracer::new();
        // Not an input as it is: a gradient is wanted of what a kernel computed.
        let images = tracer.input(*images, DType::F32).square().unwrap();
        let weights = tracer.state(StateId(0), *kernel, DType::F32);
        let bias = tracer.state(StateId(1), [filters], DType::F32);
        let sums = images.conv(&weights, strides, *padding, dilations, 1).unwrap().add(&bias).unwrap();
        let result = if *relu { sums.relu().unwrap() } else { sums.tanh().unwrap() };
        let loss = result.square().unwrap().sum_all().unwrap();
        let gradients = tracer.gradients(&loss, &[images, weights.clone(), bias.clone()]).unwrap();
        tracer.output(&result);
        tracer.output(&gradients[0]);
        for (state, (weights, gradient)) in [weights, bias].iter().zip(&gradients[1..]).enumerate() {
            let step = tracer.constant(Tensor::from_f64([], DType::F32, &[1e-4]).unwrap());
            let updated = weights.sub(&gradient.mul(&step).unwrap()).unwrap();
            tracer.assign(StateId(state as u32), &updated).unwrap();
        }
        compile(&tracer.graph())
    }

    /// Two steps on a device: the outputs of the second and the states; and what the device reports.
    fn run(&self, device: &dyn Device) -> (Vec<Vec<f64>>, String) {
        let mut dice = Dice::new(9);
        let mut random = |dims: &[usize], scale: f64| {
            let values: Vec<f64> = dice.values(dims.iter().product(), DType::F32).iter().map(|v| v * scale).collect();
            Tensor::from_f64(dims, DType::F32, &values).unwrap()
        };
        let filters = self.kernel[self.kernel.len() - 1];
        let (images, kernel, bias) = (random(self.images, 0.3), random(self.kernel, 0.1), random(&[filters], 0.1));
        let spec = |tensor: &Tensor| TensorSpec { shape: tensor.shape().clone(), dtype: DType::F32 };
        let mut session = device.session(&[spec(&kernel), spec(&bias)]).unwrap();
        let program = session.add_program(&self.program()).unwrap();
        session.write_state(StateId(0), &kernel).unwrap();
        session.write_state(StateId(1), &bias).unwrap();
        session.write_input(program, 0, &images).unwrap();
        (0..2).for_each(|_| session.run(program).unwrap());
        let mut results: Vec<Tensor> = (0..2).map(|output| session.read_output(program, output).unwrap()).collect();
        results.extend((0..2).map(|state| session.read_state(StateId(state)).unwrap()));
        (results.iter().map(Tensor::to_f64).collect(), session.report().unwrap_or_default())
    }
}

fn compare(case: &Case, precision: Precision, tolerance: f64) {
    let (expected, _) = case.run(&cpu());
    let run = || case.run(&device(true, CudaOptions { precision, ..CudaOptions::default() }));
    let (results, report) = run();
    assert!(report.contains("3 of them convolutions of cuDNN"), "{report}");
    assert!(run().0 == results, "another time the results are others");
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
    let (_, case) = &CASES[3];
    let (results, report) = case.run(device);
    assert!(report.contains(&format!("{convolutions} of them convolutions of cuDNN")), "{report}");
    expect_near(&results, &case.run(&cpu()).0, 1e-4);
}
