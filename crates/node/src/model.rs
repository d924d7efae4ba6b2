//! Models of JavaScript.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use glorot_cuda::Precision;
use glorot_graph::device::Device;
use glorot_nn::model::{self, SummaryOptions};
use glorot_nn::optimizers::scale_loss;
use glorot_tensor::Tensor;
use glorot_train::{Compiled, FitOptions, Gradients, Progress, Trainer, ValidationEvents};
use napi::Env;
use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;

use crate::compile::CompileSpec;
use crate::config::parse;
use crate::data_args::{Samples, class_weight, fit_options, progress, tensors as host_tensors};
use crate::device;
use crate::error::{Failure, Result};
use crate::jobs::{self, Job, JobEnd, OnEvent, Waits};
use crate::layer::Layer;
use crate::model_tensor::{self, ModelTensor, tensors};
use crate::snapshot::Snapshot;
use crate::tensor::HostTensor;
use crate::variable::Variable;

/// Layers put together, with what trains them.
#[napi]
pub struct Model {
    model: model::Model,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// Trains on the device that the model was compiled for.
    trainer: Option<Rc<Trainer>>,
    /// Predicts before the model is compiled.
    predictor: Option<Rc<Trainer>>,
    /// Running values that the next training goes on with.
    running: Option<Vec<(String, Tensor)>>,
}

/// An input or output of a model.
#[napi(object, object_from_js = false)]
pub struct Port {
    pub name: String,
    /// Lengths of the axes, the batch first; `null` is any length.
    pub shape: Vec<Option<u32>>,
    pub dtype: String,
}

impl From<model::Port> for Port {
    fn from(port: model::Port) -> Port {
        Port { name: port.name, shape: model_tensor::dims(&port.shape), dtype: port.dtype.name().into() }
    }
}

/// How a summary looks.
#[napi(object, object_to_js = false)]
pub struct SummarySpec {
    pub line_length: Option<u32>,
    pub max_line_length: Option<u32>,
    pub expand_nested: Option<bool>,
    pub show_trainable: Option<bool>,
}

/// How JavaScript follows a training.
#[napi(object, object_to_js = false)]
pub struct Follow {
    /// Wait for JavaScript at the begin and end of epochs.
    pub epochs: bool,
    /// And at each step.
    pub steps: bool,
    /// Tell the progress within epochs.
    pub progress: bool,
    /// Wait at the begin and end of validations.
    pub tests: bool,
    /// And at each of their steps.
    pub test_steps: bool,
    /// Keep the norms of the gradients.
    pub gradient_norms: bool,
    /// And the gradients.
    pub gradients: bool,
}

impl Follow {
    fn waits(&self) -> Waits {
        match (self.steps, self.epochs) {
            (true, _) => Waits::Steps,
            (false, true) => Waits::Epochs,
            (false, false) => Waits::Never,
        }
    }

    fn kept_gradients(&self) -> Gradients {
        match (self.gradients, self.gradient_norms) {
            (true, _) => Gradients::Values,
            (false, true) => Gradients::Norms,
            (false, false) => Gradients::None,
        }
    }

    fn validation_events(&self) -> ValidationEvents {
        match (self.test_steps, self.tests) {
            (true, _) => ValidationEvents::EveryStep,
            (false, true) => ValidationEvents::Whole,
            (false, false) => ValidationEvents::None,
        }
    }
}

impl Model {
    pub fn of(model: model::Model) -> Model {
        Model { model, state: RefCell::default() }
    }

    pub fn model(&self) -> &model::Model {
        &self.model
    }

    fn new_trainer(&self, device: Arc<dyn Device>, compiled: Option<Compiled>) -> Rc<Trainer> {
        Rc::new(Trainer::new(self.model.clone(), device, compiled))
    }

