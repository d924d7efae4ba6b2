//! Models with the weights and inputs of `keras/generate.py`, on the plain f64 interpreter.

use glorot_graph::Sym;
use glorot_graph::reference::{Value, evaluate};
use glorot_nn::context::random_state;
use glorot_nn::model::Model;
use glorot_nn::{Context, StateTable, Weight};
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::Value as Json;

/// Numbers from -0.9 to 0.9, the same ones as in Python.
pub fn values(shape: &Shape, seed: usize) -> Value {
    let data = (0..shape.numel()).map(|i| (((i * 37 + seed * 11) % 19) as f64 - 9.0) / 10.0).collect();
    Value::f32(shape.clone(), data)
}

/// Gives the weights their values.
pub fn set_weights(model: &Model) {
    for (i, weight) in model.weights().iter().enumerate() {
        let value = values(&weight.variable.spec().shape, i + 1);
        weight.variable.assign(Tensor::from_f64(value.shape, DType::F32, &value.data).unwrap()).unwrap();
    }
}

/// Three samples for each input.
pub fn samples(model: &Model) -> Vec<Value> {
    let ports = model.input_specs().unwrap();
    let sample = |(i, port): (usize, &glorot_nn::model::Port)| {
        let shape: Shape = port.shape.iter().map(|dim| dim.unwrap_or(3)).collect();
        let value = values(&shape, 50 + i);
        if port.dtype == DType::F32 {
            return value;
        }
        Value::new(shape, port.dtype, value.data.iter().map(|v| (v * 5.0).abs().floor()).collect())
    };
    ports.iter().enumerate().map(sample).collect()
}

/// The outputs, and the gradients of their weighted sum with regard to the trainable weights.
pub struct Run {
    pub outputs: Vec<Value>,
    pub gradients: Vec<Value>,
}

pub fn run(model: &Model, inputs: &[Value], weights: &[Weight]) -> Run {
    let ctx = Context::new(StateTable::new(), random_state(0), false);
    let tracer = ctx.tracer();
    let xs: Vec<Sym> = inputs.iter().map(|x| tracer.input(x.shape.clone(), x.dtype)).collect();
    let outputs = model.call(&ctx, &xs).unwrap();
    let mut loss = tracer.scalar(0.0);
    for (i, output) in outputs.iter().enumerate() {
        let factors = values(&output.shape(), 70 + i);
        let factors = tracer.constant(Tensor::from_f64(factors.shape, DType::F32, &factors.data).unwrap());
        loss = loss.add(&output.mul(&factors).unwrap().sum_all().unwrap()).unwrap();
    }
    let states: Vec<Sym> = weights.iter().map(|weight| ctx.read(&weight.variable)).collect();
    let gradients = tracer.gradients(&loss, &states).unwrap();
    let variables = ctx.states().variables();
    let result = evaluate(&tracer.graph(), inputs, &|id| Value::from(&variables[id.0 as usize].value()));
    let read = |syms: &[Sym]| syms.iter().map(|sym| result.value(sym.id()).clone()).collect();
    Run { outputs: read(&outputs), gradients: read(&gradients) }
}

/// Fails unless the numbers agree with those of a fixture to float32 accuracy.
#[track_caller]
pub fn assert_close(got: &[Value], want: &Json, what: &str) {
    let want = want.as_array().unwrap();
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        let want: Vec<f64> = want.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
        assert_eq!(got.data.len(), want.len(), "{what} {i}");
        for (got, want) in got.data.iter().zip(want) {
            assert!((got - want).abs() <= 2e-5 * (1.0 + want.abs()), "{what} {i}: {got}, want {want}");
        }
    }
}
