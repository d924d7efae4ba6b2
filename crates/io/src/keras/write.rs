//! Writing model files.

use std::io;
use std::path::Path;

use serde_json::{Value, json};

use super::node::Node;
use super::{KERAS_VERSION, LayerWeights, ModelFile, OPTIMIZER_GROUP, RESUME_GROUP, Resume, archive, date, tree};
use crate::{AtomicFile, WriteError, write_atomic};

/// Writes a `.keras` file of Keras 3. `file.weights` are in the order of the model; `file.order` and
/// `file.keras_version` are not used.
///
/// # Errors
/// Those of [`AtomicFile`], and where the weights do not belong to the configuration. The old file is then as it was.
pub fn write_keras(path: impl AsRef<Path>, file: &ModelFile) -> Result<(), WriteError> {
    let mut target = AtomicFile::create(path)?;
    write_archive(&mut target, file).map_err(|error| target.failed(error))?;
    target.commit()
}

/// Writes a whole model as `.h5`, as Keras 3 does. As [`write_keras`] otherwise.
///
/// Only the optimizer's variables are elsewhere, where Keras does not find them: it would lose them, and with them the
/// ability to train the model without compiling it anew (Keras 3.15 builds the optimizer for no variables at all).
pub fn write_h5(path: impl AsRef<Path>, file: &ModelFile) -> Result<(), WriteError> {
    write_node(path.as_ref(), legacy(file))
}

/// Writes a `.weights.h5` file of Keras 3. `config`: the model, `{ class_name, config }`; `layers`: its weights in its
/// order. Errors as [`write_keras`].
pub fn write_weights_h5(path: impl AsRef<Path>, config: &Value, layers: &[LayerWeights]) -> Result<(), WriteError> {
    let path = path.as_ref();
    write_node(path, weights(config, layers).map_err(|error| AtomicFile::refused(path, error))?)
}

fn write_node(path: &Path, node: Node) -> Result<(), WriteError> {
    let bytes = node.into_file().map_err(|error| AtomicFile::refused(path, other(error)))?;
    write_atomic(path, &bytes)
}

fn other(error: impl ToString) -> io::Error {
    io::Error::other(error.to_string())
}

fn write_archive(target: &mut AtomicFile, file: &ModelFile) -> io::Result<()> {
    let mut config = file.config.clone();
    if let (Some(fields), Some(compile)) = (config.as_object_mut(), &file.compile) {
        fields.insert("compile_config".into(), compile.clone());
    }
    let metadata = json!({ "keras_version": KERAS_VERSION, "date_saved": date::now() });
    let mut root = weights(&file.config, &file.weights)?;
    for (index, (_, value)) in file.optimizer.iter().flatten().enumerate() {
        root.dataset(&format!("optimizer/vars/{index}"), value);
    }
    add_resume(&mut root, file.resume.as_ref());
    let entries = [
        (archive::METADATA, metadata.to_string().into_bytes()),
        (archive::CONFIG, config.to_string().into_bytes()),
        (archive::WEIGHTS, root.into_file().map_err(other)?),
    ];
    archive::write(target, &entries.each_ref().map(|(name, bytes)| (*name, &bytes[..])))
}

fn weights(config: &Value, layers: &[LayerWeights]) -> io::Result<Node> {
    let mut root = Node::default();
    root.group("layers");
    for (path, value) in tree::arrange(config, layers).map_err(other)? {
        root.dataset(&path, &value);
    }
    Ok(root)
}

fn legacy(file: &ModelFile) -> Node {
    let mut root = Node::default();
    root.text("keras_version", KERAS_VERSION);
    root.text("backend", "tensorflow");
    root.text("model_config", file.config.to_string());
    if let Some(compile) = &file.compile {
        root.text("training_config", training_config(compile).to_string());
    }
    let models = root.group("model_weights");
    models.text("keras_version", KERAS_VERSION);
    models.text("backend", "tensorflow");
    models.names("layer_names", &file.weights.iter().map(|layer| layer.layer.clone()).collect::<Vec<_>>());
    for layer in &file.weights {
        let group = models.group(&layer.layer);
        let (first, last): (Vec<_>, Vec<_>) = layer.weights.iter().partition(|weight| weight.trainable);
        let names: Vec<String> =
            first.into_iter().chain(last).map(|weight| group.dataset(&weight.path, &weight.value)).collect();
        group.names("weight_names", &names);
    }
    models.group("top_level_model_weights").names("weight_names", &[]);
    if let Some(variables) = &file.optimizer {
        let group = root.group(OPTIMIZER_GROUP);
        let names: Vec<String> = variables.iter().map(|(name, value)| group.dataset(name, value)).collect();
        group.names("weight_names", &names);
    }
    add_resume(&mut root, file.resume.as_ref());
    root
}

/// `.h5` files have `optimizer_config` where `.keras` files have `optimizer`.
fn training_config(compile: &Value) -> Value {
    let mut config = compile.clone();
    if let Some(fields) = config.as_object_mut()
        && let Some(optimizer) = fields.shift_remove("optimizer")
    {
        fields.insert("optimizer_config".into(), optimizer);
    }
    config
}

fn add_resume(root: &mut Node, resume: Option<&Resume>) {
    let Some(Resume { state, tensors }) = resume else { return };
    let group = root.group(RESUME_GROUP);
    group.text("state", state.to_string());
    for (name, value) in tensors {
        group.dataset(name, value);
    }
}