    /// What a training goes on from, by name: see [`Trainer::continuation`]. Nothing, if the model is not compiled.
    pub fn continuation(&self, running: bool) -> Result<Vec<(String, Tensor)>> {
        match &self.state.borrow().trainer {
            Some(trainer) => Ok(trainer.continuation(running)?),
            None => Ok(Vec::new()),
        }
    }

    /// Goes on from there; with `running`, the next training goes on inside of an epoch.
    pub fn set_continuation(&self, values: &[(String, Tensor)], running: bool) -> Result<()> {
        let mut state = self.state.borrow_mut();
        if let Some(trainer) = &state.trainer {
            trainer.set_continuation(values)?;
        }
        state.running = running.then(|| values.to_vec());
        Ok(())
    }

    /// Between the preparation of a training and its run.
    fn go_on(&self, trainer: &Trainer) -> Result<()> {
        match self.state.borrow_mut().running.take() {
            Some(running) => Ok(trainer.set_running(&running)?),
            None => Ok(()),
        }
    }

    fn trainer(&self, method: &str) -> Result<Rc<Trainer>> {
        self.state.borrow().trainer.clone().ok_or_else(|| {
            let name = self.model.name();
            let message =
                format!("model '{name}' must be compiled before {method}(): call compile({{ optimizer, loss }})");
            Failure::config(message)
        })
    }

    /// The trainer, or one that can only predict.
    fn predictor(&self) -> Result<Rc<Trainer>> {
        let mut state = self.state.borrow_mut();
        if let Some(trainer) = state.trainer.as_ref().or(state.predictor.as_ref()) {
            return Ok(trainer.clone());
        }
        let predictor = self.new_trainer(device::default()?, None);
        state.predictor = Some(predictor.clone());
        Ok(predictor)
    }
}

#[napi]
impl Model {
    /// A model of layers that follow one another.
    #[napi(factory, catch_unwind)]
    pub fn sequential(layers: Vec<ClassInstance<'_, Layer>>, name: Option<String>) -> Result<Model> {
        let layers = layers.iter().map(|layer| layer.layer().clone()).collect();
        Ok(Model::of(model::Model::sequential(layers, name)?))
    }

    /// A model of all calls between inputs and outputs.
    #[napi(factory, catch_unwind)]
    pub fn functional(
        inputs: Vec<ClassInstance<'_, ModelTensor>>,
        outputs: Vec<ClassInstance<'_, ModelTensor>>,
        name: Option<String>,
    ) -> Result<Model> {
        Ok(Model::of(model::Model::functional(tensors(&inputs), tensors(&outputs), name)?))
    }

    /// The model behind a layer, if it is one.
    #[napi(catch_unwind)]
    pub fn from_layer(layer: ClassInstance<'_, Layer>) -> Option<Model> {
        model::Model::from_layer(layer.layer()).map(Model::of)
    }

    /// The model as a layer of another one.
    #[napi(catch_unwind)]
    pub fn as_layer(&self) -> Layer {
        Layer::of(self.model.as_layer())
    }

    /// Appends a layer to a sequential model.
    #[napi(catch_unwind)]
    pub fn add(&self, layer: ClassInstance<'_, Layer>) -> Result<()> {
        Ok(self.model.add(layer.layer().clone())?)
    }

    /// Removes the last layer of a sequential model.
    #[napi(catch_unwind)]
    pub fn pop(&self) -> Result<Layer> {
        Ok(Layer::of(self.model.pop()?))
    }

    #[napi(getter, catch_unwind)]
    pub fn name(&self) -> &str {
        self.model.name()
    }

    #[napi(getter, catch_unwind)]
    pub fn built(&self) -> bool {
        self.model.is_built()
    }

    #[napi(getter, catch_unwind)]
    pub fn trainable(&self) -> bool {
        self.model.trainable()
    }

    #[napi(setter, catch_unwind)]
    pub fn set_trainable(&self, trainable: bool) {
        self.model.set_trainable(trainable);
    }

    #[napi(catch_unwind)]
    pub fn layers(&self) -> Vec<Layer> {
        self.model.layers().into_iter().map(Layer::of).collect()
    }

