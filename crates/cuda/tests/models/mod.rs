//! Models that tests train.

#[path = "../../../train/tests/training/support/images.rs"]
mod images;

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use glorot_graph::device::Device;
use glorot_nn::layers::create;
use glorot_nn::model::Model;
use glorot_nn::{optimizers, rng};
use glorot_train::{Access, Compiled, Event, FitOptions, Flow, History, Progress, Target, Trainer, Validation};
use serde_json::{Value, json};

use images::images;

/// Classes with their options.
pub type Layers = Vec<(&'static str, Value)>;

fn input() -> Layers {
    vec![("InputLayer", json!({ "shape": [10, 10] })), ("Rescaling", json!({ "scale": 1.0 / 255.0 }))]
}

/// A network with normalized batches and dropout.
pub fn dense() -> Layers {
    let mut layers = input();
    layers.extend([
        ("Flatten", json!({})),
        // An offset here would have no true gradient: the next normalization takes it out again.
        ("BatchNormalization", json!({ "center": false })),
        ("Dense", json!({ "units": 30, "kernel_initializer": "he_normal", "use_bias": false })),
        ("BatchNormalization", json!({})),
        ("Activation", json!({ "activation": "elu" })),
        ("Dropout", json!({ "rate": 0.2 })),
        ("Dense", json!({ "units": 10, "activation": "softmax" })),
    ]);
    layers
}

/// A network of so many hidden layers of so many units.
pub fn deep(depth: usize, units: usize) -> Layers {
    let mut layers = input();
    layers.push(("Flatten", json!({})));
    let hidden = json!({ "units": units, "activation": "elu", "kernel_initializer": "he_normal" });
    layers.extend((0..depth).map(|_| ("Dense", hidden.clone())));
    layers.push(("Dense", json!({ "units": 10, "activation": "softmax" })));
    layers
}

/// The same with each layer's sums normalized.
pub fn deep_normalized(depth: usize, units: usize) -> Layers {
    let mut layers = input();
    layers.push(("Flatten", json!({})));
    for _ in 0..depth {
        layers.extend([
            ("Dense", json!({ "units": units, "kernel_initializer": "he_normal", "use_bias": false })),
            ("BatchNormalization", json!({})),
            ("Activation", json!({ "activation": "elu" })),
        ]);
    }
    layers.push(("Dense", json!({ "units": 10, "activation": "softmax" })));
    layers
}

/// A convolution with pooling.
pub fn convolutional() -> Layers {
    let mut layers = input();
    layers.extend([
        ("Reshape", json!({ "target_shape": [10, 10, 1] })),
        ("Conv2D", json!({ "filters": 4, "kernel_size": 3, "activation": "relu" })),
        ("MaxPooling2D", json!({ "pool_size": 2 })),
        ("Flatten", json!({})),
        ("Dense", json!({ "units": 10, "activation": "softmax" })),
    ]);
    layers
}

/// A network whose products are large enough for a library.
pub fn wide() -> Layers {
    let mut layers = input();
    layers.extend([
        ("Flatten", json!({})),
        ("Dense", json!({ "units": 1024, "activation": "relu" })),
        ("Dense", json!({ "units": 640, "activation": "relu", "use_bias": false })),
        ("Dense", json!({ "units": 10, "activation": "softmax" })),
    ]);
    layers
}

/// The same of convolutions.
pub fn wide_images() -> Layers {
    let mut layers = input();
    layers.extend([
        ("Reshape", json!({ "target_shape": [10, 10, 1] })),
        ("Conv2D", json!({ "filters": 32, "kernel_size": 3, "activation": "relu" })),
        ("Conv2D", json!({ "filters": 64, "kernel_size": 3, "padding": "same", "activation": "relu" })),
        ("GlobalAveragePooling2D", json!({})),
        ("Dense", json!({ "units": 10, "activation": "softmax" })),
    ]);
    layers
}

/// Trains on a device with so many images, of which a fifth validates, and tells of all events; the history and the weights.
pub fn watch(
    device: Arc<dyn Device>,
    layers: &Layers,
    optimizer: &str,
    samples: usize,
    tell: &mut dyn FnMut(&Trainer, &Event<'_>),
) -> (History, Vec<Vec<f32>>) {
    rng::set_seed(58);
    let layers = layers.iter().map(|(class, options)| create(class, options).unwrap()).collect();
    let model = Model::sequential(layers, Some("tiny".into())).unwrap();
    let config = json!({ "class_name": optimizer, "config": { "learning_rate": 0.01 } });
    let optimizer = Rc::new(RefCell::new(optimizers::deserialize(&config).unwrap()));
    let targets = vec![Target::named("sparse_categorical_crossentropy", &["accuracy"])];
    let trainer = Trainer::new(model.clone(), device, Some(Compiled { optimizer, targets }));
    let options = FitOptions {
        epochs: 4,
        validation: Validation::Split(0.2),
        progress: Progress::Never,
        ..FitOptions::default()
    };
    let mut job = trainer.prepare_fit(images(samples), options).unwrap();
    let mut handler = |event: Event<'_>, _: &mut Access<'_>| {
        tell(&trainer, &event);
        Flow::Continue
    };
    job.run(&AtomicBool::new(false), &mut handler).unwrap();
    let weights = model.get_weights().iter().map(|weight| weight.as_f32().unwrap().to_vec()).collect();
    (job.history().clone(), weights)
}
