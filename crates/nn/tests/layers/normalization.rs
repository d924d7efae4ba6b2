use glorot_graph::reference::Value;
use glorot_nn::layers::{Adaptation, adapt, create};
use glorot_nn::{Context, LayerRef, StateTable, context::random_state};
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::json;

use crate::common::{assert_close, layer, run};

fn weights(layer: &LayerRef) -> Vec<Vec<f64>> {
    layer.weights().iter().map(|weight| weight.variable.value().to_f64()).collect()
}

#[test]
fn adapts_to_features_of_any_dtype() {
    let normalization = layer("Normalization", json!({}));
    let data = Tensor::u8([4, 2], vec![0, 7, 2, 9, 0, 7, 2, 9]).unwrap();
    adapt(&normalization, &data).unwrap();
    assert_eq!(weights(&normalization), [vec![1.0, 8.0], vec![1.0, 1.0], vec![4.0]]);
    let names: Vec<String> = normalization.weights().iter().map(|weight| weight.variable.name().into()).collect();
    assert_eq!(names, ["mean", "variance", "count"]);
    assert!(normalization.trainable_weights().is_empty());
    let x = Value::f32([1, 2], vec![0.0, 10.0]);
    assert_close(&run(&normalization, &[x], false, 0).outputs[0].data, &[-1.0, 2.0], 1e-12);
    // Again, with other data: the old statistics are gone.
    adapt(&normalization, &Tensor::f32([2, 2], vec![-3.0, 0.5, 5.0, 0.5]).unwrap()).unwrap();
    assert_eq!(weights(&normalization), [vec![1.0, 0.5], vec![16.0, 0.0], vec![2.0]]);
    // A feature without variance is divided by 1e-7.
    let y = run(&normalization, &[Value::f32([1, 2], vec![5.0, 0.5 + 1e-7])], false, 0);
    assert_close(&y.outputs[0].data, &[1.0, 1.0], 1e-6);
}

