//! Model files of JavaScript: read and written on the thread pool, turned into models and back on the main thread.

mod assign;
mod collect;
mod compile_config;
mod dialects;
mod state;
mod tasks;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::PathBuf;

use glorot_io::keras::{self, Layers, WeightOrder, WeightsFile};
use glorot_io::safetensors;
use glorot_nn::model::Model as NnModel;
use glorot_nn::with_weight_limit;
use glorot_tensor::Tensor;
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, ClassInstance};
use napi_derive::napi;
use serde_json::Value;

use crate::config::parse;
use crate::copies::{MakeLayer, asking};
use crate::error::{Failure, Result, code};
use crate::jobs;
use crate::model::Model;
use crate::optimizer::Optimizer;
use crate::tensor::HostTensor;
use assign::{Assign, AssignNamed};
use tasks::{ReadModel, ReadTensors, ReadWeights, WriteFile};

/// The text in the header of a safetensors file that lists the weights in the order of the model.
const ORDER: &str = "weights";

/// A whole model as a file holds it.
#[napi]
pub struct ModelFile {
    file: keras::ModelFile,
    /// Floating-point types other than float32 that layers of the file compute in.
    policies: Vec<String>,
}

#[napi]
impl ModelFile {
    /// The class of the model.
    #[napi(catch_unwind)]
    pub fn class_name(&self) -> Option<&str> {
        self.file.config["class_name"].as_str()
    }

    /// The options of the model as JSON.
    #[napi(catch_unwind)]
    pub fn config(&self) -> String {
        self.file.config["config"].to_string()
    }

    /// A model with new weights of the file's configuration; it cannot have more weights than the file has values.
    /// `make`: as for `deserializeModel`.
    #[napi(catch_unwind)]
    pub fn model(
        &self,
        env: Env,
        #[napi(ts_arg_type = "(className: string, config: string) => Layer | undefined")] make: MakeLayer,
    ) -> Result<Model> {
        let weights = self.file.weights.iter().flat_map(|layer| &layer.weights);
        let values = weights.map(|weight| weight.value.numel()).sum();
        let config = &self.file.config;
        let model = with_weight_limit(values, || NnModel::from_json_with(config, &asking(env, &make)))?;
        Ok(Model::of(model))
    }

    /// Floating-point types other than float32 that layers of the file compute in; the configuration says float32.
    #[napi(catch_unwind)]
    pub fn policies(&self) -> Vec<String> {
        self.policies.clone()
    }

    /// The arguments of `compile` as JSON, if the model was compiled.
    #[napi(catch_unwind)]
    pub fn compile(&self) -> Option<String> {
        self.file.compile.as_ref().map(ToString::to_string)
    }

    /// What JavaScript gave `writeModelFile` as `state`; none if the file was written by Keras.
    #[napi(catch_unwind)]
    pub fn state(&self) -> Option<String> {
        Some(self.file.resume.as_ref()?.state["state"].to_string())
    }

    /// The tensors that JavaScript gave `writeModelFile`, and those of the training.
    #[napi(catch_unwind)]
    pub fn tensors(&self) -> Vec<NamedTensor> {
        self.resume_tensors().iter().cloned().map(NamedTensor::of).collect()
    }

    fn resume_tensors(&self) -> &[(String, Tensor)] {
        self.file.resume.as_ref().map_or(&[][..], |resume| &resume.tensors)
    }

    /// Gives a model of this file's configuration its weights. `allow_nan`: also such that are NaN.
    #[napi(catch_unwind)]
    pub fn set_weights(&self, model: ClassInstance<'_, Model>, allow_nan: bool) -> Result<()> {
        jobs::sync()?;
        if let Some(group) = self.file.unplaced.first() {
            let message = format!("the file has weights in '{group}', which no layer of the model takes");
            return Err(Failure::Coded(code::INVALID, message));
        }
        Assign { order: self.file.order, by_name: false, skip_mismatch: false, allow_nan }
            .assign(model.model(), &self.file.weights)?;
        Ok(())
    }

    /// Gives an optimizer of this file's configuration its state. False if the file has none. `fresh`: the optimizer was
    /// made from the file, which also says which weights it does not decay.
    #[napi(catch_unwind)]
    pub fn set_optimizer(
        &self,
        model: ClassInstance<'_, Model>,
        optimizer: ClassInstance<'_, Optimizer>,
        fresh: bool,
    ) -> Result<bool> {
        jobs::sync()?;
        let Some(values) = &self.file.optimizer else { return Ok(false) };
        let values: Vec<Tensor> = values.iter().map(|(_, value)| value.clone()).collect();
        let resume = self.file.resume.as_ref().filter(|_| fresh);
        state::set_optimizer(model.model(), &optimizer.shared(), &values, resume)?;
        Ok(true)
    }

