use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use glorot_graph::device::Device;
use glorot_nn::model::Model;
use glorot_nn::{StateTable, Variable, Weight};
use glorot_tensor::Tensor;

use crate::batches::Batches;
use crate::compiled::Compiled;
use crate::continuation::{Continuation, running_values, set_running_values};
use crate::data::Dataset;
use crate::error::{Error, Result};
use crate::jobs::{BatchJob, Check, EvaluateJob, FitJob, FitPlan, PredictJob, States, ValidationPlan};
use crate::options::{FitOptions, NonFinite, Progress, Resume, Validation};
use crate::pool::Pool;
use crate::samples::Samples;
use crate::step::{Kind, Step, StepKey};
use crate::trace::{Judge, KeptGradients, Reports, Tracing, predict, test, train, train_shared};

/// More compiled steps than this are forgotten, so that ever new batch sizes do not fill the memory.
const MAX_STEPS: usize = 64;

/// Trains a model, evaluates it and predicts with it, on one device.
///
/// A trainer lives on the thread of the model. Its `prepare_*` methods check the data and compile what is needed; the
/// jobs that they return run on any thread. Compiled steps are kept, so a second job with the same shapes starts at
/// once. Weights stay on the device from job to job; their [`Variable`]s have the newest values whenever no job runs.
pub struct Trainer {
    model: Model,
    compiled: Option<Compiled>,
    /// Made when the first targets are known.
    judge: OnceCell<Judge>,
    states: StateTable,
    pool: Arc<Pool>,
    steps: RefCell<HashMap<StepKey, Arc<Step>>>,
    /// The weights that are trained, as they were at the first trace.
    trained: OnceCell<Vec<Weight>>,
    kept: OnceCell<KeptGradients>,
    continuation: Continuation,
    /// Of replicas.
    shared_gradients: OnceCell<Vec<Variable>>,
}

impl Trainer {
    /// Without `compiled` the model can only predict.
    pub fn new(model: Model, device: Arc<dyn Device>, compiled: Option<Compiled>) -> Trainer {
        Trainer {
            continuation: Continuation::new(model.random_state().clone()),
            model,
            compiled,
            judge: OnceCell::new(),
            states: StateTable::new(),
            pool: Arc::new(Pool::new(device)),
            steps: RefCell::default(),
            trained: OnceCell::new(),
            kept: OnceCell::new(),
            shared_gradients: OnceCell::new(),
        }
    }

    /// The device that the model runs on.
    pub fn device(&self) -> &dyn Device {
        self.pool.device()
    }

    /// What the device says of the memory that the model uses and of how its steps are run; while a training runs, as
    /// before its first step. `None` before the first job and on devices that have nothing to say.
    pub fn report(&self) -> Option<String> {
        self.pool.report()
    }

    /// Checks data and options and compiles the steps of a training.
    pub fn prepare_fit(&self, data: Dataset, options: FitOptions) -> Result<FitJob> {
        options.check()?;
        let (judge, samples) = self.judged("fit", data)?;
        let (trained, validation) = match &options.validation {
            Validation::None => (samples.len, None),
            Validation::Split(fraction) => {
                let trained = split(samples.len, *fraction)?;
                (trained, Some((samples.clone(), trained)))
            }
            Validation::Data(data) => {
                let (_, validation) =
                    self.judged("fit", data.clone()).map_err(|error| error.within("validationData"))?;
                (samples.len, Some((validation, 0)))
            }
        };
        let samples = match options.class_weight.is_empty() {
            true => samples,
            false => samples.weighted_by_class(&options.class_weight)?,
        };
        let replicas = self.device().replicas();
        let key = |batch| StepKey { gradients: options.gradients, replicas, ..samples.key(Kind::Train, batch) };
        let batches = self.batches_of(trained, options.batch_size, key)?;
        check_labels(judge, &batches, &samples)?;
        let validation = validation.map(|(samples, first)| -> Result<ValidationPlan> {
            let batch_size = options.validation_batch_size.unwrap_or(options.batch_size);
            let len = options.validation_steps.map_or(samples.len, |steps| steps.saturating_mul(batch_size));
            let batches = self.batches(Kind::Test, &samples, len.min(samples.len - first), batch_size)?;
            check_labels(judge, &batches, &samples).map_err(|error| error.within("validationData"))?;
            Ok(ValidationPlan { samples, first, batches, freq: options.validation_freq })
        });
        let steps = options.steps_per_epoch.unwrap_or(batches.steps());
        if let Some(Resume { step, steps: before }) = options.resume
            && (step > steps || before.is_some_and(|before| before != steps))
        {
            let before = before.unwrap_or(step);
            return Err(Error::data(format!(
                "the interrupted training had {before} steps an epoch, this one has {steps}: give the same data and \
                 batchSize, or delete the saved training to begin anew"
            )));
        }
        let plan = FitPlan {
            validation: validation.transpose()?,
            reports: self.reports(judge)?,
            samples,
            steps,
            batches,
            continuation: self.continuation.clone(),
            epochs: options.initial_epoch..options.epochs,
            resume: options.resume,
            shuffle: options.shuffle,
            progress: options.progress,
            validation_events: options.validation_events,
            check: match options.non_finite {
                NonFinite::Continue => Check::Never,
                NonFinite::Error if self.device().reads_are_free() => Check::Steps,
                NonFinite::Error => Check::Readings,
            },
            many_steps: !self.device().reads_are_free(),
            averages: self.averages(judge),
        };
        Ok(FitJob::new(self.handle(), plan))
    }

