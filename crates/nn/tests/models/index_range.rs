use glorot_nn::layers::create;
use glorot_nn::model::{IndexRange, Model, ModelTensor, apply, input};
use serde_json::json;

fn embedding(name: &str, rows: usize) -> glorot_nn::LayerRef {
    create("Embedding", &json!({ "input_dim": rows, "output_dim": 2, "name": name })).unwrap()
}

fn words(name: &str) -> ModelTensor {
    input(&json!({ "shape": [4], "dtype": "int32", "name": name })).unwrap()
}

#[test]
fn inputs_of_embeddings_know_their_range() {
    let inner = Model::sequential(vec![embedding("inner", 7)], Some("nested".into())).unwrap();
    inner.build(&[[3, 4].into()]).unwrap();
    let (a, b, c) = (words("a"), words("b"), input(&json!({ "shape": [2] })).unwrap());
    let first = apply(&embedding("large", 9), std::slice::from_ref(&a), None).unwrap().remove(0);
    let second = apply(&embedding("small", 5), std::slice::from_ref(&a), None).unwrap().remove(0);
    let third = apply(&inner.as_layer(), std::slice::from_ref(&b), None).unwrap().remove(0);
    let sum = create("Add", &json!({})).unwrap();
    let sum = apply(&sum, &[first, second, third, c.clone()], None).unwrap();
    let model = Model::functional(vec![a, b, c], sum, None).unwrap();
    let range = |layer: &str, rows| Some(IndexRange { layer: layer.into(), class: "Embedding".into(), rows });
    assert_eq!(model.index_ranges().unwrap(), [range("small", 5), range("inner", 7), None]);
}
