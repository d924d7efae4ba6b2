//! Reading model files.

use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::Value;

use super::archive::{Archive, CONFIG, METADATA};
use super::bytes::{Budget, Section, open};
use super::error::{ModelFileError, Problem};
use super::hdf5::{Group, Hdf5};
use super::tree::Tree;
use super::{LayerWeights, ModelFile, RESUME_GROUP, Resume, WeightOrder, legacy};

/// The weights of a file, with or without the model.
pub struct WeightsFile {
    content: Content,
}

enum Content {
    /// The file names the layers.
    Named(Vec<LayerWeights>),
    /// The file numbers the layers of each class; the configuration of its model, if there is one, names them.
    Numbered(Tree, Option<Value>),
}

/// Weights by layer.
pub struct Layers {
    pub layers: Vec<LayerWeights>,
    /// The order of the weights of each layer.
    pub order: WeightOrder,
    /// Groups with weights that no layer takes.
    pub unplaced: Vec<String>,
}

impl WeightsFile {
    /// The weights for a model of the given configuration, `{ class_name, config }`. A file of the Keras 3 layout does not
    /// name its layers: the first `Dense` of the file is the first `Dense` of the model. A file that names its layers gives
    /// them as they are.
    pub fn layers(self, config: &Value) -> Layers {
        match self.content {
            Content::Named(layers) => named(layers),
            Content::Numbered(tree, _) => divided(tree, config),
        }
    }

    /// The weights with the names of the file; `None` if it names no layers.
    pub fn named_layers(self) -> Option<Layers> {
        match self.content {
            Content::Named(layers) => Some(named(layers)),
            Content::Numbered(tree, config) => Some(divided(tree, &config?)),
        }
    }
}

fn named(layers: Vec<LayerWeights>) -> Layers {
    Layers { layers, order: WeightOrder::TrainableFirst, unplaced: Vec::new() }
}

fn divided(tree: Tree, config: &Value) -> Layers {
    let (layers, unplaced) = tree.divide(config);
    Layers { layers, order: WeightOrder::Model, unplaced }
}

/// Reads a whole model: `.keras` of Keras 3 or 2, `.h5` of Keras 3 or 2.
///
/// # Errors
/// Where the file cannot be read, is damaged, is no Keras model, holds only weights, or unpacks to more than it is
/// trusted to hold.
pub fn read_model(path: impl AsRef<Path>) -> Result<ModelFile, ModelFileError> {
    guarded(path.as_ref(), |path| match Container::open(path)? {
        Container::Zip(archive) => zip_model(archive),
        Container::Hdf5(file) => h5_model(&file),
    })
}

/// Reads the weights of any model or weights file of Keras.
///
/// # Errors
/// As [`read_model`].
pub fn read_weights(path: impl AsRef<Path>) -> Result<WeightsFile, ModelFileError> {
    let content = guarded(path.as_ref(), |path| match Container::open(path)? {
        Container::Zip(mut archive) => {
            let config = archive.entry(CONFIG)?.map(|config| model_config(CONFIG, &config)).transpose()?;
            let (weights, budget) = archive.weights()?;
            numbered(&Hdf5::open(weights, budget)?, config)
        }
        Container::Hdf5(file) => {
            let root = file.root();
            if let Some(weights) = root.find("model_weights")? {
                legacy::layers(&weights).map(Content::Named)
            } else if root.has("layer_names")? {
                legacy::layers(&root).map(Content::Named)
            } else {
                numbered(&file, None)
            }
        }
    })?;
    Ok(WeightsFile { content })
}

/// The HDF5 reader is young: a case that it does not foresee must not end the process.
fn guarded<T>(path: &Path, read: impl FnOnce(&Path) -> Result<T, Problem>) -> Result<T, ModelFileError> {
    let result = catch_unwind(AssertUnwindSafe(|| read(path)));
    result.unwrap_or(Err(Problem::Unforeseen)).map_err(|problem| problem.in_file(path))
}

enum Container {
    Zip(Archive),
    Hdf5(Hdf5),
}

impl Container {
    fn open(path: &Path) -> Result<Container, Problem> {
        let (mut file, length) = open(path)?;
        let mut magic = Vec::new();
        file.by_ref().take(8).read_to_end(&mut magic)?;
        file.seek(SeekFrom::Start(0))?;
        if magic.starts_with(b"PK") {
            Archive::open(file, length).map(Container::Zip)
        } else if magic == *b"\x89HDF\r\n\x1a\n" {
            Hdf5::open(Section::new(file, 0, length), Budget::new(length)).map(Container::Hdf5)
        } else {
            Err(Problem::NotAModel(magic))
        }
    }
}