    /// Lets the next training of a model go on where the one of the file was; with `running`, inside of an epoch.
    #[napi(catch_unwind)]
    pub fn go_on(&self, model: ClassInstance<'_, Model>, running: bool) -> Result<()> {
        jobs::sync()?;
        model.set_continuation(self.resume_tensors(), running)
    }
}

/// Reads a whole model: `.keras` or `.h5`, of Keras 3 or 2.
#[napi(ts_return_type = "Promise<ModelFile>")]
pub fn read_model_file(path: String) -> AsyncTask<ReadModel> {
    AsyncTask::new(ReadModel::new(|| {
        let mut file = keras::read_model(PathBuf::from(path)).map_err(|error| error.to_string())?;
        let policies = dialects::to_float32(&mut file.config);
        if file.keras_version.as_deref().is_none_or(|version| !version.starts_with('3')) {
            dialects::keep_keras_2(&mut file.config);
        }
        Ok(ModelFile { file, policies })
    }))
}

/// The weights of a file.
#[napi]
pub struct WeightFile {
    content: RefCell<Option<Weights>>,
}

/// What a file of weights is.
pub enum Weights {
    Keras(WeightsFile),
    Named(safetensors::Content),
}

#[napi]
impl WeightFile {
    /// Gives the weights to a model, once; returns what was skipped. `by_name`: find layers by their names, not by their
    /// order. `skip_mismatch`: leave weights that do not fit as they are. `allow_nan`: also take weights that are NaN.
    #[napi(catch_unwind)]
    pub fn set(
        &self,
        model: ClassInstance<'_, Model>,
        by_name: bool,
        skip_mismatch: bool,
        allow_nan: bool,
    ) -> Result<Vec<String>> {
        jobs::sync()?;
        let model = model.model();
        if !model.is_built() {
            return Err(Failure::config(format!(
                "model '{}' does not know the shape of its inputs yet, so that it has no weights to load: begin it with \
                 input({{ shape }}), or call build([null, …])",
                model.name()
            )));
        }
        let Some(content) = self.content.take() else {
            return Err(Failure::config("the weights of this file were given to a model already"));
        };
        match content {
            Weights::Named(file) => {
                let order = file.metadata.get(ORDER).and_then(|names| serde_json::from_str::<Vec<String>>(names).ok());
                AssignNamed { by_name, skip_mismatch, allow_nan, order: order.as_deref() }.assign(model, &file.tensors)
            }
            Weights::Keras(file) => {
                let file = if by_name { named_layers(file)? } else { file.layers(&model.to_json()) };
                let unplaced = file.unplaced.iter().filter(|_| !by_name);
                let mut left: Vec<String> =
                    unplaced.map(|group| format!("'{group}' of the file: no layer of the model takes it")).collect();
                if let Some(first) = left.first().filter(|_| !skip_mismatch) {
                    let message =
                        format!("{first}; load with byName or skipMismatch, or build the model that was saved");
                    return Err(Failure::Coded(code::INVALID, message));
                }
                let assign = Assign { order: file.order, by_name, skip_mismatch, allow_nan };
                let mut skipped = assign.assign(model, &file.layers)?;
                skipped.append(&mut left);
                Ok(skipped)
            }
        }
    }
}

fn named_layers(file: WeightsFile) -> Result<Layers> {
    file.named_layers().ok_or_else(|| {
        Failure::config(
            "byName needs a file that names its layers; a .weights.h5 file of Keras 3 numbers them: leave byName out, or \
             save the model as .keras, .h5 or .safetensors",
        )
    })
}

/// Reads the weights of a model or weights file of Keras, or of a `.safetensors` file.
#[napi(ts_return_type = "Promise<WeightFile>")]
pub fn read_weights_file(path: String) -> AsyncTask<ReadWeights> {
    AsyncTask::new(ReadWeights::new(|| {
        if path.ends_with(".safetensors") {
            safetensors::read(PathBuf::from(path)).map(Weights::Named).map_err(|error| error.to_string())
        } else {
            keras::read_weights(PathBuf::from(path)).map(Weights::Keras).map_err(|error| error.to_string())
        }
    }))
}

/// A tensor and its name.
#[napi(object)]
pub struct NamedTensor {
    pub name: String,
    pub tensor: HostTensor,
}

impl NamedTensor {
    fn of((name, tensor): (String, Tensor)) -> NamedTensor {
        NamedTensor { name, tensor: tensor.into() }
    }

