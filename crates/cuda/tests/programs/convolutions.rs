//! Training steps of large convolutions.

use glorot_graph::program::Program;
use glorot_graph::{Padding, StateId, Tracer, compile};
use glorot_tensor::{DType, Tensor};

/// A convolution of squares, with a bias and an activation.
pub struct Convolution {
    pub name: &'static str,
    pub images: &'static [usize],
    pub kernel: &'static [usize],
    pub strides: &'static [usize],
    pub dilations: &'static [usize],
    pub padding: Padding,
    pub relu: bool,
}

const WINDOWS: Convolution = Convolution {
    name: "windows",
    images: &[8, 20, 20, 32],
    kernel: &[3, 3, 32, 32],
    strides: &[1, 1],
    dilations: &[1, 1],
    padding: Padding::Valid,
    relu: false,
};

pub const CONVOLUTIONS: [Convolution; 5] = [
    WINDOWS,
    Convolution { name: "padded_windows", images: &[8, 18, 17, 32], padding: Padding::Same, relu: true, ..WINDOWS },
    Convolution {
        name: "strided_windows",
        images: &[8, 33, 38, 32],
        strides: &[2, 2],
        padding: Padding::Same,
        ..WINDOWS
    },
    Convolution {
        name: "dilated_windows",
        images: &[8, 24, 23, 24],
        kernel: &[3, 2, 24, 40],
        dilations: &[2, 3],
        relu: true,
        ..WINDOWS
    },
    Convolution {
        name: "series",
        images: &[8, 300, 32],
        kernel: &[7, 32, 40],
        strides: &[1],
        dilations: &[1],
        ..WINDOWS
    },
];

impl Convolution {
    /// A step of gradient descent, whose outputs are the results and the gradient of the images.
    pub fn program(&self) -> Program {
        let Convolution { images, kernel, strides, dilations, padding, relu, .. } = self;
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
}
