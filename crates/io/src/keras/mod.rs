//! Model files of Keras.
//!
//! | file | read | written |
//! | --- | --- | --- |
//! | `.keras` | Keras 3, Keras 2.13 to 2.15 | Keras 3 |
//! | `.h5`, whole model | Keras 3, Keras 2 | Keras 3 |
//! | `.weights.h5` | Keras 3, Keras 2 | Keras 3 |
//!
//! What is read is told from the content, not from the name. This module knows files, not layers: a model is its
//! configuration as JSON and tensors in an order, which the caller turns into layers.
//!
//! Sources: `keras/src/saving/saving_lib.py` and `keras/src/legacy/saving/legacy_h5_format.py` of Keras 3.15.
//!
//! Files are untrusted. The reader goes where it is asked to, keeps no copy of the file, checks a size against the file
//! before it allocates, and refuses content that unpacks to more than 4 times the file + 24 MiB, and JSON of more than
//! 32 MiB or a million values.

mod archive;
mod bytes;
mod date;
mod error;
mod hdf5;
mod legacy;
mod node;
mod read;
mod slots;
mod tree;
mod write;

use glorot_tensor::Tensor;
use serde_json::Value;

pub use error::ModelFileError;
pub use read::{Layers, WeightsFile, read_model, read_weights};
pub use write::{write_h5, write_keras, write_weights_h5};

/// The version of Keras whose format is written.
pub const KERAS_VERSION: &str = "3.15.1";

/// A model as a file holds it.
#[derive(Clone, Debug)]
pub struct ModelFile {
    /// `{ class_name, config, … }`, as `Model.to_json()` of Keras.
    pub config: Value,
    /// `{ optimizer, loss, metrics, loss_weights, … }`: the arguments of `compile` as Keras serializes them. The
    /// optimizer is under `optimizer` here, whatever the file calls it.
    pub compile: Option<Value>,
    /// The top-level layers, those without weights included.
    pub weights: Vec<LayerWeights>,
    /// The order of the weights of each layer.
    pub order: WeightOrder,
    /// Groups with weights that no layer of the configuration has a place for: those of layers inside of layers that are
    /// no models. Only when read.
    pub unplaced: Vec<String>,
    /// The optimizer's variables in its own order, with the names that the file has for them.
    pub optimizer: Option<Vec<(String, Tensor)>>,
    /// What glorot needs besides to go on with training as if it had not been interrupted; Keras ignores it.
    pub resume: Option<Resume>,
    /// The version of Keras that wrote the file, as `2.15.0`, if the file says it.
    pub keras_version: Option<String>,
}

/// The weights of a layer of the outermost model; those of a model in the model are all in one.
#[derive(Clone, Debug)]
pub struct LayerWeights {
    pub layer: String,
    pub weights: Vec<Weight>,
}

/// A weight.
#[derive(Clone, Debug)]
pub struct Weight {
    /// When written: the weight's path in the model, `sequential/dense/kernel`. When read: its place in the file.
    pub path: String,
    pub value: Tensor,
    /// Which layer it belongs to where the outer one is a model: counted over its layers and those of models in it, in
    /// their order and without the models. 0 in other layers, and where the file does not say.
    pub part: usize,
    /// Whether training changes it. Only used in writing: `.h5` files have those that it changes first.
    pub trainable: bool,
}

/// The order of the weights of one layer, which differs where a layer is a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightOrder {
    /// Layer by layer: that of `get_weights()`.
    Model,
    /// All that training changes, then all others: that of `.h5` files.
    TrainableFirst,
}

/// State that no Keras file has a place for.
#[derive(Clone, Debug)]
pub struct Resume {
    /// Anything that JSON holds.
    pub state: Value,
    /// Names without slashes.
    pub tensors: Vec<(String, Tensor)>,
}

/// The group of [`Resume`] in the HDF5 part of a file.
const RESUME_GROUP: &str = "glorot";

/// The group of the optimizer's variables in an `.h5` file that is written here.
const OPTIMIZER_GROUP: &str = "glorot/optimizer";