    fn into_tensor(self) -> Result<(String, Tensor)> {
        Ok((self.name, self.tensor.into_owned()?))
    }
}

/// Reads the tensors of a `.safetensors` file.
#[napi(ts_return_type = "Promise<NamedTensor[]>")]
pub fn read_safetensors(path: String) -> AsyncTask<ReadTensors> {
    AsyncTask::new(ReadTensors::new(|| {
        safetensors::read(PathBuf::from(path)).map(|content| content.tensors).map_err(|error| error.to_string())
    }))
}

/// Writes tensors to a `.safetensors` file.
#[napi(ts_return_type = "Promise<void>")]
pub fn write_safetensors(path: String, tensors: Vec<NamedTensor>) -> Result<AsyncTask<WriteFile>> {
    let tensors = tensors.into_iter().map(NamedTensor::into_tensor).collect::<Result<Vec<_>>>()?;
    Ok(AsyncTask::new(WriteFile::new(move || {
        safetensors::write(PathBuf::from(path), &tensors, None).map_err(|error| error.to_string())
    })))
}

/// What is saved of a model beside its configuration and weights.
#[napi(object, object_to_js = false)]
pub struct SaveSpec<'env> {
    /// The arguments of `compile` as JSON.
    pub compile: Option<String>,
    pub optimizer: Option<ClassInstance<'env, Optimizer>>,
    /// JSON that Keras ignores.
    pub state: Option<String>,
    /// Tensors that Keras ignores.
    pub tensors: Option<Vec<NamedTensor>>,
    /// Save the running values of an epoch too.
    pub running: bool,
}

/// Writes a whole model as it is now: `.h5` or `.hdf5` by the name of the file, `.keras` otherwise.
#[napi(ts_return_type = "Promise<void>")]
pub fn write_model_file(
    path: String,
    model: ClassInstance<'_, Model>,
    spec: SaveSpec<'_>,
) -> Result<AsyncTask<WriteFile>> {
    jobs::sync()?;
    let optimizer = spec.optimizer.map(|optimizer| optimizer.shared());
    let given = spec.tensors.unwrap_or_default().into_iter().map(NamedTensor::into_tensor);
    let mut tensors = model.continuation(spec.running)?;
    tensors.extend(given.collect::<Result<Vec<_>>>()?);
    let state = spec.state.map_or(Ok(Value::Null), |state| parse(&state))?;
    let file = keras::ModelFile {
        config: model.model().to_json(),
        compile: spec.compile.map(|json| parse(&json)).transpose()?,
        weights: collect::layers(model.model()),
        order: WeightOrder::Model,
        unplaced: Vec::new(),
        resume: Some(state::resume(model.model(), optimizer.as_ref(), state, tensors)),
        optimizer: optimizer.map(|optimizer| {
            let optimizer = optimizer.borrow();
            let class = optimizer.class_name().to_lowercase();
            let variables = optimizer.variables().into_iter();
            variables.map(|variable| (format!("{class}/{}", variable.name()), variable.value())).collect()
        }),
        keras_version: None,
    };
    Ok(AsyncTask::new(WriteFile::new(move || {
        let target = PathBuf::from(&path);
        let written = if path.ends_with(".h5") || path.ends_with(".hdf5") {
            keras::write_h5(target, &file)
        } else {
            keras::write_keras(target, &file)
        };
        written.map_err(|error| error.to_string())
    })))
}

/// Writes the weights of a model as they are now: `.safetensors` by the name of the file, `.weights.h5` otherwise.
#[napi(ts_return_type = "Promise<void>")]
pub fn write_weights_file(path: String, model: ClassInstance<'_, Model>) -> Result<AsyncTask<WriteFile>> {
    jobs::sync()?;
    let model = model.model();
    if path.ends_with(".safetensors") {
        let tensors = collect::named_values(model);
        let names: Vec<&str> = tensors.iter().map(|(name, _)| name.as_str()).collect();
        let metadata =
            HashMap::from([("format".into(), "glorot".into()), (ORDER.into(), serde_json::json!(names).to_string())]);
        return Ok(AsyncTask::new(WriteFile::new(move || {
            safetensors::write(PathBuf::from(&path), &tensors, Some(metadata)).map_err(|error| error.to_string())
        })));
    }
    let (config, layers) = (model.to_json(), collect::layers(model));
    Ok(AsyncTask::new(WriteFile::new(move || {
        keras::write_weights_h5(PathBuf::from(&path), &config, &layers).map_err(|error| error.to_string())
    })))
}
