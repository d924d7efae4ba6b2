//! Model files of JavaScript: read and written on the thread pool, turned into models and back on the main thread.

mod assign;
mod collect;
mod state;

use std::cell::RefCell;
use std::path::PathBuf;

use glorot_io::keras::{self, WeightsFile};
use glorot_io::safetensors;
use glorot_nn::model::Model;
use glorot_tensor::Tensor;
use napi::bindgen_prelude::{AsyncTask, ClassInstance};
use napi::{Env, Status, Task};
use napi_derive::napi;

use crate::config::parse;
use crate::error::{Failure, Result};
use crate::jobs;
use crate::layer::Layer;
use crate::optimizer::Optimizer;
use crate::tensor::HostTensor;

type Work<T> = Box<dyn FnOnce() -> std::result::Result<T, String> + Send>;

/// Runs once on the thread pool.
fn run<T>(work: &mut Option<Work<T>>) -> napi::Result<T> {
    let result = work.take().map_or_else(|| Err("a file task ran twice".into()), |work| work());
    result.map_err(|message| napi::Error::new(Status::GenericFailure, message))
}

/// The model behind its layer.
fn model_of(layer: &Layer) -> Result<Model> {
    Model::from_layer(layer.layer()).ok_or_else(|| Failure::config("expected a model"))
}

/// A whole model as a file holds it.
#[napi]
pub struct ModelFile {
    file: keras::ModelFile,
}

#[napi]
impl ModelFile {
    /// `{ class_name, config }` as JSON.
    #[napi(catch_unwind)]
    pub fn config(&self) -> String {
        self.file.config.to_string()
    }

    /// The arguments of `compile` as JSON, if the model was compiled.
    #[napi(catch_unwind)]
    pub fn compile(&self) -> Option<String> {
        self.file.compile.as_ref().map(ToString::to_string)
    }

    /// Gives a model of this file's configuration its weights, and where its random numbers stood.
    #[napi(catch_unwind)]
    pub fn set_weights(&self, model: ClassInstance<'_, Layer>) -> Result<()> {
        jobs::sync()?;
        let model = model_of(&model)?;
        assign::Assign { order: self.file.order, by_name: false, skip_mismatch: false }
            .assign(&model, &self.file.weights)?;
        state::restore(&model, self.file.resume.as_ref())
    }

    /// Gives an optimizer of this file's configuration its state. False if the file has none.
    #[napi(catch_unwind)]
    pub fn set_optimizer(
        &self,
        model: ClassInstance<'_, Layer>,
        optimizer: ClassInstance<'_, Optimizer>,
    ) -> Result<bool> {
        jobs::sync()?;
        let Some(values) = &self.file.optimizer else { return Ok(false) };
        let values: Vec<Tensor> = values.iter().map(|(_, value)| value.clone()).collect();
        state::set_optimizer(&model_of(&model)?, &optimizer.shared(), &values)?;
        Ok(true)
    }
}

/// Reads a model file.
pub struct ReadModel(Option<Work<keras::ModelFile>>);

impl Task for ReadModel {
    type Output = keras::ModelFile;
    type JsValue = ModelFile;

    fn compute(&mut self) -> napi::Result<keras::ModelFile> {
        run(&mut self.0)
    }

    fn resolve(&mut self, _env: Env, file: keras::ModelFile) -> napi::Result<ModelFile> {
        Ok(ModelFile { file })
    }
}

/// Reads a whole model: `.keras` or `.h5`, of Keras 3 or 2.
#[napi(ts_return_type = "Promise<ModelFile>")]
pub fn read_model_file(path: String) -> AsyncTask<ReadModel> {
    AsyncTask::new(ReadModel(Some(Box::new(|| {
        keras::read_model(PathBuf::from(path)).map_err(|error| error.to_string())
    }))))
}

/// The weights of a file.
#[napi]
pub struct WeightFile {
    content: RefCell<Option<Weights>>,
}

/// What a file of weights is.
pub enum Weights {
    Keras(WeightsFile),
    Named(Vec<(String, Tensor)>),
}

#[napi]
impl WeightFile {
    /// Gives the weights to a model, once; returns what was skipped. `by_name`: find layers by their names, not by their
    /// order. `skip_mismatch`: leave weights that do not fit as they are.
    #[napi(catch_unwind)]
    pub fn set(&self, model: ClassInstance<'_, Layer>, by_name: bool, skip_mismatch: bool) -> Result<Vec<String>> {
        jobs::sync()?;
        let model = model_of(&model)?;
        let Some(content) = self.content.take() else {
            return Err(Failure::config("the weights of this file were given to a model already"));
        };
        match content {
            Weights::Named(tensors) => assign::named(&model, &tensors, skip_mismatch),
            Weights::Keras(file) => {
                if by_name && !file.names_layers() {
                    let message = "loadWeights: byName needs a file that names its layers; a .weights.h5 or .keras file \
                                   of Keras 3 numbers them: leave byName out, or save the whole model as .h5";
                    return Err(Failure::config(message));
                }
                let strict = !skip_mismatch;
                let layers = file.layers(&model.to_json(), strict);
                let (layers, order) = layers.map_err(|error| Failure::config(error.to_string()))?;
                assign::Assign { order, by_name, skip_mismatch }.assign(&model, &layers)
            }
        }
    }
}