    /// Checks data and compiles the steps of an evaluation.
    pub fn prepare_evaluate(&self, data: Dataset, batch_size: usize, progress: Progress) -> Result<EvaluateJob> {
        let (judge, samples) = self.judged("evaluate", data)?;
        let batches = self.batches(Kind::Test, &samples, samples.len, batch_size)?;
        check_labels(judge, &batches, &samples)?;
        let many_steps = !self.device().reads_are_free();
        Ok(EvaluateJob { reports: self.reports(judge)?, states: self.handle(), samples, batches, progress, many_steps })
    }

    /// Checks inputs and compiles the steps of a prediction.
    pub fn prepare_predict(&self, x: Vec<Tensor>, batch_size: usize, progress: Progress) -> Result<PredictJob> {
        let samples = Samples::inputs(&self.model, x)?;
        let batches = self.batches(Kind::Predict, &samples, samples.len, batch_size)?;
        Ok(PredictJob { states: self.handle(), samples, batches, draws: None, progress })
    }

    /// Checks inputs and compiles the steps of `draws` predictions with noise: dropout and its kin act as in training,
    /// batch normalization as in inference (Monte Carlo dropout, Gal and Ghahramani, 2016).
    pub fn prepare_draws(
        &self,
        x: Vec<Tensor>,
        batch_size: usize,
        draws: usize,
        progress: Progress,
    ) -> Result<PredictJob> {
        if draws == 0 {
            return Err(Error::option("samples", "expected at least 1, received 0"));
        }
        let samples = Samples::inputs(&self.model, x)?;
        let batches = self.batches(Kind::Sample, &samples, samples.len, batch_size)?;
        Ok(PredictJob { states: self.handle(), samples, batches, draws: Some(draws), progress })
    }

    /// Checks a batch and compiles its training step. Without `reset`, loss and metrics are those since the last job that
    /// reset them.
    pub fn prepare_train_batch(&self, batch: Dataset, class_weight: &[(i64, f32)], reset: bool) -> Result<BatchJob> {
        let (judge, samples) = self.judged("trainOnBatch", batch)?;
        let samples = if class_weight.is_empty() { samples } else { samples.weighted_by_class(class_weight)? };
        self.batch_job(judge, Kind::Train, samples, reset)
    }

    /// Checks a batch and compiles its evaluation step. `reset`: as of a training step.
    pub fn prepare_test_batch(&self, batch: Dataset, reset: bool) -> Result<BatchJob> {
        let (judge, samples) = self.judged("testOnBatch", batch)?;
        self.batch_job(judge, Kind::Test, samples, reset)
    }

    fn batch_job(&self, judge: &Judge, kind: Kind, samples: Samples, reset: bool) -> Result<BatchJob> {
        let batches = self.batches(kind, &samples, samples.len, samples.len)?;
        check_labels(judge, &batches, &samples)?;
        let step = batches.full.expect("a pass of one full batch");
        Ok(BatchJob { reports: self.reports(judge)?, states: self.handle(), samples, step, kind, reset })
    }