    #[napi(catch_unwind)]
    pub fn get_layer(&self, name: String) -> Result<Layer> {
        Ok(Layer::of(self.model.get_layer(&name)?))
    }

    #[napi(catch_unwind)]
    pub fn inputs(&self) -> Result<Vec<ModelTensor>> {
        Ok(self.model.inputs()?.into_iter().map(ModelTensor::of).collect())
    }

    #[napi(catch_unwind)]
    pub fn outputs(&self) -> Result<Vec<ModelTensor>> {
        Ok(self.model.outputs()?.into_iter().map(ModelTensor::of).collect())
    }

    /// Names, shapes and dtypes of the outputs; none before a sequential model knows its input.
    #[napi(catch_unwind)]
    pub fn output_ports(&self) -> Option<Vec<Port>> {
        Some(self.model.output_specs().ok()?.into_iter().map(Port::from).collect())
    }

    #[napi(catch_unwind)]
    pub fn input_ports(&self) -> Option<Vec<Port>> {
        Some(self.model.input_specs().ok()?.into_iter().map(Port::from).collect())
    }

    /// Tells a sequential model the shapes of its inputs, batch axis included.
    #[napi(catch_unwind)]
    pub fn build(&self, shapes: Vec<Vec<u32>>) -> Result<()> {
        Ok(self.model.build(&crate::layer::to_shapes(shapes))?)
    }

    #[napi(catch_unwind)]
    pub fn weights(&self) -> Vec<Variable> {
        self.model.weights().into_iter().map(|weight| Variable::of(weight.variable)).collect()
    }

    #[napi(catch_unwind)]
    pub fn trainable_weights(&self) -> Vec<Variable> {
        self.model.trainable_weights().into_iter().map(|weight| Variable::of(weight.variable)).collect()
    }

    /// Names of the weights with those of their layers.
    #[napi(catch_unwind)]
    pub fn weight_paths(&self) -> Vec<String> {
        self.model.weight_paths()
    }

    #[napi(catch_unwind)]
    pub fn get_weights(&self) -> Result<Vec<HostTensor>> {
        jobs::sync()?;
        Ok(self.model.get_weights().into_iter().map(HostTensor::from).collect())
    }

    #[napi(catch_unwind)]
    pub fn set_weights(&self, values: Vec<HostTensor>) -> Result<()> {
        jobs::sync()?;
        let values = values.into_iter().map(HostTensor::into_owned).collect::<Result<Vec<_>>>()?;
        Ok(self.model.set_weights(&values)?)
    }

    #[napi(catch_unwind)]
    pub fn count_params(&self) -> f64 {
        self.model.count_params() as f64
    }

    /// As Keras serializes it.
    #[napi(catch_unwind)]
    pub fn to_json(&self) -> String {
        self.model.to_json().to_string()
    }

    /// The layers with shapes and numbers of parameters as text.
    #[napi(catch_unwind)]
    pub fn summary(&self, spec: SummarySpec) -> String {
        self.model.summary(&SummaryOptions {
            line_length: spec.line_length.map(|length| length as usize),
            max_line_length: spec.max_line_length.map(|length| length as usize),
            expand_nested: spec.expand_nested.unwrap_or(false),
            show_trainable: spec.show_trainable.unwrap_or(false),
            optimizer: None,
        })
    }

    /// Sets how the model is trained and judged. Optimizer, losses and metrics are checked now, as far as they do not
    /// depend on the data. Returns why the CPU was chosen if there is a GPU.
    #[napi(catch_unwind)]
    pub fn compile(&self, env: Env, spec: CompileSpec<'_>) -> Result<Option<String>> {
        let (device, problem) = spec.device()?;
        if spec.precision()? == Some(Precision::Float16) {
            scale_loss(&mut spec.optimizer.shared().borrow_mut())?;
        }
        let trainer = self.new_trainer(device, Some(spec.into_compiled(env)?));
        *self.state.borrow_mut() = State { trainer: Some(trainer), ..State::default() };
        Ok(problem)
    }

