use glorot_nn::layers::create;
use glorot_nn::model::{Model, ModelTensor, apply, input};
use glorot_tensor::{DType, Shape, Tensor};
use serde_json::{Value, json};

use crate::common::{assert_close, run, samples, set_weights};
use crate::keras::{fixture, structure};

fn call(class: &str, config: Value, inputs: &[&ModelTensor]) -> ModelTensor {
    let inputs: Vec<ModelTensor> = inputs.iter().map(|&tensor| tensor.clone()).collect();
    apply(&create(class, &config).unwrap(), &inputs, None).unwrap().remove(0)
}

/// The model of `keras/generate.py`, layer by layer.
fn wide_and_deep() -> Model {
    let wide = input(&json!({ "shape": [5], "name": "wide" })).unwrap();
    let deep = input(&json!({ "shape": [6], "name": "deep" })).unwrap();
    let hidden_1 = call("Dense", json!({ "units": 7, "activation": "tanh", "name": "hidden_1" }), &[&deep]);
    let hidden_2 = call("Dense", json!({ "units": 7, "activation": "tanh", "name": "hidden_2" }), &[&hidden_1]);
    let joined = call("Concatenate", json!({ "name": "joined" }), &[&wide, &hidden_2]);
    let output = call("Dense", json!({ "units": 1, "name": "output" }), &[&joined]);
    let helper = call("Dense", json!({ "units": 1, "activation": "sigmoid", "name": "helper" }), &[&hidden_2]);
    Model::functional(vec![wide, deep], vec![output, helper], Some("wide_and_deep".into())).unwrap()
}

#[test]
fn wide_and_deep_is_the_model_of_keras() {
    let (model, fixture) = (wide_and_deep(), fixture("wide_and_deep"));
    assert_eq!(structure(&model.to_json()), structure(&fixture["model"]));
    set_weights(&model);
    let result = run(&model, &samples(&model), &model.trainable_weights());
    assert_close(&result.outputs, &fixture["outputs"], "output");
    assert_close(&result.gradients, &fixture["gradients"], "gradient of weight");
}

#[test]
fn inputs_and_outputs_have_names_and_shapes() {
    let model = wide_and_deep();
    let ports = |ports: Vec<glorot_nn::model::Port>| {
        ports.into_iter().map(|port| (port.name, port.shape[1..].to_vec())).collect::<Vec<_>>()
    };
    let named = |name: &str, dim: usize| (name.to_string(), vec![Some(dim)]);
    assert_eq!(ports(model.input_specs().unwrap()), [named("wide", 5), named("deep", 6)]);
    assert_eq!(ports(model.output_specs().unwrap()), [named("output", 1), named("helper", 1)]);
}

#[test]
fn a_part_of_the_model_is_a_model() {
    let model = wide_and_deep();
    set_weights(&model);
    let hidden = model.get_layer("hidden_2").unwrap();
    // What the helper sees, as an output of its own: the weights are the same ones.
    let outputs = model.outputs().unwrap();
    let hidden_2 = outputs[1].node().inputs[0].clone();
    assert!(hidden_2.layer().same(&hidden));
    let part = Model::functional(vec![model.inputs().unwrap().remove(1)], vec![hidden_2], None).unwrap();
    assert_eq!(part.weight_paths(), ["hidden_1/kernel", "hidden_1/bias", "hidden_2/kernel", "hidden_2/bias"]);
    let inputs = samples(&model);
    let before = run(&part, &inputs[1..], &[]).outputs.remove(0);
    assert_eq!(before.shape, Shape::from([3, 7]));
    let zeros = Tensor::from_f64([6, 7], DType::F32, &[0.0; 42]).unwrap();
    model.weights()[0].variable.assign(zeros).unwrap();
    assert_ne!(run(&part, &inputs[1..], &[]).outputs[0], before);
}
