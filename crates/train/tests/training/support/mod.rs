//! What the tests of the training loop share.

pub mod reference_device;
pub mod tiny;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use glorot_nn::context::random_state;
use glorot_nn::optimizers;
use glorot_tensor::Tensor;
use glorot_tensor::random::Stream;
use glorot_train::{Access, Compiled, Dataset, Event, Flow, MetricChoice, Target, Trainer};
use serde_json::json;

use reference_device::ReferenceDevice;
use tiny::{Certainty, TinyMlp};

/// A model with its trainer.
pub struct Bench {
    pub model: Rc<TinyMlp>,
    pub trainer: Trainer,
    pub optimizer: glorot_train::SharedOptimizer,
}

impl Bench {
    /// Three features, three classes, SGD with momentum.
    pub fn new() -> Bench {
        Bench::of(TinyMlp::new(3, 4, 3))
    }

    pub fn of(model: TinyMlp) -> Bench {
        Bench::with(model, vec![target()], json!({ "learning_rate": 0.1, "momentum": 0.9 }))
    }

    pub fn with(model: TinyMlp, targets: Vec<Target>, sgd: serde_json::Value) -> Bench {
        let sgd = optimizers::deserialize(&json!({ "class_name": "SGD", "config": sgd })).unwrap();
        let optimizer: glorot_train::SharedOptimizer = Rc::new(RefCell::new(sgd));
        let compiled = Compiled { optimizer: optimizer.clone(), targets };
        let model = Rc::new(model);
        let device = Arc::new(ReferenceDevice);
        let trainer = Trainer::new(model.clone(), device, random_state(58), Some(compiled));
        Bench { model, trainer, optimizer }
    }

    pub fn weights(&self) -> Vec<Vec<f32>> {
        self.model.weights.iter().map(|weight| weight.value().as_f32().unwrap().to_vec()).collect()
    }
}

/// Crossentropy and the metric of tests.
pub fn target() -> Target {
    let metrics = vec![MetricChoice::Given(Rc::new(Certainty::new()))];
    Target { metrics, ..Target::named("sparse_categorical_crossentropy", &[]) }
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

/// The rows of a tensor of float32 or bytes.
pub fn rows(tensor: &Tensor, range: std::ops::Range<usize>) -> Tensor {
    let len = tensor.numel() / tensor.shape()[0];
    let values = &tensor.to_f64()[range.start * len..range.end * len];
    let shape: Vec<usize> = std::iter::once(range.len()).chain(tensor.shape()[1..].iter().copied()).collect();
    Tensor::from_f64(shape, tensor.dtype(), values).unwrap()
}
