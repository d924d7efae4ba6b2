//! The golden model files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use glorot_io::keras::{ModelFile, Resume, read_model};
use glorot_io::safetensors;
use glorot_tensor::Tensor;
use serde_json::{Value, json};

/// A case of the groups `files` and `files_keras2`.
pub struct Case {
    pub name: String,
    pub file: PathBuf,
    /// `{ class_name, config }`.
    pub model: Value,
    pub weights: Vec<Tensor>,
    pub optimizer: Vec<Tensor>,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../__test__/fixtures/golden")
}

pub fn cases(group: &str) -> Vec<Case> {
    let tensors: HashMap<String, Tensor> =
        safetensors::read(folder().join(format!("{group}.safetensors"))).unwrap().tensors.into_iter().collect();
    let text = std::fs::read_to_string(folder().join(format!("{group}.json"))).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    cases
        .iter()
        .map(|case| {
            let numbered = |role: &str| -> Vec<Tensor> {
                let keys = (0..).map_while(|index| case["tensors"][format!("{role}.{index}")].as_str());
                keys.map(|key| tensors[key].clone()).collect()
            };
            Case {
                name: format!("{group}/{}", case["name"].as_str().unwrap()),
                file: folder().join(case["file"].as_str().unwrap()),
                model: json!({ "class_name": case["kind"], "config": case["config"] }),
                weights: numbered("weight"),
                optimizer: numbered("optimizer"),
            }
        })
        .collect()
}

/// A golden model with the paths of its weights as a model has them.
pub fn model(case: &Case) -> ModelFile {
    let mut file = read_model(&case.file).unwrap();
    let text = std::fs::read_to_string(folder().join("files.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let entry = cases.iter().find(|entry| case.name.ends_with(&format!("/{}", entry["name"].as_str().unwrap())));
    let mut paths = entry.unwrap()["weight_paths"].as_array().unwrap().iter().map(|path| path.as_str().unwrap());
    for weight in file.weights.iter_mut().flat_map(|layer| &mut layer.weights) {
        weight.path = paths.next().unwrap().into();
        weight.trainable = !weight.path.contains("/moving_");
    }
    assert_eq!(paths.next(), None);
    file.resume = Some(Resume {
        state: json!({ "epoch": 3, "text": "ä" }),
        tensors: vec![("random_state".into(), Tensor::i32([4], vec![1, -2, i32::MAX, i32::MIN]).unwrap())],
    });
    file
}

/// The golden `.keras` files of Keras 3.
pub fn models() -> Vec<(Case, ModelFile)> {
    let cases = cases("files").into_iter().filter(|case| case.file.extension().is_some_and(|end| end == "keras"));
    cases
        .map(|case| {
            let model = model(&case);
            (case, model)
        })
        .collect()
}