#[test]
fn keeps_the_axes_it_is_told_to() {
    let data = Tensor::i32([2, 2, 2], vec![1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
    for (axis, mean, variance) in [
        (json!(null), vec![4.5], vec![5.25]),
        (json!([]), vec![4.5], vec![5.25]),
        (json!(1), vec![3.5, 5.5], vec![4.25, 4.25]),
        (json!(-1), vec![4.0, 5.0], vec![5.0, 5.0]),
        (json!([2, 1]), vec![3.0, 4.0, 5.0, 6.0], vec![4.0; 4]),
    ] {
        let normalization = layer("Normalization", json!({ "axis": axis }));
        adapt(&normalization, &data).unwrap();
        let weights = weights(&normalization);
        assert_eq!((&weights[0], &weights[1]), (&mean, &variance), "axis {axis}");
        let x = Value::f32([1, 2, 2], vec![1.0, 2.0, 3.0, 4.0]);
        let at = |i: usize| match mean.len() {
            1 => 0,
            2 if axis == 1 => i / 2,
            2 => i % 2,
            _ => i,
        };
        let want: Vec<f64> = (0..4).map(|i| (x.data[i] - mean[at(i)]) / variance[at(i)].sqrt()).collect();
        assert_close(&run(&normalization, std::slice::from_ref(&x), false, 0).outputs[0].data, &want, 1e-6);
    }
}

#[test]
fn batches_are_gathered_on_any_thread() {
    let normalization = layer("Normalization", json!({ "axis": null }));
    let mut adaptation = Adaptation::new(&normalization, &Shape::from([1])).unwrap();
    let adaptation = std::thread::spawn(move || {
        adaptation.add(&Tensor::f32([3], vec![1.0, 2.0, 3.0]).unwrap()).unwrap();
        adaptation.add(&Tensor::f32([1], vec![6.0]).unwrap()).unwrap();
        adaptation
    });
    adaptation.join().unwrap().finish().unwrap();
    assert_eq!(weights(&normalization), [[3.0], [3.5], [4.0]]);
}

#[test]
fn statistics_may_be_given() {
    let x = Value::f32([1, 2, 2], vec![1.0, 2.0, 3.0, 6.0]);
    for (config, want) in [
        (json!({ "mean": 1, "variance": 4 }), [0.0, 0.5, 1.0, 2.5]),
        (json!({ "mean": [1, 2], "variance": [4, 0.25] }), [0.0, 0.0, 1.0, 8.0]),
        (json!({ "mean": [[1, 2], [3, 4]], "variance": [[1, 1], [1, 4]], "axis": [1, 2] }), [0.0, 0.0, 0.0, 1.0]),
        (json!({ "mean": [[1], [3]], "variance": [[1], [1]], "axis": [1, 2] }), [0.0, 1.0, 0.0, 3.0]),
        (json!({ "mean": 1, "variance": 4, "axis": [], "invert": true }), [3.0, 5.0, 7.0, 13.0]),
    ] {
        let normalization = layer("Normalization", config.clone());
        assert_close(&run(&normalization, std::slice::from_ref(&x), false, 0).outputs[0].data, &want, 1e-12);
        assert!(normalization.weights().is_empty());
        let written = &normalization.to_json()["config"];
        assert_eq!((&written["mean"], &written["variance"]), (&config["mean"], &config["variance"]));
    }
}

#[test]
fn inverts_what_it_adapted_to() {
    let data = Tensor::f32([4, 2], vec![0.0, 7.0, 2.0, 9.0, 0.0, 7.0, 2.0, 9.0]).unwrap();
    let inverse = layer("Normalization", json!({ "invert": true }));
    adapt(&inverse, &data).unwrap();
    assert_eq!(run(&inverse, &[Value::f32([1, 2], vec![1.0, 2.0])], false, 0).outputs[0].data, [2.0, 10.0]);
}

#[test]
fn errors_say_what_to_do() {
    let option = |config| create("Normalization", &config).err().expect("an error").to_string();
    assert_eq!(
        option(json!({ "mean": 1 })),
        "Normalization: option 'variance' is missing; give mean and variance, or neither and adapt()"
    );
    assert_eq!(
        option(json!({ "mean": [1, 2], "variance": 1 })),
        "Normalization: option 'variance' must be of mean's shape [2]; received 1"
    );
    assert_eq!(
        option(json!({ "mean": 1, "variance": -1 })),
        "Normalization: option 'variance' must be at least 0; received -1"
    );
    assert_eq!(
        option(json!({ "mean": [[1]], "variance": [[1]] })),
        "Normalization: option 'mean' must be a list of depth 1 at most, the number of axes; received [[1]]"
    );
    assert!(option(json!({ "mean": [1, [2]], "variance": 1 })).contains("a number or a nested list of numbers"));

    let adapted =
        |layer: &LayerRef, shape: &[usize]| adapt(layer, &Tensor::zeros(shape, DType::F32)).unwrap_err().to_string();
    assert_eq!(
        adapted(&layer("Dense", json!({ "units": 2, "name": "d" })), &[3, 2]),
        "layer 'd' (Dense): has nothing to adapt; adapt() is for normalization and discretization layers"
    );
    let given = layer("Normalization", json!({ "mean": 1, "variance": 1, "name": "n" }));
    assert_eq!(
        adapted(&given, &[3, 2]),
        "layer 'n' (Normalization): has its statistics as options 'mean' and 'variance'; leave them out to adapt"
    );
    let features = layer("Normalization", json!({ "name": "f" }));
    assert_eq!(
        adapted(&features, &[3]),
        "layer 'f' (Normalization): inputs of shape [batch] have no axis of features; give 'axis' null for one mean of all"
    );
    assert_eq!(
        adapted(&features, &[]),
        "layer 'f' (Normalization): expected data of rank 1 or more, samples along axis 0; received a scalar"
    );
    assert_eq!(adapted(&features, &[0, 2]), "layer 'f' (Normalization): received no samples to adapt to");
    assert_eq!(
        adapted(&features, &[3, 5]),
        "layer 'f' (Normalization): was built for inputs of shape [batch, 2], received data [3, 5]"
    );
    let ctx = Context::new(StateTable::new(), random_state(0), false);
    let x = ctx.tracer().input([4, 5], DType::F32);
    let message = features.call(&ctx, std::slice::from_ref(&x), None).unwrap_err().to_string();
    assert!(
        message.contains("expected inputs with 2 features along the axes [-1], received shape [batch, 5]"),
        "{message}"
    );
    let message = layer("Normalization", json!({ "mean": [1, 2], "variance": [1, 1] })).call(&ctx, &[x], None);
    let message = message.unwrap_err().to_string();
    assert!(
        message.contains("option 'mean' has 2 numbers for axis 1, which has length 5 in inputs of shape [batch, 5]")
    );
}
