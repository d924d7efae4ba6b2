use glorot_nn::model::Model;
use serde_json::{Value, json};

use crate::common::{assert_close, run, samples, set_weights};

const MODELS: [(&str, &str); 4] = [
    ("wide_and_deep", include_str!("keras/wide_and_deep.json")),
    ("twins", include_str!("keras/twins.json")),
    ("residual", include_str!("keras/residual.json")),
    ("forks", include_str!("keras/forks.json")),
];

/// A model that Keras described.
pub fn fixture(name: &str) -> Value {
    let (_, text) = MODELS.iter().find(|(known, _)| *known == name).unwrap();
    serde_json::from_str(text).unwrap()
}

/// How a model's layers are connected: what files of both must agree in.
pub fn structure(model: &Value) -> Value {
    let layer = |layer: &Value| {
        let mut calls = layer.get("inbound_nodes").cloned().unwrap_or(json!([]));
        for call in calls.as_array_mut().into_iter().flatten() {
            // Keras writes the mask of a sequential model, which is none.
            call["kwargs"].as_object_mut().unwrap().remove("mask");
        }
        let inner = layer.pointer("/config/layers").map(|_| structure(layer));
        json!([layer["class_name"], layer["config"]["name"], calls, inner])
    };
    let config = &model["config"];
    let layers: Vec<Value> = config["layers"].as_array().unwrap().iter().map(layer).collect();
    json!([config["name"], layers, config["input_layers"], config["output_layers"]])
}

#[test]
fn models_compute_what_keras_computes() {
    for (name, _) in MODELS {
        let fixture = fixture(name);
        let model = Model::from_json(&fixture["model"]).unwrap();
        assert_eq!(json!(model.weight_paths()), fixture["weight_paths"], "{name}");
        set_weights(&model);
        let result = run(&model, &samples(&model), &model.trainable_weights());
        assert_close(&result.outputs, &fixture["outputs"], &format!("{name}, output"));
        assert_close(&result.gradients, &fixture["gradients"], &format!("{name}, gradient of weight"));
    }
}

#[test]
fn models_are_written_as_keras_writes_them() {
    for (name, _) in MODELS {
        let fixture = fixture(name);
        let model = Model::from_json(&fixture["model"]).unwrap();
        let written = model.to_json();
        assert_eq!(structure(&written), structure(&fixture["model"]), "{name}");
        let copy = Model::from_json(&written).unwrap();
        assert_eq!(copy.to_json(), written, "{name}");
        set_weights(&model);
        set_weights(&copy);
        let inputs = samples(&model);
        let outputs = |model: &Model| run(model, &inputs, &[]).outputs;
        assert_eq!(outputs(&copy), outputs(&model), "{name}");
    }
}

#[test]
fn gradients_of_shared_layers_add_up() {
    let fixture = fixture("twins");
    let shared = Model::from_json(&fixture["model"]).unwrap();
    set_weights(&shared);
    let paths = shared.weight_paths();
    let scale = &shared.weights()[paths.iter().position(|path| path == "scale/kernel").unwrap()];
    let inputs = samples(&shared);
    let gradient = &run(&shared, &inputs, std::slice::from_ref(scale)).gradients[0].data;
    // Finite differences move all uses at once.
    let start = scale.variable.value().to_f64();
    let loss = |i: usize, step: f64| {
        let mut moved = start.clone();
        moved[i] += step;
        let shape = scale.variable.spec().shape.clone();
        scale
            .variable
            .assign(glorot_tensor::Tensor::from_f64(shape, glorot_tensor::DType::F32, &moved).unwrap())
            .unwrap();
        let outputs = run(&shared, &inputs, &[]).outputs;
        let weighted = |(i, y): (usize, &glorot_graph::reference::Value)| {
            let factors = crate::common::values(&y.shape, 70 + i);
            y.data.iter().zip(factors.data).map(|(y, factor)| y * factor).sum::<f64>()
        };
        outputs.iter().enumerate().map(weighted).sum::<f64>()
    };
    for (i, &gradient) in gradient.iter().enumerate() {
        let slope = (loss(i, 1e-2) - loss(i, -1e-2)) / 2e-2;
        assert!((gradient - slope).abs() < 1e-3 * (1.0 + slope.abs()), "element {i}: {gradient}, want {slope}");
    }
}
