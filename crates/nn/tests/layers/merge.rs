use glorot_graph::reference::Value;
use glorot_nn::context::random_state;
use glorot_nn::layers::create;
use glorot_nn::{Context, StateTable};
use glorot_tensor::DType;
use serde_json::{Value as Json, json};

use crate::common::{assert_close, layer, run};

/// The message of a call on inputs of the given shapes.
fn refusal(class: &str, config: Json, shapes: &[&[usize]]) -> String {
    let ctx = Context::new(StateTable::new(), random_state(0), true);
    let inputs: Vec<_> = shapes.iter().map(|&shape| ctx.tracer().input(shape, DType::F32)).collect();
    layer(class, config).call(&ctx, &inputs, None).unwrap_err().to_string()
}

/// The result for inputs, and its shape.
fn merged(class: &str, config: Json, inputs: &[Value]) -> Value {
    run(&layer(class, config), inputs, false, 0).outputs.remove(0)
}

#[test]
fn merging_layers_combine_element_by_element() {
    let inputs = [vec![1.0, -2.0], vec![4.0, -8.0], vec![-2.0, 3.0]].map(|data| Value::f32([1, 2], data));
    for (class, want) in [
        ("Add", [3.0, -7.0]),
        ("Multiply", [-8.0, 48.0]),
        ("Average", [1.0, -7.0 / 3.0]),
        ("Maximum", [4.0, 3.0]),
        ("Minimum", [-2.0, -8.0]),
    ] {
        assert_close(&merged(class, json!({}), &inputs).data, &want, 1e-6);
    }
    assert_eq!(merged("Subtract", json!({}), &inputs[..2]).data, [-3.0, 6.0]);
}

#[test]
fn axes_of_lower_rank_are_added_after_the_batch() {
    let sequences = Value::f32([2, 2, 2], (0..8).map(f64::from).collect());
    let vectors = Value::f32([2, 2], vec![10.0, 20.0, 30.0, 40.0]);
    let sum = merged("Add", json!({}), &[vectors, sequences]);
    assert_eq!(sum, Value::f32([2, 2, 2], vec![10.0, 21.0, 12.0, 23.0, 34.0, 45.0, 36.0, 47.0]));
}

#[test]
fn dot_sums_products_along_an_axis() {
    let a = Value::f32([1, 2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    let b = Value::f32([1, 3], vec![1.0, 0.0, -1.0]);
    assert_eq!(merged("Dot", json!({ "axes": -1 }), &[a.clone(), b.clone()]), Value::f32([1, 2], vec![-2.0, -2.0]));
    let c = Value::f32([1, 2], vec![1.0, 10.0]);
    let columns = merged("Dot", json!({ "axes": [1, 1] }), &[a, c]);
    assert_eq!(columns, Value::f32([1, 3], vec![41.0, 52.0, 63.0]));
    let parallel = Value::f32([1, 3], vec![-3.0, 0.0, 3.0]);
    let cosine = merged("Dot", json!({ "axes": 1, "normalize": true }), &[b.clone(), parallel]);
    assert_close(&cosine.data, &[-1.0], 1e-12);
    // Of nothing but zeros, the cosine is 0 and the gradient finite.
    let zeros = Value::f32([1, 3], vec![0.0; 3]);
    let of_zeros = run(&layer("Dot", json!({ "axes": 1, "normalize": true })), &[b, zeros], true, 0);
    assert_eq!(of_zeros.outputs[0].data, [0.0]);
    assert!(of_zeros.input_gradients.iter().flat_map(|gradient| &gradient.data).all(|value| value.is_finite()));
}

#[test]
fn merging_layers_name_shapes_that_do_not_fit() {
    let add = refusal("Add", json!({ "name": "a" }), &[&[4, 3], &[4, 5]]);
    assert_eq!(
        add,
        "layer 'a' (Add): expected inputs of equal or broadcastable shapes, received [batch, 3] and [batch, 5]"
    );
    let one = refusal("Multiply", json!({ "name": "m" }), &[&[4, 3]]);
    assert_eq!(
        one,
        "layer 'm' (Multiply): expected two or more inputs, received 1; apply the layer to an array of tensors"
    );
    let three = refusal("Subtract", json!({ "name": "s" }), &[&[4, 3], &[4, 3], &[4, 3]]);
    assert_eq!(three, "layer 's' (Subtract): expected two inputs, received 3");
    let join = refusal("Concatenate", json!({ "name": "c", "axis": 2 }), &[&[4, 3], &[4, 5]]);
    let want = "layer 'c' (Concatenate): expected inputs whose shapes are equal but for axis 2, received [batch, 3] and \
                [batch, 5]";
    assert_eq!(join, want);
}

#[test]
fn dot_names_axes_that_do_not_fit() {
    let lengths = refusal("Dot", json!({ "name": "d", "axes": 1 }), &[&[4, 3], &[4, 5]]);
    let want =
        "layer 'd' (Dot): expected inputs of equal length along the axes 1 and 1, received [batch, 3] and [batch, 5]";
    assert_eq!(lengths, want);
    let batch = refusal("Dot", json!({ "name": "d", "axes": [1, 0] }), &[&[4, 3], &[4, 3]]);
    let want =
        "layer 'd' (Dot): option 'axes' is 0 for input 1, of shape [batch, 3]: there is no such axis after the batch";
    assert_eq!(batch, want);
    let error = |config| create("Dot", &config).err().unwrap().to_string();
    assert_eq!(error(json!({})), "Dot: option 'axes' is missing; give an axis of the inputs, as -1");
    assert_eq!(error(json!({ "axes": [1, 2, 3] })), "Dot: option 'axes' must be one axis or two; received [1,2,3]");
}