    /// Checked data with what judges the model on them. The first data decide what `"accuracy"` means.
    fn judged(&self, method: &str, data: Dataset) -> Result<(&Judge, Samples)> {
        let model = self.model.name();
        let Some(compiled) = &self.compiled else {
            let message =
                format!("model '{model}' must be compiled before {method}(): call compile({{ optimizer, loss }})");
            return Err(Error::data(message));
        };
        let samples = Samples::inputs(&self.model, data.x)?;
        let ports = self.model.output_specs()?;
        if ports.len() != compiled.targets.len() {
            let (outputs, given) = (ports.len(), compiled.targets.len());
            let message = format!("model '{model}' has {outputs} outputs, but was compiled with losses for {given}");
            return Err(Error::option("loss", message));
        }
        let used: Vec<_> =
            compiled.targets.iter().zip(&ports).enumerate().filter(|(_, (target, _))| target.is_used()).collect();
        let names: Vec<&str> = used.iter().map(|(_, (_, port))| port.name.as_str()).collect();
        // Targets of outputs without a loss may be left out, or given for nothing.
        let all = ports.len();
        let samples = samples.with_targets(
            &names,
            of_used(data.y, &used, all),
            if data.sample_weights.len() == 1 { data.sample_weights } else { of_used(data.sample_weights, &used, all) },
        )?;
        if let Some(judge) = self.judge.get() {
            return Ok((judge, samples));
        }
        let targets = used.iter().zip(&samples.y).map(|((index, (target, port)), y)| {
            // Only the rank and the last axis matter.
            let y_pred = port.shape.iter().map(|dim| dim.unwrap_or(0)).collect();
            target.resolve(*index, &port.name, y.shape(), &y_pred)
        });
        let judge = Judge::new(compiled.optimizer.clone(), targets.collect::<Result<_>>()?, ports.len() > 1);
        Ok((self.judge.get_or_init(|| judge), samples))
    }

    /// The steps of a pass over `len` of the samples.
    fn batches(&self, kind: Kind, samples: &Samples, len: usize, batch_size: usize) -> Result<Batches> {
        self.batches_of(len, batch_size, |batch| samples.key(kind, batch))
    }

    /// The same, where `key` says which step takes a batch.
    fn batches_of(&self, len: usize, batch_size: usize, key: impl Fn(usize) -> StepKey) -> Result<Batches> {
        if batch_size == 0 {
            return Err(Error::option("batchSize", "expected at least 1, received 0"));
        }
        let step = |batch: usize| (batch > 0).then(|| self.step(key(batch))).transpose();
        let full = step(if len >= batch_size { batch_size } else { 0 })?;
        Ok(Batches { samples: len, batch_size, full, rest: step(len % batch_size)? })
    }

    fn step(&self, key: StepKey) -> Result<Arc<Step>> {
        if let Some(step) = self.steps.borrow().get(&key) {
            return Ok(step.clone());
        }
        let step = Arc::new(self.compile(&key)?);
        let mut steps = self.steps.borrow_mut();
        if steps.len() >= MAX_STEPS {
            steps.clear();
        }
        steps.insert(key, step.clone());
        Ok(step)
    }

    fn compile(&self, key: &StepKey) -> Result<Step> {
        let tracing = Tracing { model: &self.model, states: &self.states };
        let judge = self.judge.get();
        match (key.kind, judge) {
            (Kind::Train, Some(judge)) if key.replicas > 1 => {
                let sums = self.reports(judge)?.reset.iter().map(|(state, _)| *state).collect();
                train_shared(&tracing, judge, self.trained(), self.gradients(), self.shared_gradients(), sums, key)
            }
            (Kind::Train, Some(judge)) => train(&tracing, judge, self.trained(), self.gradients(), key),
            (Kind::Test, Some(judge)) => test(&tracing, judge, key),
            _ => predict(&tracing, key),
        }
    }

    /// The weights that are trained.
    fn trained(&self) -> &[Weight] {
        self.trained.get_or_init(|| self.model.trainable_weights())
    }

    /// What trainings with [`FitOptions::gradients`] keep.
    pub fn gradients(&self) -> &KeptGradients {
        self.kept.get_or_init(|| KeptGradients::new(self.trained()))
    }

    /// The gradients that replicas add up, in the order of the weights.
    fn shared_gradients(&self) -> &[Variable] {
        self.shared_gradients.get_or_init(|| {
            let zeros = |weight: &Weight| {
                let spec = weight.variable.spec();
                Variable::new("shared_gradient", Tensor::zeros(spec.shape.clone(), spec.dtype))
            };
            self.trained().iter().map(zeros).collect()
        })
    }

    /// Everything that a training changes and that lasts: the weights, the state of the optimizer, which is made if need
    /// be, and that of the random numbers. The model must be built.
    pub fn lasting(&self) -> Result<Vec<Variable>> {
        let mut variables: Vec<Variable> = self.model.weights().into_iter().map(|weight| weight.variable).collect();
        if let Some(compiled) = &self.compiled {
            let mut optimizer = compiled.optimizer.borrow_mut();
            optimizer.build(self.trained())?;
            variables.extend(optimizer.variables());
        }
        variables.push(self.model.random_state().clone());
        Ok(variables)
    }