fn zip_model(mut archive: Archive) -> Result<ModelFile, Problem> {
    let config = archive.entry(CONFIG)?.ok_or(Problem::NoEntry(CONFIG))?;
    let mut config = model_config(CONFIG, &config)?;
    let keras_version = match archive.entry(METADATA)? {
        Some(metadata) => json(METADATA, &metadata)?["keras_version"].as_str().map(str::to_owned),
        None => None,
    };
    let compile = config.as_object_mut().and_then(|config| config.shift_remove("compile_config"));
    let compile = compile.filter(|compile| compile["optimizer"] != Value::Null || compile["loss"] != Value::Null);
    let (weights, budget) = archive.weights()?;
    let file = Hdf5::open(weights, budget)?;
    let mut tree = Tree::read(&file)?;
    let optimizer = tree.take_optimizer();
    let (weights, unplaced) = tree.divide(&config);
    let resume = resume(&file.root())?;
    let order = WeightOrder::Model;
    Ok(ModelFile { config, compile, weights, order, unplaced, optimizer, resume, keras_version })
}

fn h5_model(file: &Hdf5) -> Result<ModelFile, Problem> {
    let root = file.root();
    let Some(config) = root.text("model_config")? else {
        let has_weights = root.has("layer_names")? || root.find("layers")?.is_some();
        return Err(if has_weights { Problem::WeightsOnly } else { Problem::NotKeras });
    };
    let config = model_config("model_config", config.as_bytes())?;
    let compile = match root.text("training_config")? {
        Some(text) => Some(training_config(json("training_config", text.as_bytes())?)),
        None => None,
    };
    let weights = root.find("model_weights")?.ok_or(Problem::NotKeras)?;
    Ok(ModelFile {
        config,
        compile,
        weights: legacy::layers(&weights)?,
        order: WeightOrder::TrainableFirst,
        unplaced: Vec::new(),
        optimizer: legacy::optimizer(&root)?,
        resume: resume(&root)?,
        keras_version: root.text("keras_version")?.map(str::to_owned),
    })
}

fn numbered(file: &Hdf5, config: Option<Value>) -> Result<Content, Problem> {
    let root = file.root();
    let layers = ["layers", "_layer_checkpoint_dependencies"];
    if !root.groups()?.iter().any(|group| layers.iter().any(|layers| group.starts_with(layers))) {
        return Err(Problem::NotKeras);
    }
    Ok(Content::Numbered(Tree::read(file)?, config))
}

/// The longest JSON text in bytes, and the most values in it: a value takes up to 72 bytes, be it written by one.
const LONGEST_JSON: usize = 1 << 25;
const MOST_VALUES: usize = 1 << 20;

fn json(entry: &'static str, bytes: &[u8]) -> Result<Value, Problem> {
    let values = bytes.iter().filter(|byte| b",[{".contains(byte)).count();
    if bytes.len() > LONGEST_JSON || values > MOST_VALUES {
        return Err(Problem::LargeJson { entry, bytes: bytes.len(), values });
    }
    serde_json::from_slice(bytes).map_err(|source| Problem::Json { entry, source })
}

fn model_config(entry: &'static str, bytes: &[u8]) -> Result<Value, Problem> {
    let config = json(entry, bytes)?;
    let received = match &config {
        Value::Object(fields) if fields.get("class_name").is_some_and(Value::is_string) => {
            // Keras 1 and early Keras 2 give a sequential model's layers without an object around them.
            match &config["config"] {
                Value::Object(_) | Value::Array(_) => return Ok(config),
                _ => "an object without config",
            }
        }
        Value::Object(_) => "an object without class_name",
        Value::Array(_) => "a list",
        Value::String(_) => "a text",
        Value::Number(_) => "a number",
        Value::Bool(_) => "a boolean",
        Value::Null => "null",
    };
    Err(Problem::NotAConfig { entry, received })
}

/// `.h5` files have `optimizer_config` where `.keras` files have `optimizer`.
fn training_config(mut config: Value) -> Value {
    if let Some(fields) = config.as_object_mut()
        && let Some(optimizer) = fields.shift_remove("optimizer_config")
    {
        fields.insert("optimizer".into(), optimizer);
    }
    config
}

fn resume(root: &Group<'_>) -> Result<Option<Resume>, Problem> {
    let Some(group) = root.find(RESUME_GROUP)? else { return Ok(None) };
    let state = json("glorot/state", group.text("state")?.unwrap_or("null").as_bytes())?;
    let names = group.datasets()?.into_iter();
    let tensors = names.map(|name| group.tensor(&name).map(|value| (name, value))).collect::<Result<_, _>>()?;
    Ok(Some(Resume { state, tensors }))
}
