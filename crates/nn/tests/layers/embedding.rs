use glorot_graph::reference::Value;
use glorot_nn::layers::create;
use glorot_tensor::{DType, Shape};
use serde_json::json;

use crate::common::{layer, normal, run, set_weights};

#[test]
fn embedding_looks_rows_up_and_sums_their_gradients() {
    let embedding = layer("Embedding", json!({ "input_dim": 3, "output_dim": 2 }));
    embedding.build(&[Shape::from([1, 4])]).unwrap();
    set_weights(&embedding, &[&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]);
    let result = run(&embedding, &[Value::i32([1, 4], vec![2, 0, 2, 2])], true, 0);
    assert_eq!(result.outputs[0], Value::f32([1, 4, 2], vec![5.0, 6.0, 1.0, 2.0, 5.0, 6.0, 5.0, 6.0]));
    // The gradient of the output is the factors of the weighted sum.
    let upstream = normal(&[1, 4, 2], 1000).data.iter().map(|&v| f64::from(v as f32)).collect::<Vec<f64>>();
    let sum = |places: [usize; 3], i: usize| places.iter().map(|place| upstream[2 * place + i]).sum::<f64>();
    let want = [upstream[2], upstream[3], 0.0, 0.0, sum([0, 2, 3], 0), sum([0, 2, 3], 1)];
    assert_eq!(result.weight_gradients[0].data, want);
}

#[test]
fn any_integers_are_indices_and_those_out_of_range_give_nan() {
    let embedding = layer("Embedding", json!({ "input_dim": 3, "output_dim": 1 }));
    embedding.build(&[Shape::from([1, 2])]).unwrap();
    set_weights(&embedding, &[&[1.0, 2.0, 3.0]]);
    let bytes = Value::new([1, 2], DType::U8, vec![1.0, 2.0]);
    assert_eq!(run(&embedding, &[bytes], false, 0).outputs[0].data, [2.0, 3.0]);
    let outside = run(&embedding, &[Value::i32([1, 3], vec![-1, 0, 3])], true, 0);
    let missing: Vec<bool> = outside.outputs[0].data.iter().map(|value| value.is_nan()).collect();
    assert_eq!(missing, [true, false, true]);
    assert!(outside.weight_gradients[0].data.iter().all(|value| value.is_finite()));
}

#[test]
fn embedding_names_options() {
    let error = |config| create("Embedding", &config).err().unwrap().to_string();
    assert_eq!(
        error(json!({ "output_dim": 2 })),
        "Embedding: option 'input_dim' is missing; give a whole number of at least 1; given: output_dim"
    );
    let masked = error(json!({ "input_dim": 3, "output_dim": 2, "mask_zero": 1 }));
    assert_eq!(masked, "Embedding: option 'mask_zero' must be true or false; received 1");
    let keras2 = json!({ "input_dim": 3, "output_dim": 2, "input_length": 5, "mask_zero": false });
    assert!(create("Embedding", &keras2).is_ok());
}
