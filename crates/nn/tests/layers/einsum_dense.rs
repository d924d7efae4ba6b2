use glorot_graph::reference::Value;
use glorot_nn::context::random_state;
use glorot_nn::layers::create;
use glorot_nn::{Context, StateTable};
use glorot_tensor::{DType, Shape};
use serde_json::json;

use crate::common::{layer, run, set_weights};

#[test]
fn sums_of_products_follow_the_letters() {
    // Axis 'c' is summed with the kernel, 'b' is one of both.
    let einsum = layer("EinsumDense", json!({ "equation": "abc,bcd->adb", "output_shape": [2, 2], "bias_axes": "d" }));
    einsum.build(&[Shape::from([1, 2, 2])]).unwrap();
    set_weights(&einsum, &[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], &[100.0, 200.0]]);
    let x = Value::f32([1, 2, 2], vec![1.0, 10.0, 2.0, 20.0]);
    // For b = 0: [1 + 30, 2 + 40], for b = 1: [10 + 140, 12 + 160].
    let want = Value::f32([1, 2, 2], vec![131.0, 250.0, 242.0, 372.0]);
    assert_eq!(run(&einsum, &[x], false, 0).outputs[0], want);
}

#[test]
fn fans_are_those_of_the_letters() {
    // 300 axes are summed; those of a matrix of this shape would be 200.
    let config = json!({ "equation": "ab,cb->ac", "output_shape": 200,
        "kernel_initializer": { "class_name": "VarianceScaling", "config": { "distribution": "uniform", "seed": 3 } } });
    let einsum = layer("EinsumDense", config);
    einsum.build(&[Shape::from([1, 300])]).unwrap();
    let kernel = einsum.weights()[0].variable.value();
    let largest = kernel.as_f32().unwrap().iter().fold(0.0, |most: f32, value| most.max(value.abs()));
    assert!((0.099..0.1).contains(&largest), "{largest}");
}

#[test]
fn shapes_that_do_not_fit_are_explained() {
    let build = |equation: &str, output_shape: serde_json::Value, inputs: &[usize]| {
        let config = json!({ "name": "e", "equation": equation, "output_shape": output_shape });
        layer("EinsumDense", config).build(&[inputs.into()]).unwrap_err().to_string()
    };
    let named = |message: &str| format!("layer 'e' (EinsumDense): {message}");
    for (equation, output_shape, inputs, want) in [
        ("ab,bc->ac", json!(3), &[2, 4, 5][..], "expected inputs of rank 2 for 'ab,bc->ac', received rank 3"),
        ("...x,xy->...y", json!(3), &[2], "expected inputs of rank 2 or more for '...x,xy->...y', received rank 1"),
        (
            "abc,cd->abd",
            json!(3),
            &[2, 4, 5],
            "the output shape must have 2 lengths for the axes 'bd' of 'abc,cd->abd', without the batch and what '...' \
             stands for; received 1",
        ),
        (
            "abc,cd->abd",
            json!([3, 7]),
            &[2, 4, 5],
            "axis 'b' of 'abc,cd->abd' is 4 long in inputs of shape [batch, 4, 5], but 3 in the output shape",
        ),
        (
            "abc,cd->abd",
            json!([null, null]),
            &[2, 4, 5],
            "the output shape must say how long axis 'd' of 'abc,cd->abd' is, which the kernel has",
        ),
    ] {
        assert_eq!(build(equation, output_shape, inputs), named(want));
    }
    // A layer that is shared: the bias would go along another axis.
    let config = json!({ "name": "e", "equation": "ab...,bc->ac...", "output_shape": 3, "bias_axes": "c" });
    let shared = layer("EinsumDense", config);
    shared.build(&[Shape::from([2, 4, 5])]).unwrap();
    let apply = |shape: &[usize]| {
        let ctx = Context::new(StateTable::new(), random_state(0), false);
        let x = ctx.tracer().input(shape, DType::F32);
        shared.call(&ctx, &[x], None).map(|_| ()).map_err(|error| error.to_string())
    };
    let want = "expected inputs of rank 3, for which the layer was built, received shape [batch, 4, 3, 5]: reshape the inputs, \
                or make a new layer for them";
    assert_eq!(apply(&[2, 4, 3, 5]), Err(named(want)));
    let want = "expected axis 'b' of 'ab...,bc->ac...' to be 4 long, for which the layer was built; received 6, in inputs of \
                shape [batch, 6, 5]: reshape the inputs, or make a new layer for them";
    assert_eq!(apply(&[2, 6, 5]), Err(named(want)));
    let config = json!({ "equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "b" });
    let want =
        "EinsumDense: option 'bias_axes' must be letters of the outputs, 'ac' (leave it out for no bias); received 'b'";
    assert_eq!(create("EinsumDense", &config).err().expect("an error").to_string(), want);
}
