//! What the tests of the training loop share.

pub mod images;
pub mod reference_device;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use glorot_cpu::{CpuDevice, CpuOptions};
use glorot_graph::device::Device;
use glorot_nn::layers::create;
use glorot_nn::model::Model;
use glorot_nn::{optimizers, rng};
use glorot_tensor::Tensor;
use glorot_tensor::random::Stream;
use glorot_train::{
    Access, Compiled, Dataset, Event, FitOptions, Flow, History, Outcome, SharedOptimizer, Target, Trainer,
};
use serde_json::{Value, json};

/// A model with its trainer.
pub struct Bench {
    pub model: Model,
    pub trainer: Trainer,
    pub optimizer: SharedOptimizer,
}

impl Bench {
    /// Points to three classes by two dense layers, SGD with momentum.
    pub fn new() -> Bench {
        Bench::of(classifier(3, json!({})), vec![target()])
    }

    pub fn of(model: Model, targets: Vec<Target>) -> Bench {
        Bench::with(model, targets, json!({ "class_name": "SGD", "config": { "learning_rate": 0.1, "momentum": 0.9 } }))
    }

    pub fn with(model: Model, targets: Vec<Target>, optimizer: Value) -> Bench {
        Bench::on(
            Arc::new(CpuDevice::new(CpuOptions { threads: Some(1), ..CpuOptions::default() })),
            model,
            targets,
            optimizer,
        )
    }

    pub fn on(device: Arc<dyn Device>, model: Model, targets: Vec<Target>, optimizer: Value) -> Bench {
        let optimizer: SharedOptimizer = Rc::new(RefCell::new(optimizers::deserialize(&optimizer).unwrap()));
        let compiled = Compiled { optimizer: optimizer.clone(), targets };
        let trainer = Trainer::new(model.clone(), device, Some(compiled));
        Bench { model, trainer, optimizer }
    }

    /// Trains to the end.
    pub fn fit(&self, data: Dataset, options: FitOptions) -> History {
        let mut job = self.trainer.prepare_fit(data, options).unwrap();
        assert_eq!(job.run(&never(), &mut quiet()).unwrap(), Outcome::Completed);
        job.history().clone()
    }

    pub fn weights(&self) -> Vec<Vec<f32>> {
        self.model.get_weights().iter().map(|weight| weight.as_f32().unwrap().to_vec()).collect()
    }

    /// Number of training steps so far.
    pub fn iterations(&self) -> i32 {
        self.optimizer.borrow().iterations().value().as_i32().unwrap()[0]
    }
}

/// Two dense layers; `options` are more options of the first. The same weights each time.
pub fn classifier(features: usize, options: Value) -> Model {
    rng::set_seed(58);
    let mut hidden = json!({ "units": 4, "activation": "tanh", "name": "hidden" });
    hidden.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    sequential(&[
        ("InputLayer", json!({ "shape": [features], "name": "features" })),
        ("Dense", hidden),
        ("Dense", json!({ "units": 3, "activation": "softmax", "name": "classes" })),
    ])
}

/// A model named `tiny`.
pub fn sequential(layers: &[(&str, Value)]) -> Model {
    let layers = layers.iter().map(|(class, options)| create(class, options).unwrap()).collect();
    Model::sequential(layers, Some("tiny".into())).unwrap()
}

/// Crossentropy of labels, and their accuracy.
pub fn target() -> Target {
    Target::named("sparse_categorical_crossentropy", &["accuracy"])
}

/// Points around one corner of a cube for each of three classes; labels are bytes.
pub fn corners(n: usize) -> Dataset {
    let mut stream = Stream::new(3, 1);
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for sample in 0..n {
        let label = sample % 3;
        x.extend((0..3).map(|axis| (f64::from(u8::from(axis == label)) + 0.2 * stream.next_normal()) as f32));
        y.push(label as u8);
    }
    Dataset::new(Tensor::f32([n, 3], x).unwrap(), Tensor::u8([n], y).unwrap())
}

/// A handler that listens to nothing.
pub fn quiet() -> impl FnMut(Event<'_>, &mut Access<'_>) -> Flow {
    |_, _| Flow::Continue
}

pub fn never() -> AtomicBool {
    AtomicBool::new(false)
}

/// Some rows of a tensor.
pub fn rows(tensor: &Tensor, range: std::ops::Range<usize>) -> Tensor {
    let len = tensor.numel() / tensor.shape()[0];
    let values = &tensor.to_f64()[range.start * len..range.end * len];
    let shape: Vec<usize> = std::iter::once(range.len()).chain(tensor.shape()[1..].iter().copied()).collect();
    Tensor::from_f64(shape, tensor.dtype(), values).unwrap()
}

/// Some samples of a data set with one input and one output.
pub fn part(data: &Dataset, range: std::ops::Range<usize>) -> Dataset {
    Dataset::new(rows(&data.x[0], range.clone()), rows(&data.y[0], range))
}
