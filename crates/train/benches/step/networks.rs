//! The networks that are timed, on made-up data.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use glorot_graph::device::Device;
use glorot_nn::LayerRef;
use glorot_nn::layers::create;
use glorot_nn::model::Model;
use glorot_nn::optimizers;
use glorot_tensor::Tensor;
use glorot_train::{Compiled, Dataset, Target, Trainer};
use serde_json::{Value, json};

pub const NAMES: [&str; 7] = ["plain20", "bn20", "selu20", "fashion", "wide", "conv", "separable"];

/// A network with its optimizer.
pub struct Network {
    pub what: String,
    pub batch: usize,
    /// Shape of a sample.
    sample: Vec<usize>,
    layers: Vec<(&'static str, Value)>,
    optimizer: Value,
}

fn dense(units: usize, activation: &str, initializer: &str) -> (&'static str, Value) {
    ("Dense", json!({ "units": units, "activation": activation, "kernel_initializer": initializer }))
}

fn conv(filters: usize) -> [(&'static str, Value); 2] {
    [
        ("Conv2D", json!({ "filters": filters, "kernel_size": 3, "padding": "same", "activation": "relu" })),
        ("MaxPooling2D", json!({})),
    ]
}

/// A depthwise convolution, then one of single pixels.
fn separable(filters: usize, strides: usize) -> [(&'static str, Value); 2] {
    [
        ("DepthwiseConv2D", json!({ "kernel_size": 3, "strides": strides, "padding": "same" })),
        ("Conv2D", json!({ "filters": filters, "kernel_size": 1, "activation": "relu" })),
    ]
}

/// Width and depth of `dense<width>x<depth>`.
fn shape(name: &str) -> Option<(usize, usize)> {
    let (width, depth) = name.strip_prefix("dense")?.split_once('x')?;
    Some((width.parse().ok()?, depth.parse().ok()?))
}

pub fn is_known(name: &str) -> bool {
    NAMES.contains(&name) || shape(name).is_some()
}

impl Network {
    pub fn new(name: &str, batch: Option<usize>) -> Network {
        let repeat = |count: usize, layers: &[(&'static str, Value)]| -> Vec<(&'static str, Value)> {
            (0..count).flat_map(|_| layers.iter().cloned()).collect()
        };
        let (what, default_batch, sample, mut layers, optimizer) = match name {
            "plain20" => {
                let layers = repeat(20, &[dense(100, "elu", "he_normal")]);
                ("20 x Dense 100 ELU, Nadam", 32, vec![3072], layers, ("Nadam", 5e-5))
            }
            "bn20" => {
                let block = [
                    dense(100, "linear", "he_normal"),
                    ("BatchNormalization", json!({})),
                    ("Activation", json!({ "activation": "elu" })),
                ];
                (
                    "20 x (Dense 100, batch normalization, ELU), Nadam",
                    32,
                    vec![3072],
                    repeat(20, &block),
                    ("Nadam", 5e-4),
                )
            }
            "selu20" => {
                let mut layers = repeat(20, &[dense(100, "selu", "lecun_normal")]);
                layers.push(("AlphaDropout", json!({ "rate": 0.1 })));
                ("20 x Dense 100 SELU, alpha dropout, Nadam", 32, vec![3072], layers, ("Nadam", 7e-4))
            }
            "fashion" => {
                let layers = [300, 100, 50, 50, 50].map(|units| dense(units, "selu", "lecun_normal")).to_vec();
                ("Dense 300-100-50-50-50 SELU, SGD", 32, vec![784], layers, ("SGD", 1e-3))
            }
            "wide" => {
                let layers = repeat(4, &[dense(4096, "relu", "he_normal")]);
                ("4 x Dense 4096 ReLU, Adam", 512, vec![784], layers, ("Adam", 1e-3))
            }
            "separable" => {
                let first =
                    json!({ "filters": 32, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu" });
                let mut layers = vec![("Conv2D", first)];
                layers.extend(
                    [(64, 1), (128, 2), (128, 1)]
                        .into_iter()
                        .flat_map(|(filters, strides)| separable(filters, strides)),
                );
                layers.push(("GlobalAveragePooling2D", json!({})));
                ("depthwise separable convolutions of 64, 128, 128, Adam", 32, vec![32, 32, 3], layers, ("Adam", 1e-3))
            }
            name => match shape(name) {
                Some((width, depth)) => {
                    let layers = repeat(depth, &[dense(width, "elu", "he_normal")]);
                    ("dense layers of a width and depth, ELU, Adam", 32, vec![784], layers, ("Adam", 1e-3))
                }
                None => {
                    let mut layers: Vec<_> = [32, 64, 64].into_iter().flat_map(conv).collect();
                    layers.extend([("Flatten", json!({})), dense(64, "relu", "he_normal")]);
                    (
                        "convolutions of 32, 64, 64 with max pooling, Dense 64, Adam",
                        32,
                        vec![32, 32, 3],
                        layers,
                        ("Adam", 1e-3),
                    )
                }
            },
        };
        layers.insert(0, ("InputLayer", json!({ "shape": sample })));
        layers.push(dense(10, "softmax", "glorot_uniform"));
        let optimizer = json!({ "class_name": optimizer.0, "config": { "learning_rate": optimizer.1 } });
        Network { what: what.into(), batch: batch.unwrap_or(default_batch), sample, layers, optimizer }
    }

    fn model(&self) -> Model {
        let layer = |(class, options): &(&str, Value)| -> LayerRef { create(class, options).expect("a layer") };
        Model::sequential(self.layers.iter().map(layer).collect(), None).expect("a model")
    }

    pub fn parameters(&self) -> usize {
        self.model().count_params()
    }

    pub fn trainer(&self, device: Arc<dyn Device>) -> Trainer {
        let optimizer = Rc::new(RefCell::new(optimizers::deserialize(&self.optimizer).expect("an optimizer")));
        let targets = vec![Target::named("sparse_categorical_crossentropy", &["accuracy"])];
        Trainer::new(self.model(), device, Some(Compiled { optimizer, targets }))
    }

    /// So many samples that their rows do not stay in a cache, unless that would take long to make.
    pub fn data(&self) -> Dataset {
        let features: usize = self.sample.iter().product();
        let samples = (16_000_000 / features).next_multiple_of(self.batch);
        let pixel = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / (1u32 << 24) as f32;
        let x = (0..samples * features).map(pixel).collect();
        let shape: Vec<usize> = [samples].into_iter().chain(self.sample.iter().copied()).collect();
        let y = (0..samples).map(|sample| (sample * 7 % 10) as i32).collect();
        Dataset::new(Tensor::f32(shape, x).expect("samples"), Tensor::i32([samples], y).expect("labels"))
    }
}