    /// Values by name from which a training goes on, beside the weights and the optimizer's variables: where the random
    /// numbers and the pass over the samples stand, what averaged weights were before; with `running`, the running values
    /// of an epoch too. For [`Trainer::set_continuation`] and [`Trainer::set_running`] of the same model, perhaps in
    /// another process.
    pub fn continuation(&self, running: bool) -> Result<Vec<(String, Tensor)>> {
        let mut values = self.continuation.values(&self.trainable())?;
        if running {
            values.extend(running_values(&self.running()?));
        }
        Ok(values)
    }

    /// Goes on from there. The weights have their values already.
    pub fn set_continuation(&self, values: &[(String, Tensor)]) -> Result<()> {
        self.continuation.set_values(&self.trainable(), values)
    }

    /// Goes on with running values, between the preparation of a job and its run. It is an error if they are those of
    /// other metrics.
    pub fn set_running(&self, values: &[(String, Tensor)]) -> Result<()> {
        set_running_values(&self.running()?, values)
    }

    /// Gives weights that their moving averages have replaced at the end of a training their values back, for one that
    /// goes on; unless they have been changed since. Trainings by [`Trainer::prepare_fit`] do it by themselves.
    pub fn go_on(&self) -> Result<()> {
        self.continuation.go_on()
    }

    /// Replaces the weights by their moving averages, if the optimizer keeps them, at the end of a training. Trainings by
    /// [`Trainer::prepare_fit`] do it by themselves.
    pub fn average(&self) -> Result<()> {
        match self.judge.get() {
            Some(judge) => self.continuation.average(&self.averages(judge)),
            None => Ok(()),
        }
    }

    fn trainable(&self) -> Vec<Variable> {
        self.model.trainable_weights().into_iter().map(|weight| weight.variable).collect()
    }

    /// The running values; none before the first data.
    fn running(&self) -> Result<Vec<Variable>> {
        let Some(judge) = self.judge.get() else { return Ok(Vec::new()) };
        let reports = self.reports(judge)?;
        let variables = self.states.variables();
        Ok(reports.reset.iter().map(|(state, _)| variables[state.0 as usize].clone()).collect())
    }

    fn reports(&self, judge: &Judge) -> Result<Arc<Reports>> {
        if let Some(reports) = judge.reports.get() {
            return Ok(reports.clone());
        }
        let reports = Arc::new(Reports::new(judge, &self.states, self.model.random_state())?);
        Ok(judge.reports.get_or_init(|| reports).clone())
    }

    /// The weights that the optimizer averages, with their averages.
    fn averages(&self, judge: &Judge) -> Vec<(Variable, Variable)> {
        let weights = self.trained.get().into_iter().flatten().map(|weight| weight.variable.clone());
        weights.zip(judge.optimizer.borrow().averages().iter().cloned()).collect()
    }

    /// Asked after all traces of a job, which number the variables.
    fn handle(&self) -> States {
        // The order of samples is drawn from the random state, which a model without random layers may not have met.
        self.states.state(self.model.random_state());
        States { pool: self.pool.clone(), variables: self.states.variables() }
    }
}

/// Of what is given for each of `all` outputs, that of the outputs that are used.
fn of_used<T, U>(given: Vec<T>, used: &[(usize, U)], all: usize) -> Vec<T> {
    if given.len() != all {
        return given;
    }
    given
        .into_iter()
        .enumerate()
        .filter(|(i, _)| used.iter().any(|(index, _)| index == i))
        .map(|(_, value)| value)
        .collect()
}

/// Number of samples that are trained on if a fraction of them is kept for validation.
fn split(len: usize, fraction: f64) -> Result<usize> {
    let trained = (len as f64 * (1.0 - fraction)).floor() as usize;
    if trained == 0 || trained == len {
        let message = format!("{fraction} of {len} samples leaves no sample for training or none for validation");
        return Err(Error::option("validationSplit", message));
    }
    Ok(trained)
}

/// Fails at the first label that is no class.
fn check_labels(judge: &Judge, batches: &Batches, samples: &Samples) -> Result<()> {
    let Some(step) = batches.full.as_ref().or(batches.rest.as_ref()) else { return Ok(()) };
    for ((labels, y), output) in step.labels.iter().zip(&samples.y).zip(judge.outputs()) {
        if let Some(labels) = labels {
            labels.check(y, output)?;
        }
    }
    Ok(())
}
