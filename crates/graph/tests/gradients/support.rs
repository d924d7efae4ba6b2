//! Random shapes and values, and the comparison of gradients with central differences.

use glorot_graph::reference::{Value, evaluate};
use glorot_graph::{Result, Sym, Tracer};
use glorot_tensor::random::Stream;
use glorot_tensor::{DType, Shape, Shuffle};
use proptest::prelude::*;

/// Of longer inputs, only this many elements are varied.
const CHECKED_ELEMENTS: usize = 24;

/// Half the distance of the two points of a difference.
const STEP: f64 = 1e-5;

/// Shapes of the given ranks with axes of length 1 to 3.
pub fn shapes(ranks: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Shape> {
    proptest::collection::vec(1usize..=3, ranks).prop_map(Shape::from)
}

/// A shape with one of its axes.
pub fn shape_and_axis() -> impl Strategy<Value = (Shape, usize)> {
    shapes(1..=4).prop_flat_map(|shape| {
        let rank = shape.rank();
        (Just(shape), 0..rank)
    })
}

/// A shape with a choice of its axes.
pub fn shape_and_axes() -> impl Strategy<Value = (Shape, Vec<usize>)> {
    (shapes(0..=4), proptest::bits::usize::between(0, 4)).prop_map(|(shape, mask)| {
        let axes = (0..shape.rank()).filter(|axis| mask >> axis & 1 == 1).collect();
        (shape, axes)
    })
}

/// A shape that broadcasts to `shape`: without some of the leading axes, with others of length 1.
pub fn shrunk(shape: &Shape, dropped: usize, mask: usize) -> Shape {
    let kept = dropped.min(shape.rank())..shape.rank();
    kept.map(|axis| if mask >> axis & 1 == 1 { 1 } else { shape[axis] }).collect()
}

/// Two shapes that broadcast together, the first of which is the common shape or not.
pub fn broadcastable() -> impl Strategy<Value = (Shape, Shape)> {
    (shapes(0..=4), 0usize..=4, 0usize..16, 0usize..=4, 0usize..16).prop_map(
        |(shape, drop_a, mask_a, drop_b, mask_b)| (shrunk(&shape, drop_a, mask_a), shrunk(&shape, drop_b, mask_b)),
    )
}

/// Uniform random float32 values.
pub fn uniform(shape: &Shape, seed: u64, low: f64, high: f64) -> Value {
    let mut stream = Stream::new(seed, 0);
    let values = (0..shape.numel()).map(|_| low + (high - low) * stream.next_f64());
    Value::f32(shape.clone(), values.collect())
}

/// Values in about -2..2 for several tensors, of which no two are closer than 0.01 to each other or to 0: far enough from
/// where maxima, absolute values and comparisons have kinks.
pub fn distinct(shapes: &[&Shape], seed: u64) -> Vec<Value> {
    let count: usize = shapes.iter().map(|shape| shape.numel()).sum();
    let spacing = 4.0 / count.max(8) as f64;
    let order = Shuffle::new(seed, 0, count as u32);
    let places = (0..count as u32).map(|index| order.get(index));
    let mut values = places.map(|place| (f64::from(place) + 0.5 - count.div_ceil(2) as f64) * spacing);
    let value = |shape: &&Shape| Value::f32((*shape).clone(), values.by_ref().take(shape.numel()).collect());
    shapes.iter().map(value).collect()
}

/// Random int32 values in `low..high`.
pub fn integers(shape: &Shape, seed: u64, low: i32, high: i32) -> Value {
    let mut stream = Stream::new(seed, 1);
    let values = (0..shape.numel()).map(|_| low + stream.below((high - low) as u32) as i32);
    Value::i32(shape.clone(), values.collect())
}

/// Random truth values.
pub fn truths(shape: &Shape, seed: u64) -> Value {
    Value { dtype: DType::Bool, ..integers(shape, seed, 0, 2) }
}

/// Builds `sum(build(inputs) * weights)` with an input for each value and one more for the weights, which stand for any
/// gradient that could come from upstream. Returns the loss, the inputs and the weights' shape.
fn trace(build: &impl Fn(&Tracer, &[Sym]) -> Result<Sym>, tracer: &Tracer, values: &[Value]) -> (Sym, Vec<Sym>, Shape) {
    let inputs: Vec<Sym> = values.iter().map(|value| tracer.input(value.shape.clone(), value.dtype)).collect();
    let result = build(tracer, &inputs).unwrap();
    let weights = tracer.input(result.shape(), DType::F32);
    let loss = result.mul(&weights).unwrap().sum_all().unwrap();
    (loss, inputs, result.shape())
}

/// Checks the gradients with regard to all float32 values against central differences.
///
/// # Panics
///
/// Where they disagree, or a gradient has not the shape of its input.
pub fn check_gradient(build: impl Fn(&Tracer, &[Sym]) -> Result<Sym>, values: &[Value]) {
    let forward = Tracer::new();
    let (loss, _, shape) = trace(&build, &forward, values);
    let mut inputs = values.to_vec();
    inputs.push(uniform(&shape, 58, -1.0, 1.0));
    let no_state = |_| unreachable!("a graph without states");
    let graph = forward.graph();
    let value_of_loss = |inputs: &[Value]| evaluate(&graph, inputs, &no_state).value(loss.id()).data[0];

    let backward = Tracer::new();
    let (loss, traced, _) = trace(&build, &backward, values);
    let floats: Vec<usize> = (0..values.len()).filter(|&i| values[i].dtype == DType::F32).collect();
    let wrt: Vec<Sym> = floats.iter().map(|&i| traced[i].clone()).collect();
    let gradients = backward.gradients(&loss, &wrt).unwrap();
    let computed = evaluate(&backward.graph(), &inputs, &no_state);

    for (&input, gradient) in floats.iter().zip(&gradients) {
        let gradient = computed.value(gradient.id());
        assert_eq!(gradient.shape, values[input].shape, "shape of the gradient of input {input}");
        let count = gradient.data.len();
        let stride = count.div_ceil(CHECKED_ELEMENTS).max(1);
        for element in (0..count).step_by(stride) {
            let x = values[input].data[element];
            let mut at = |x: f64| {
                inputs[input].data[element] = x;
                value_of_loss(&inputs)
            };
            let difference = (at(x + STEP) - at(x - STEP)) / (2.0 * STEP);
            at(x);
            let got = gradient.data[element];
            assert!(
                (got - difference).abs() <= 1e-6 * (1.0 + difference.abs()),
                "input {input} {}, element {element} (value {x}): gradient {got}, difference {difference}",
                gradient.shape,
            );
        }
    }
}
