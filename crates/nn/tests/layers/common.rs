//! Makes layers and runs them on the plain f64 interpreter.

use glorot_graph::reference::{self, ReferenceResult, Value};
use glorot_graph::{Sym, Tracer};
use glorot_nn::context::random_state;
use glorot_nn::layers::create;
use glorot_nn::{Context, LayerRef, StateTable, Variable, optimizers};
use glorot_tensor::random::Stream;
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value as Json, json};

/// What a call of a layer gives, and the gradients of the sum of its outputs, each weighted by fixed random numbers.
pub struct Run {
    pub outputs: Vec<Value>,
    pub input_gradients: Vec<Value>,
    /// In the order of the layer's trainable weights.
    pub weight_gradients: Vec<Value>,
    /// Names and new values of the weights that the call changed.
    pub updates: Vec<(String, Value)>,
}

/// Standard normal numbers, the same ones for a seed.
pub fn normal(shape: &[usize], seed: u64) -> Value {
    let mut stream = Stream::new(seed, 0);
    let shape = Shape::from(shape);
    let data = (0..shape.numel()).map(|_| stream.next_normal()).collect();
    Value::f32(shape, data)
}

/// Calls a layer on values. `random_seed` is the seed of what is random in the call.
pub fn run(layer: &LayerRef, inputs: &[Value], training: bool, random_seed: u64) -> Run {
    let trace = Trace::forward(layer, inputs, training, random_seed);
    let ctx = &trace.ctx;
    let floats: Vec<Sym> = trace.inputs.iter().filter(|x| x.dtype() == DType::F32).cloned().collect();
    let weights: Vec<Sym> = layer.trainable_weights().iter().map(|weight| state(ctx, &weight.variable)).collect();
    let gradients = ctx.tracer().gradients(&trace.loss, &[&floats[..], &weights].concat()).unwrap();
    let result = trace.evaluate(inputs, &current);
    let values = |syms: &[Sym]| syms.iter().map(|sym| result.value(sym.id()).clone()).collect::<Vec<_>>();
    let variables = ctx.states().variables();
    let name = |id: glorot_graph::StateId| variables[id.0 as usize].name().to_string();
    Run {
        outputs: values(&trace.outputs),
        input_gradients: values(&gradients[..floats.len()]),
        weight_gradients: values(&gradients[floats.len()..]),
        updates: result.updates.iter().map(|(id, value)| (name(*id), value.clone())).collect(),
    }
}

/// The weighted sum as a function of inputs and variables, traced once.
pub struct Loss(Trace);

impl Loss {
    pub fn new(layer: &LayerRef, inputs: &[Value], training: bool, random_seed: u64) -> Loss {
        Loss(Trace::forward(layer, inputs, training, random_seed))
    }

    /// Its value; `value_of` gives values of the variables that need not be those they have.
    pub fn at(&self, inputs: &[Value], value_of: &dyn Fn(&Variable) -> Value) -> f64 {
        self.0.evaluate(inputs, value_of).value(self.0.loss.id()).data[0]
    }
}

/// The graph of a call.
struct Trace {
    ctx: Context,
    inputs: Vec<Sym>,
    outputs: Vec<Sym>,
    loss: Sym,
}

impl Trace {
    fn forward(layer: &LayerRef, inputs: &[Value], training: bool, random_seed: u64) -> Trace {
        let ctx = Context::new(StateTable::new(), random_state(random_seed), training);
        let inputs: Vec<Sym> =
            inputs.iter().map(|value| ctx.tracer().input(value.shape.clone(), value.dtype)).collect();
        let outputs = layer.call(&ctx, &inputs, None).unwrap();
        let loss = weighted_sum(ctx.tracer(), &outputs);
        Trace { ctx, inputs, outputs, loss }
    }

    fn evaluate(&self, inputs: &[Value], value_of: &dyn Fn(&Variable) -> Value) -> ReferenceResult {
        let variables = self.ctx.states().variables();
        reference::evaluate(&self.ctx.tracer().graph(), inputs, &|id| value_of(&variables[id.0 as usize]))
    }
}

/// One step of gradient descent on the weighted sum: the new values of the variables.
pub fn step(layer: &LayerRef, inputs: &[Value], learning_rate: f64) -> Vec<(Variable, Value)> {
    let trace = Trace::forward(layer, inputs, true, 58);
    let ctx = &trace.ctx;
    let weights = layer.trainable_weights();
    let states: Vec<Sym> = weights.iter().map(|weight| state(ctx, &weight.variable)).collect();
    let gradients = ctx.tracer().gradients(&trace.loss, &states).unwrap();
    let config = json!({ "class_name": "SGD", "config": { "learning_rate": learning_rate } });
    let mut optimizer = optimizers::deserialize(&config).unwrap();
    optimizer.build(&weights).unwrap();
    optimizer.apply(ctx, &weights, &gradients).unwrap();
    let variables = ctx.states().variables();
    let result = trace.evaluate(inputs, &current);
    result.updates.into_iter().map(|(id, value)| (variables[id.0 as usize].clone(), value)).collect()
}

/// The value that a variable has.
pub fn current(variable: &Variable) -> Value {
    Value::from(&variable.value())
}

/// The value of a variable at the start of the step.
fn state(ctx: &Context, variable: &Variable) -> Sym {
    let spec = variable.spec();
    ctx.tracer().state(ctx.states().state(variable), spec.shape.clone(), spec.dtype)
}

fn weighted_sum(tracer: &Tracer, ys: &[Sym]) -> Sym {
    let mut sum = tracer.scalar(0.0);
    for (i, y) in ys.iter().enumerate() {
        let factors = normal(&y.shape(), 1000 + i as u64);
        let factors = tracer.constant(Tensor::from_f64(factors.shape, DType::F32, &factors.data).unwrap());
        sum = sum.add(&y.cast(DType::F32).unwrap().mul(&factors).unwrap().sum_all().unwrap()).unwrap();
    }
    sum
}

/// A layer from its class and options.
pub fn layer(class: &str, config: Json) -> LayerRef {
    create(class, &config).unwrap()
}

/// Gives a built layer's weights, in order, the values.
pub fn set_weights(layer: &LayerRef, values: &[&[f32]]) {
    let weights = layer.weights();
    assert_eq!(weights.len(), values.len());
    for (weight, values) in weights.iter().zip(values) {
        let shape = weight.variable.spec().shape.clone();
        weight.variable.assign(Tensor::f32(shape, values.to_vec()).unwrap()).unwrap();
    }
}

/// Fails unless the values agree to within a relative and absolute error of `tolerance`.
#[track_caller]
pub fn assert_close(got: &[f64], want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got - want).abs() <= tolerance * (1.0 + want.abs()), "element {i}: {got}, want {want}");
    }
}