/// Reads a file of weights.
pub struct ReadWeights(Option<Work<Weights>>);

impl Task for ReadWeights {
    type Output = Weights;
    type JsValue = WeightFile;

    fn compute(&mut self) -> napi::Result<Weights> {
        run(&mut self.0)
    }

    fn resolve(&mut self, _env: Env, weights: Weights) -> napi::Result<WeightFile> {
        Ok(WeightFile { content: RefCell::new(Some(weights)) })
    }
}

/// Reads the weights of a model or weights file of Keras, or of a `.safetensors` file.
#[napi(ts_return_type = "Promise<WeightFile>")]
pub fn read_weights_file(path: String) -> AsyncTask<ReadWeights> {
    AsyncTask::new(ReadWeights(Some(Box::new(|| {
        if path.ends_with(".safetensors") {
            safetensors::read(PathBuf::from(path)).map(Weights::Named).map_err(|error| error.to_string())
        } else {
            keras::read_weights(PathBuf::from(path)).map(Weights::Keras).map_err(|error| error.to_string())
        }
    }))))
}

/// A tensor and its name.
#[napi(object, object_from_js = false)]
pub struct NamedTensor {
    pub name: String,
    pub tensor: HostTensor,
}

/// Reads named tensors.
pub struct ReadTensors(Option<Work<Vec<(String, Tensor)>>>);

impl Task for ReadTensors {
    type Output = Vec<(String, Tensor)>;
    type JsValue = Vec<NamedTensor>;

    fn compute(&mut self) -> napi::Result<Vec<(String, Tensor)>> {
        run(&mut self.0)
    }

    fn resolve(&mut self, _env: Env, tensors: Vec<(String, Tensor)>) -> napi::Result<Vec<NamedTensor>> {
        let named = |(name, tensor): (String, Tensor)| NamedTensor { name, tensor: tensor.into() };
        Ok(tensors.into_iter().map(named).collect())
    }
}

/// Reads the tensors of a `.safetensors` file.
#[napi(ts_return_type = "Promise<NamedTensor[]>")]
pub fn read_safetensors(path: String) -> AsyncTask<ReadTensors> {
    AsyncTask::new(ReadTensors(Some(Box::new(|| {
        safetensors::read(PathBuf::from(path)).map_err(|error| error.to_string())
    }))))
}

/// Writes a file.
pub struct WriteFile(Option<Work<()>>);

impl Task for WriteFile {
    type Output = ();
    type JsValue = ();

    fn compute(&mut self) -> napi::Result<()> {
        run(&mut self.0)
    }

    fn resolve(&mut self, _env: Env, (): ()) -> napi::Result<()> {
        Ok(())
    }
}

/// Writes a whole model as it is now: `.h5` or `.hdf5` by the name of the file, `.keras` otherwise. `compile`: the
/// arguments of `compile` as JSON; with `optimizer` its state is saved too.
#[napi(ts_return_type = "Promise<void>")]
pub fn write_model_file(
    path: String,
    model: ClassInstance<'_, Layer>,
    compile: Option<String>,
    optimizer: Option<ClassInstance<'_, Optimizer>>,
) -> Result<AsyncTask<WriteFile>> {
    jobs::sync()?;
    let model = model_of(&model)?;
    let compile = compile.map(|json| parse(&json)).transpose()?;
    let file = collect::model_file(&model, compile, optimizer.map(|optimizer| optimizer.shared()));
    Ok(AsyncTask::new(WriteFile(Some(Box::new(move || {
        let target = PathBuf::from(&path);
        let written = if path.ends_with(".h5") || path.ends_with(".hdf5") {
            keras::write_h5(target, &file)
        } else {
            keras::write_keras(target, &file)
        };
        written.map_err(|error| error.to_string())
    })))))
}

/// Writes the weights of a model as they are now: `.safetensors` by the name of the file, `.weights.h5` otherwise.
#[napi(ts_return_type = "Promise<void>")]
pub fn write_weights_file(path: String, model: ClassInstance<'_, Layer>) -> Result<AsyncTask<WriteFile>> {
    jobs::sync()?;
    let model = model_of(&model)?;
    let (config, layers) = (model.to_json(), collect::layers(&model));
    Ok(AsyncTask::new(WriteFile(Some(Box::new(move || {
        let target = PathBuf::from(&path);
        let written = if path.ends_with(".safetensors") {
            safetensors::write(target, &collect::named(layers), None)
        } else {
            keras::write_weights_h5(target, &config, &layers)
        };
        written.map_err(|error| error.to_string())
    })))))
}
