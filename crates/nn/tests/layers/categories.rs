use glorot_graph::reference::Value;
use glorot_nn::context::random_state;
use glorot_nn::layers::{adapt, create};
use glorot_nn::{Context, LayerRef, StateTable};
use glorot_tensor::{DType, Tensor};
use serde_json::{Value as Json, json};

use crate::common::{layer, run};

fn outputs(class: &str, options: Json, x: Value) -> Value {
    run(&layer(class, options), &[x], false, 0).outputs[0].clone()
}

#[test]
fn categories_become_vectors() {
    let x = || Value::i32([2, 3], vec![0, 2, 2, 1, 1, 1]);
    let encode = |mode: &str| outputs("CategoryEncoding", json!({ "num_tokens": 3, "output_mode": mode }), x());
    assert_eq!(encode("multi_hot"), Value::f32([2, 3], vec![1.0, 0.0, 1.0, 0.0, 1.0, 0.0]));
    assert_eq!(encode("binary"), encode("multi_hot"));
    assert_eq!(encode("count"), Value::f32([2, 3], vec![1.0, 0.0, 2.0, 0.0, 3.0, 0.0]));
    let one_hot = encode("oneHot");
    assert_eq!(one_hot.shape, [2, 3, 3].into());
    assert_eq!(one_hot.data[..6], [1.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
}

#[test]
fn no_categories_are_zeros() {
    for mode in ["multi_hot", "count"] {
        let options = json!({ "num_tokens": 3, "output_mode": mode });
        assert_eq!(outputs("CategoryEncoding", options, Value::i32([1, 0], vec![])), Value::f32([1, 3], vec![0.0; 3]));
    }
}

#[test]
fn categories_out_of_range_are_zeros() {
    let x = Value::new([3], DType::F32, vec![-1.0, 1.0, 2.0]);
    let options = json!({ "num_tokens": 2, "output_mode": "one_hot" });
    assert_eq!(outputs("CategoryEncoding", options, x), Value::f32([3, 2], vec![0.0, 0.0, 0.0, 1.0, 0.0, 0.0]));
}

#[test]
fn a_bin_begins_with_its_boundary() {
    let bins = |x: Value| outputs("Discretization", json!({ "bin_boundaries": [0, 1.5] }), x);
    let x = Value::f32([6], vec![-0.1, 0.0, 1.0, 1.5, 9.0, f64::NAN]);
    assert_eq!(bins(x), Value::i32([6], vec![0, 1, 1, 2, 2, 2]));
    assert_eq!(bins(Value::new([2], DType::U8, vec![1.0, 2.0])), Value::i32([2], vec![1, 2]));
    let one = outputs("Discretization", json!({ "bin_boundaries": [] }), Value::f32([2], vec![1.0, 2.0]));
    assert_eq!(one, Value::i32([2], vec![0, 0]));
}

#[test]
fn bins_are_kept_in_the_configuration() {
    let bins = layer("Discretization", json!({ "num_bins": 2, "name": "bins" }));
    adapt(&bins, &Tensor::i32([4], vec![1, 2, 3, 4]).unwrap()).unwrap();
    let config = bins.to_json()["config"].clone();
    let want = json!({ "name": "bins", "dtype": "float32", "bin_boundaries": [2.0], "num_bins": 2, "epsilon": 0.01,
        "output_mode": "int", "sparse": false });
    assert_eq!(config, want);
    let copy = create("Discretization", &config).unwrap();
    assert_eq!(copy.to_json()["config"], want);
    // Once more, before it is used.
    adapt(&bins, &Tensor::i32([4], vec![10, 20, 30, 40]).unwrap()).unwrap();
    assert_eq!(bins.to_json()["config"]["bin_boundaries"], json!([20.0]));
}

#[test]
fn wrong_options_and_data_are_named() {
    let error = |class: &str, options: Json| create(class, &options).err().unwrap().to_string();
    let missing = error("CategoryEncoding", json!({}));
    assert!(missing.starts_with("CategoryEncoding: option 'numTokens' is missing"), "{missing}");
    let mode = error("CategoryEncoding", json!({ "num_tokens": 3, "output_mode": "int" }));
    assert!(mode.contains("must be one of 'one_hot', 'multi_hot', 'count', 'binary'; received \"int\""), "{mode}");
    let sparse = error("CategoryEncoding", json!({ "num_tokens": 3, "sparse": true }));
    assert!(sparse.contains("'sparse'"), "{sparse}");
    let neither = error("Discretization", json!({}));
    assert_eq!(neither, "Discretization: give 'bin_boundaries', or 'num_bins' and adapt()");
    let order = error("Discretization", json!({ "bin_boundaries": [1, 0] }));
    assert!(order.contains("'bin_boundaries' must be a list of numbers that ascend"), "{order}");

    let call = |layer: &LayerRef, shape: &[usize]| {
        let ctx = Context::new(StateTable::new(), random_state(0), false);
        let x = ctx.tracer().input(shape, DType::F32);
        layer.call(&ctx, &[x], None).map(|_| ()).map_err(|error| error.to_string())
    };
    let rank = call(&layer("CategoryEncoding", json!({ "num_tokens": 3, "name": "c" })), &[2, 3, 4]).unwrap_err();
    let want = "layer 'c' (CategoryEncoding): output_mode 'multi_hot' expects inputs of shape [batch, n], received \
                [batch, 3, 4]; flatten them, or take 'one_hot'";
    assert_eq!(rank, want);

    let bins = layer("Discretization", json!({ "num_bins": 2, "name": "b" }));
    let early = call(&bins, &[2]).unwrap_err();
    assert_eq!(early, "layer 'b' (Discretization): has no bins yet: call adapt() with data, or give 'bin_boundaries'");
    let adapted = |layer: &LayerRef, data: Tensor| adapt(layer, &data).unwrap_err().to_string();
    let none = adapted(&bins, Tensor::f32([0], vec![]).unwrap());
    assert_eq!(none, "layer 'b' (Discretization): received no samples to adapt to");
    let nan = adapted(&bins, Tensor::f32([2], vec![1.0, f32::NAN]).unwrap());
    assert_eq!(nan, "layer 'b' (Discretization): element 1 of the data is NaN; bins are made of finite numbers");
    let data = || Tensor::f32([2], vec![1.0, 2.0]).unwrap();
    adapt(&bins, &data()).unwrap();
    call(&bins, &[2]).unwrap();
    let late = adapted(&bins, data());
    assert!(late.contains("was used already, and its bins are part of what was made with it"), "{late}");
    let given = adapted(&layer("Discretization", json!({ "bin_boundaries": [1] })), data());
    assert!(given.contains("has its bins as option 'bin_boundaries'; give 'num_bins' to adapt"), "{given}");
    let other = adapted(&layer("Dense", json!({ "units": 1 })), data());
    assert!(other.contains("has nothing to adapt; adapt() is for normalization and discretization layers"), "{other}");
}
