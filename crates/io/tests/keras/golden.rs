//! Every golden file gives the weights and optimizer variables that Keras had.

use glorot_io::keras::{Layers, read_model, read_weights};
use glorot_tensor::Tensor;
use serde_json::{Value, json};

use crate::compare::{assert_same, values};
use crate::support::{Case, cases, folder};

fn is_weights_file(case: &Case) -> bool {
    let name = case.file.file_name().unwrap().to_str().unwrap();
    name.ends_with("weights.h5")
}

fn check(group: &str, expected: usize) {
    let cases = cases(group);
    assert_eq!(cases.len(), expected);
    for case in &cases {
        let name = &case.name;
        if is_weights_file(case) {
            let file = read_weights(&case.file).unwrap().layers(&case.model);
            assert!(file.unplaced.is_empty(), "{name}");
            assert_same(name, &values(&file.layers), &case.weights);
            continue;
        }
        let file = read_model(&case.file).unwrap();
        assert_eq!(file.config["class_name"], case.model["class_name"], "{name}");
        assert_eq!(file.config["config"]["name"], case.model["config"]["name"], "{name}");
        let layers = |model: &Value| model["config"]["layers"].as_array().unwrap().len();
        assert_eq!(layers(&file.config), layers(&case.model), "{name}");
        if name.contains("resume_") {
            let variables: Vec<&Tensor> = file.optimizer.iter().flatten().map(|(_, value)| value).collect();
            assert_same(name, &variables, &case.optimizer);
            let compile = file.compile.unwrap();
            assert!(compile["optimizer"]["class_name"].is_string(), "{name}: {compile}");
            assert_eq!(compile["loss"], "sparse_categorical_crossentropy", "{name}");
            assert!(!values(&file.weights).is_empty(), "{name}");
        } else {
            assert_same(name, &values(&file.weights), &case.weights);
        }
        let major = if group == "files" { "3." } else { "2." };
        assert!(file.keras_version.unwrap().starts_with(major), "{name}");
    }
}

#[test]
fn files_of_keras_3() {
    check("files", 39);
}

#[test]
fn files_of_keras_2() {
    check("files_keras2", 28);
}

#[test]
fn both_formats_of_one_model_hold_the_same() {
    for name in ["resume_nadam", "resume_adam_ema", "nested", "dense_zoo"] {
        let model = |suffix: &str| read_model(folder().join(format!("models/{name}{suffix}"))).unwrap();
        let (zip, h5) = (model(".keras"), model(".h5"));
        let owned: Vec<Tensor> = values(&h5.weights).into_iter().cloned().collect();
        assert_same(name, &values(&zip.weights), &owned);
    }
}

#[test]
fn weights_for_another_model_are_left() {
    let file = folder().join("models/regression.weights.h5");
    let other = json!({ "class_name": "Sequential", "config": { "layers": [
        { "class_name": "Dense", "config": { "name": "only" } },
    ] } });
    let Layers { layers, unplaced, .. } = read_weights(&file).unwrap().layers(&other);
    assert_eq!((layers.len(), layers[0].weights.len()), (1, 2));
    assert!(unplaced.iter().any(|group| group == "layers/dense_1"), "{unplaced:?}");
    assert!(read_weights(&file).unwrap().named_layers().is_none());
    let named = read_weights(folder().join("models/regression.keras")).unwrap().named_layers().unwrap();
    let names: Vec<&str> = named.layers.iter().map(|layer| layer.layer.as_str()).collect();
    assert!(names.contains(&"dense") && names.contains(&"dense_1"), "{names:?}");
}