    /// The device that the model is compiled for.
    #[napi(catch_unwind)]
    pub fn device(&self) -> Option<String> {
        self.state.borrow().trainer.as_ref().map(|trainer| trainer.device().id())
    }

    /// What the device says of memory and steps.
    #[napi(catch_unwind)]
    pub fn device_report(&self) -> Option<String> {
        self.state.borrow().trainer.as_ref().and_then(|trainer| trainer.report())
    }

    /// Starts a training. Its last event has no values.
    #[napi(catch_unwind)]
    pub fn fit(
        &self,
        data: Samples,
        validation: Option<Samples>,
        options: String,
        follow: Follow,
        on_event: OnEvent<'_>,
    ) -> Result<FitStart> {
        let data = data.into_dataset()?;
        let waits = follow.waits();
        let options = FitOptions {
            validation_events: follow.validation_events(),
            gradients: follow.kept_gradients(),
            ..fit_options(&options, validation, progress(waits, follow.progress))?
        };
        let trainer = self.trainer("fit")?;
        let epochs = options.epochs;
        let mut fit = trainer.prepare_fit(data, options)?;
        self.go_on(&trainer)?;
        let steps = fit.steps_per_epoch() as u32;
        let job = jobs::spawn(on_event, waits, move |caller| {
            let cancel = caller.cancel();
            let outcome = fit.run(&cancel, &mut |event, access| caller.handle(event, access))?;
            Ok(JobEnd { cancelled: outcome == glorot_train::Outcome::Cancelled, ..JobEnd::default() })
        })?;
        Ok(FitStart { job, steps, epochs: epochs as u32 })
    }

    /// Starts an evaluation. Its last event has loss and metrics. `steps`: wait for JavaScript at each step.
    #[napi(catch_unwind)]
    pub fn evaluate(
        &self,
        data: Samples,
        batch_size: u32,
        shown: bool,
        steps: bool,
        on_event: OnEvent<'_>,
    ) -> Result<Job> {
        let data = data.into_dataset()?;
        jobs::sync()?;
        let trainer = self.trainer("evaluate")?;
        let waits = Waits::at_steps(steps);
        let mut evaluate = trainer.prepare_evaluate(data, batch_size as usize, progress(waits, shown))?;
        jobs::spawn(on_event, waits, move |caller| {
            let cancel = caller.cancel();
            Ok(JobEnd::of_logs(evaluate.run(&cancel, &mut |event, access| caller.handle(event, access))?))
        })
    }

    /// Starts a prediction. Its last event has the outputs. `draws`: predict so many times, with noise. `steps`: wait for
    /// JavaScript at each step.
    #[napi(catch_unwind)]
    pub fn predict(
        &self,
        x: Vec<HostTensor>,
        batch_size: u32,
        draws: Option<u32>,
        shown: bool,
        steps: bool,
        on_event: OnEvent<'_>,
    ) -> Result<Job> {
        let x = host_tensors(x)?;
        jobs::sync()?;
        let predictor = self.predictor()?;
        let waits = Waits::at_steps(steps);
        let (batch_size, progress) = (batch_size as usize, progress(waits, shown));
        let mut predict = match draws {
            None => predictor.prepare_predict(x, batch_size, progress)?,
            Some(draws) => predictor.prepare_draws(x, batch_size, draws as usize, progress)?,
        };
        jobs::spawn(on_event, waits, move |caller| {
            let cancel = caller.cancel();
            let outputs = predict.run(&cancel, &mut |event, access| caller.handle(event, access))?;
            let outputs = outputs.into_iter().map(HostTensor::from).collect();
            Ok(JobEnd { outputs: Some(outputs), ..JobEnd::default() })
        })
    }

