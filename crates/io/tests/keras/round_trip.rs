//! What is written is read as it was. That Keras reads it too is tested in `keras_loads.rs`.

use glorot_io::keras::{
    LayerWeights, Layers, ModelFile, WeightOrder, read_model, read_weights, write_h5, write_keras, write_weights_h5,
};
use glorot_io::safetensors::{self, Content};
use glorot_tensor::Tensor;
use serde_json::json;

use crate::compare::{assert_same, values};
use crate::support::models;

fn assert_equal(name: &str, found: &ModelFile, wanted: &ModelFile) {
    let owned = |file: &ModelFile| -> Vec<Tensor> { values(&file.weights).into_iter().cloned().collect() };
    assert_same(name, &values(&found.weights), &owned(wanted));
    let names = |file: &ModelFile| -> Vec<String> { file.weights.iter().map(|layer| layer.layer.clone()).collect() };
    assert_eq!(names(found), names(wanted), "{name}");
    assert_eq!(found.config, wanted.config, "{name}");
    assert_eq!(found.compile, wanted.compile, "{name}");
    let optimizer =
        |file: &ModelFile| -> Vec<Tensor> { file.optimizer.iter().flatten().map(|(_, value)| value.clone()).collect() };
    assert_same(name, &optimizer(found).iter().collect::<Vec<_>>(), &optimizer(wanted));
    let (found, wanted) = (found.resume.as_ref().unwrap(), wanted.resume.as_ref().unwrap());
    assert_eq!(found.state, wanted.state);
    assert_eq!(found.tensors[0].0, "random_state");
    assert_eq!(found.tensors[0].1.as_i32().unwrap(), wanted.tensors[0].1.as_i32().unwrap());
}

#[test]
fn models_come_back() {
    let folder = tempfile::tempdir().unwrap();
    for (case, model) in models() {
        let stem = case.file.file_stem().unwrap().to_str().unwrap();
        let path = folder.path().join(format!("{stem}.keras"));
        write_keras(&path, &model).unwrap();
        assert_equal(&case.name, &read_model(&path).unwrap(), &model);

        let path = folder.path().join(format!("{stem}.h5"));
        write_h5(&path, &model).unwrap();
        let found = read_model(&path).unwrap();
        assert_eq!(found.order, WeightOrder::TrainableFirst);
        assert_equal(&case.name, &found, &model);

        let path = folder.path().join(format!("{stem}.weights.h5"));
        write_weights_h5(&path, &model.config, &model.weights).unwrap();
        let Layers { layers, order, unplaced } = read_weights(&path).unwrap().layers(&model.config);
        assert_eq!((order, unplaced.len()), (WeightOrder::Model, 0));
        let wanted: Vec<Tensor> = values(&model.weights).into_iter().cloned().collect();
        assert_same(&case.name, &values(&layers), &wanted);
        let message = read_model(&path).unwrap_err().to_string();
        assert!(message.contains("holds weights but no model configuration"), "{message}");
    }
}

#[test]
fn a_long_configuration_and_many_names_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let layers: Vec<String> = (0..5000).map(|number| format!("layer_{number:05}")).collect();
    let config = json!({ "class_name": "Sequential", "config": { "name": "long", "layers":
        layers.iter().map(|name| json!({ "class_name": "Flatten", "config": { "name": name } })).collect::<Vec<_>>() } });
    assert!(config.to_string().len() > 200_000);
    let weights = layers.into_iter().map(|layer| LayerWeights { layer, weights: Vec::new() }).collect();
    let file = ModelFile {
        config,
        compile: None,
        weights,
        order: WeightOrder::Model,
        unplaced: Vec::new(),
        optimizer: None,
        resume: None,
        keras_version: None,
    };
    let path = folder.path().join("long.h5");
    write_h5(&path, &file).unwrap();
    let found = read_model(&path).unwrap();
    assert_eq!(found.config, file.config);
    assert_eq!(found.weights.len(), 5000);
    assert_eq!(found.weights[4999].layer, "layer_04999");
}

#[test]
fn weights_that_no_layer_has_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let (_, mut model) = models().swap_remove(0);
    let layer = model.weights.iter_mut().find(|layer| !layer.weights.is_empty()).unwrap();
    layer.weights[0].path = "elsewhere/kernel".into();
    layer.weights[0].part = 1;
    let path = folder.path().join("wrong.keras");
    let message = write_keras(&path, &model).unwrap_err().to_string();
    assert!(message.contains("weight 'elsewhere/kernel' belongs to no layer"), "{message}");
    assert!(!path.exists());
}

#[test]
fn safetensors_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some.safetensors");
    let tensors = vec![
        ("float".to_owned(), Tensor::f32([2, 2], vec![1.5, f32::INFINITY, -0.0, 3e-40]).unwrap()),
        ("integer".to_owned(), Tensor::i32([1], vec![i32::MIN]).unwrap()),
        ("byte".to_owned(), Tensor::u8([0, 3], vec![]).unwrap()),
        ("bool".to_owned(), Tensor::bool(glorot_tensor::Shape::scalar(), vec![1]).unwrap()),
    ];
    let metadata = [("format".to_owned(), "glorot".to_owned())].into();
    safetensors::write(&path, &tensors, Some(metadata)).unwrap();
    let Content { tensors: found, metadata } = safetensors::read(&path).unwrap();
    assert_eq!(metadata["format"], "glorot");
    assert_eq!(found.len(), tensors.len());
    for (name, wanted) in &tensors {
        let (_, found) = found.iter().find(|(other, _)| other == name).unwrap();
        assert_eq!((found.dtype(), found.shape(), found.bytes()), (wanted.dtype(), wanted.shape(), wanted.bytes()));
    }
}
