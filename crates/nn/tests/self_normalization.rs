//! Why initialization and activation belong together, in numbers: networks of 100 dense layers of 64 units.

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::compile;
use glorot_graph::device::Device;
use glorot_nn::context::random_state;
use glorot_nn::layers::create;
use glorot_nn::rng::set_seed;
use glorot_nn::{Context, StateTable};
use glorot_tensor::random::Stream;
use glorot_tensor::{DType, Tensor};
use serde_json::{Value as Json, json};

const LAYERS: usize = 100;
const UNITS: usize = 64;
const SAMPLES: usize = 50;

/// What a deep network of one kind of layer does with standardized inputs.
struct Observed {
    /// Mean and standard deviation of the outputs of each layer.
    outputs: Vec<(f64, f64)>,
    /// The outputs of the last layer.
    last: Vec<f64>,
    /// Norm of the gradient of each layer's kernel, for a random gradient of the outputs.
    gradients: Vec<f64>,
}

fn observe(activation: &str, initializer: Json) -> Observed {
    set_seed(58);
    let ctx = Context::new(StateTable::new(), random_state(0), true);
    let mut x = ctx.tracer().input([SAMPLES, UNITS], DType::F32);
    let upstream = ctx.tracer().input([SAMPLES, UNITS], DType::F32);
    let mut kernels = Vec::new();
    for _ in 0..LAYERS {
        let config = json!({ "units": UNITS, "activation": activation, "kernel_initializer": initializer });
        let dense = create("Dense", &config).unwrap();
        x = dense.call(&ctx, &[x], None).unwrap().remove(0);
        ctx.tracer().output(&x);
        kernels.push(ctx.read(&dense.weights()[0].variable));
    }
    let loss = x.mul(&upstream).unwrap().sum_all().unwrap();
    for gradient in ctx.tracer().gradients(&loss, &kernels).unwrap() {
        ctx.tracer().output(&gradient);
    }
    let mut session = CpuDevice::new(CpuOptions { threads: Some(1), ..CpuOptions::default() })
        .session(&ctx.states().specs())
        .unwrap();
    let program = session.add_program(&compile(&ctx.tracer().graph())).unwrap();
    for variable in ctx.states().variables() {
        session.write_state(ctx.states().state(&variable), &variable.value()).unwrap();
    }
    let mut stream = Stream::new(58, 0);
    for input in 0..2 {
        let values = (0..SAMPLES * UNITS).map(|_| stream.next_normal() as f32).collect();
        session.write_input(program, input, &Tensor::f32([SAMPLES, UNITS], values).unwrap()).unwrap();
    }
    session.run(program).unwrap();
    let mut read = |output: usize| session.read_output(program, output).unwrap().to_f64();
    let outputs: Vec<Vec<f64>> = (0..LAYERS).map(&mut read).collect();
    let gradients: Vec<Vec<f64>> = (LAYERS..2 * LAYERS).map(&mut read).collect();
    Observed {
        outputs: outputs.iter().map(|values| moments(values)).collect(),
        last: outputs[LAYERS - 1].clone(),
        gradients: gradients.iter().map(|gradient| gradient.iter().map(|v| v * v).sum::<f64>().sqrt()).collect(),
    }
}

/// Mean and standard deviation.
fn moments(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt())
}

#[test]
fn selu_with_lecun_initialization_keeps_mean_0_and_deviation_1() {
    let observed = observe("selu", json!("lecun_normal"));
    for (layer, &(mean, deviation)) in observed.outputs.iter().enumerate() {
        assert!(mean.abs() < 0.2, "layer {layer}: mean {mean}");
        assert!((0.8..1.2).contains(&deviation), "layer {layer}: deviation {deviation}");
    }
    // Gradients neither vanish nor explode: from the last layer to the first they change by less than 5% a layer.
    let change = observed.gradients[0] / observed.gradients[LAYERS - 1];
    assert!((1.05f64.powi(-100)..1.05f64.powi(100)).contains(&change), "gradients change by {change}");
}

#[test]
fn sigmoid_with_standard_normal_weights_saturates_and_its_gradients_vanish() {
    let observed = observe("sigmoid", json!({ "class_name": "RandomNormal", "config": { "stddev": 1.0 } }));
    let saturated = observed.last.iter().filter(|&&y| !(0.1..=0.9).contains(&y)).count();
    let fraction = saturated as f64 / observed.last.len() as f64;
    assert!(fraction > 0.5, "{fraction} of the units are saturated");
    let change = observed.gradients[0] / observed.gradients[LAYERS - 1];
    assert!(change < 1e-4, "gradients change by {change}");
    // With the initialization that Glorot and Bengio suggest instead, no unit is saturated.
    let glorot = observe("sigmoid", json!("glorot_normal"));
    assert!(glorot.last.iter().all(|y| (0.1..=0.9).contains(y)));
}