    /// The outputs for all samples, computed on this thread before the call returns.
    #[napi(catch_unwind)]
    pub fn predict_sync(&self, x: Vec<HostTensor>, batch_size: u32) -> Result<Vec<HostTensor>> {
        jobs::sync()?;
        let x = host_tensors(x)?;
        let mut predict = self.predictor()?.prepare_predict(x, batch_size as usize, Progress::Never)?;
        let outputs = predict.run_now()?;
        Ok(outputs.into_iter().map(HostTensor::from).collect())
    }

    /// Starts one training step on one batch. Its last event has loss and metrics of the batch before the update.
    #[napi(catch_unwind)]
    pub fn train_on_batch(&self, batch: Samples, options: String, on_event: OnEvent<'_>) -> Result<Job> {
        let batch = batch.into_dataset()?;
        let trainer = self.trainer("trainOnBatch")?;
        let mut options = glorot_nn::config::Options::new("trainOnBatch", &parse(&options)?)?;
        let weights = class_weight(options.value("classWeight")?)?;
        let reset = options.bool("resetMetrics", true)?;
        options.finish()?;
        let mut job = trainer.prepare_train_batch(batch, &weights, reset)?;
        self.go_on(&trainer)?;
        jobs::spawn(on_event, Waits::Never, move |_| Ok(JobEnd::of_logs(job.run()?)))
    }

    /// What trainings keep of the gradients: those that asked for it.
    #[napi(catch_unwind)]
    pub fn kept_gradients(&self) -> Result<KeptGradients> {
        jobs::sync()?;
        let trainer = self.trainer("keptGradients")?;
        let kept = trainer.gradients();
        let of = |variable: &glorot_nn::Variable| Variable::of(variable.clone());
        let weights = self.model.weights();
        let numbers = kept.weights.iter().map(|kept| weights.iter().position(|weight| weight.variable == *kept));
        Ok(KeptGradients {
            weights: numbers.flatten().map(|number| number as u32).collect(),
            squares: of(&kept.squares),
            steps: of(&kept.steps),
            values: kept.values.iter().map(of).collect(),
        })
    }

    /// Begins a training of single batches that goes on: what averages replaced comes back.
    #[napi(catch_unwind)]
    pub fn unaverage(&self) -> Result<()> {
        Ok(self.trainer("fit")?.go_on()?)
    }

    /// Ends a training of single batches: moving averages replace the weights, if the optimizer keeps them.
    #[napi(catch_unwind)]
    pub fn average(&self) -> Result<()> {
        Ok(self.trainer("fit")?.average()?)
    }

    /// The weights, the state of the optimizer and that of the random numbers, to go back to. The model must be built.
    #[napi(catch_unwind)]
    pub fn snapshot(&self) -> Result<Snapshot> {
        jobs::sync()?;
        Ok(Snapshot::of(self.trainer("snapshot")?.lasting()?))
    }

    /// Starts one evaluation step on one batch. `reset`: begin the running values anew.
    #[napi(catch_unwind)]
    pub fn test_on_batch(&self, batch: Samples, reset: bool, on_event: OnEvent<'_>) -> Result<Job> {
        let batch = batch.into_dataset()?;
        jobs::sync()?;
        let trainer = self.trainer("testOnBatch")?;
        let mut job = trainer.prepare_test_batch(batch, reset)?;
        jobs::spawn(on_event, Waits::Never, move |_| Ok(JobEnd::of_logs(job.run()?)))
    }
}

/// What trainings keep of the gradients.
#[napi(object, object_from_js = false)]
pub struct KeptGradients {
    /// The numbers of the weights that are trained among those of the model.
    pub weights: Vec<u32>,
    /// Sums over the steps of the squared norms.
    pub squares: Variable,
    pub steps: Variable,
    /// The gradients of the last step.
    pub values: Vec<Variable>,
}

/// A training that has begun.
#[napi(object, object_from_js = false)]
pub struct FitStart {
    pub job: Job,
    /// Of an epoch.
    pub steps: u32,
    pub epochs: u32,
}
