//! What is wrong with data and options is said by name.

use serde_json::json;

use crate::support::{Bench, classifier, corners, sequential, target};
use glorot_tensor::{DType, Tensor};
use glorot_train::{Dataset, FitOptions, Progress, Validation};

fn fit_error(data: Dataset) -> String {
    let options = FitOptions { batch_size: 4, ..FitOptions::default() };
    Bench::new().trainer.prepare_fit(data, options).err().expect("an error").to_string()
}

fn option_error(change: impl Fn(&mut FitOptions)) -> String {
    let mut options = FitOptions { batch_size: 4, ..FitOptions::default() };
    change(&mut options);
    Bench::new().trainer.prepare_fit(corners(10), options).err().expect("an error").to_string()
}

fn x(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32)
}

fn labels(labels: &[i32]) -> Tensor {
    Tensor::i32([labels.len()], labels.to_vec()).unwrap()
}

#[test]
fn inputs() {
    let y = || labels(&[0, 1]);
    assert_eq!(
        fit_error(Dataset::new(x(&[2, 28, 28]), y())),
        "input 'features' of model 'tiny': expected shape [null, 3], received [null, 28, 28]"
    );
    assert_eq!(
        fit_error(Dataset::new(x(&[3]), y())),
        "input 'features' of model 'tiny': expected shape [null, 3], received [3]; a single sample needs a batch axis: \
         shape [1, …]"
    );
    assert_eq!(
        fit_error(Dataset { x: vec![x(&[2, 3]), x(&[2, 3])], y: vec![y()], sample_weights: vec![] }),
        "model 'tiny': expected 1 input ('features'), received 2"
    );
    assert_eq!(
        fit_error(Dataset::new(x(&[0, 3]), labels(&[]))),
        "x is empty: its shape is [0, 3]; there must be at least one sample"
    );
}

#[test]
fn targets() {
    assert_eq!(
        fit_error(Dataset::new(x(&[4, 3]), labels(&[0, 1, 2]))),
        "y of output 'classes' has 3 samples, but x has 4"
    );
    assert_eq!(
        fit_error(Dataset { x: vec![x(&[4, 3])], y: vec![], sample_weights: vec![] }),
        "y: expected 1 tensor for the output 'classes', received 0"
    );
    assert_eq!(
        fit_error(Dataset::new(x(&[4, 3]), x(&[4, 3]))),
        "targets of output 'classes' have shape [null, 3]: sparse_categorical_crossentropy takes one integer label a \
         sample; use categoricalCrossentropy for one-hot targets, or integer labels"
    );
    assert_eq!(
        fit_error(Dataset::new(x(&[4, 3]), x(&[4, 2]))),
        "targets of output 'classes' have shape [null, 2]: sparse_categorical_crossentropy takes one integer label a \
         sample: expected shape [null]"
    );
}

#[test]
fn labels_out_of_range() {
    let message = |label: &str, sample: usize| {
        format!(
            "y of output 'classes': label {label} of sample {sample} is out of range: the output has 3 classes, so labels \
             must be integers from 0 to 2"
        )
    };
    assert_eq!(fit_error(Dataset::new(x(&[4, 3]), labels(&[0, 2, 3, -1]))), message("3", 2));
    assert_eq!(fit_error(Dataset::new(x(&[2, 3]), labels(&[-1, 0]))), message("-1", 0));
    let bytes = Tensor::u8([2, 1], vec![1, 10]).unwrap();
    assert_eq!(fit_error(Dataset::new(x(&[2, 3]), bytes)), message("10", 1));
    let floats = Tensor::f32([2], vec![0.0, 0.5]).unwrap();
    assert_eq!(fit_error(Dataset::new(x(&[2, 3]), floats)), message("0.5", 1));
    let nan = Tensor::f32([2], vec![f32::NAN, 0.5]).unwrap();
    assert_eq!(fit_error(Dataset::new(x(&[2, 3]), nan)), message("NaN", 0));
}

#[test]
fn columns_of_labels_and_single_features_are_taken() {
    let bench = Bench::of(classifier(1, json!({})), vec![target()]);
    let y = Tensor::i32([2, 1], vec![0, 2]).unwrap();
    bench.trainer.prepare_fit(Dataset::new(x(&[2]), y), FitOptions::default()).unwrap();
}

#[test]
fn sample_weights() {
    let weights = |shape: &[usize]| corners(4).with_sample_weights(x(shape));
    assert_eq!(fit_error(weights(&[3])), "sampleWeight has 3 samples, but x has 4");
    assert_eq!(
        fit_error(weights(&[4, 2])),
        "output 'classes': sample weights must have the shape of the losses, [4]; received [4, 2]"
    );
}

#[test]
fn validation_data() {
    let bad = Dataset::new(x(&[2, 3]), labels(&[0, 7]));
    let error = option_error(|options| options.validation = Validation::Data(bad.clone()));
    assert!(error.starts_with("validationData: y of output 'classes': label 7 of sample 1"), "{error}");
}

#[test]
fn options() {
    assert_eq!(option_error(|options| options.batch_size = 0), "batchSize: expected at least 1, received 0");
    assert_eq!(option_error(|options| options.epochs = 0), "epochs: expected at least 1, received 0");
    assert_eq!(
        option_error(|options| options.initial_epoch = 2),
        "initialEpoch: expected at most epochs (1), received 2"
    );
    assert_eq!(
        option_error(|options| options.validation = Validation::Split(1.0)),
        "validationSplit: expected a fraction between 0 and 1, received 1"
    );
    assert_eq!(
        option_error(|options| options.validation = Validation::Split(0.99)),
        "validationSplit: 0.99 of 10 samples leaves no sample for training or none for validation"
    );
    let error = Bench::new().trainer.prepare_predict(corners(3).x, 0, Progress::Never).err().unwrap();
    assert_eq!(error.to_string(), "batchSize: expected at least 1, received 0");
}

#[test]
fn indices_of_embeddings() {
    let model = sequential(&[
        ("InputLayer", json!({ "shape": [2], "dtype": "int32", "name": "words" })),
        ("Embedding", json!({ "input_dim": 5, "output_dim": 3, "name": "table" })),
        ("Flatten", json!({})),
        ("Dense", json!({ "units": 2, "activation": "softmax", "name": "classes" })),
    ]);
    let bench = Bench::of(model, vec![target()]);
    let error = |x: Tensor| {
        let options = FitOptions { batch_size: 2, ..FitOptions::default() };
        bench.trainer.prepare_fit(Dataset::new(x, labels(&[0, 1])), options).err().map(|error| error.to_string())
    };
    let words = |words: [i32; 4]| Tensor::i32([2, 2], words.to_vec()).unwrap();
    let message = |index: &str, sample: usize| {
        Some(format!(
            "input 'words' of model 'tiny': index {index} of sample {sample} is out of range: layer 'table' (Embedding) has \
             5 rows, so indices must be integers from 0 to 4"
        ))
    };
    assert_eq!(error(words([0, 4, 1, 1])), None);
    assert_eq!(error(words([0, 4, 1, 5])), message("5", 1));
    assert_eq!(error(words([0, -1, 1, 5])), message("-1", 0));
    assert_eq!(error(Tensor::u8([2, 2], vec![0, 200, 0, 0]).unwrap()), message("200", 0));
    assert_eq!(error(Tensor::f32([2, 2], vec![0.0, 4.5, f32::NAN, 0.0]).unwrap()), message("NaN", 1));
}
