//! A training that goes on in another process, from any step, ends with the bits of one that never stopped.

use std::cell::RefCell;
use std::rc::Rc;

use glorot_nn::rng;
use glorot_tensor::Tensor;
use glorot_train::{Access, Error, Event, FitOptions, Flow, History, Outcome, Progress, Resume, Validation};
use serde_json::{Value, json};

use crate::support::{Bench, corners, never, quiet, sequential, target};

/// What a file keeps of a training.
struct Saved {
    weights: Vec<Tensor>,
    optimizer: Vec<Tensor>,
    continuation: Vec<(String, Tensor)>,
}

/// A model whose trainings are hard to go on with; `seed`: of what files bring anyway.
fn bench(seed: u64, optimizer: &Value) -> Bench {
    rng::set_seed(seed);
    let model = sequential(&[
        ("InputLayer", json!({ "shape": [3] })),
        ("BatchNormalization", json!({})),
        ("Dense", json!({ "units": 4, "activation": "elu" })),
        ("Dropout", json!({ "rate": 0.3 })),
        ("Dense", json!({ "units": 3, "activation": "softmax" })),
    ]);
    Bench::with(model, vec![target()], optimizer.clone())
}

fn save(bench: &Bench) -> Saved {
    let optimizer = bench.optimizer.borrow();
    Saved {
        weights: bench.model.get_weights(),
        optimizer: optimizer.variables().iter().map(|variable| variable.value()).collect(),
        continuation: bench.trainer.continuation(true).unwrap(),
    }
}

fn load(saved: &Saved, optimizer: &Value) -> Bench {
    let bench = bench(99, optimizer);
    bench.model.set_weights(&saved.weights).unwrap();
    let mut optimizer = bench.optimizer.borrow_mut();
    optimizer.build(&bench.model.trainable_weights()).unwrap();
    for (variable, value) in optimizer.variables().iter().zip(&saved.optimizer) {
        variable.assign(value.clone()).unwrap();
    }
    drop(optimizer);
    bench.trainer.set_continuation(&saved.continuation).unwrap();
    bench
}

fn state(bench: &Bench) -> Vec<Vec<f64>> {
    let saved = save(bench);
    let values = saved.weights.iter().chain(&saved.optimizer).chain(saved.continuation.iter().map(|(_, value)| value));
    values.map(Tensor::to_f64).collect()
}

fn optimizers() -> [Value; 3] {
    let of = |class: &str, config: Value| json!({ "class_name": class, "config": config });
    [
        of("Nadam", json!({ "learning_rate": 0.01 })),
        of("Adam", json!({ "use_ema": true, "ema_momentum": 0.8, "gradient_accumulation_steps": 3 })),
        of(
            "SGD",
            json!({ "momentum": 0.9, "learning_rate": of(
                "ExponentialDecay",
                json!({ "initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5 }),
            ) }),
        ),
    ]
}

fn options(epochs: usize) -> FitOptions {
    FitOptions { epochs, batch_size: 8, validation: Validation::Split(0.2), ..FitOptions::default() }
}

#[test]
fn the_epochs_after_a_file_are_those_of_one_training() {
    for optimizer in optimizers() {
        let (whole, first) = (bench(1, &optimizer), bench(1, &optimizer));
        let history = whole.fit(corners(45), options(6));
        first.fit(corners(45), options(3));
        let second = load(&save(&first), &optimizer);
        let rest = second.fit(corners(45), FitOptions { initial_epoch: 3, ..options(6) });
        assert_eq!(state(&second), state(&whole), "{optimizer}");
        assert_eq!(rest.get("val_loss").unwrap(), &history.get("val_loss").unwrap()[3..]);
    }
}

/// What to do with the model when a step has ended.
type AtStep<'a> = &'a mut dyn FnMut(usize, usize);

fn fit_told(bench: &Bench, options: FitOptions, at_step: AtStep<'_>) -> History {
    let mut job = bench.trainer.prepare_fit(corners(45), options).unwrap();
    run_told(&mut job, at_step)
}

fn run_told(job: &mut glorot_train::FitJob, at_step: AtStep<'_>) -> History {
    let outcome = job.run(&never(), &mut |event: Event<'_>, access: &mut Access<'_>| {
        if let Event::Progress { epoch, step, .. } = event {
            access.sync_to_host().unwrap();
            at_step(epoch, step);
        }
        Flow::Continue
    });
    assert_eq!(outcome.unwrap(), Outcome::Completed);
    job.history().clone()
}

#[test]
fn a_training_goes_on_from_any_step() {
    for optimizer in optimizers() {
        for steps_per_epoch in [None, Some(4)] {
            let options = || FitOptions { steps_per_epoch, progress: Progress::EveryStep, ..options(3) };
            let whole = bench(1, &optimizer);
            let saved = Rc::new(RefCell::new(Vec::new()));
            let history =
                fit_told(&whole, options(), &mut |epoch, step| saved.borrow_mut().push((epoch, step, save(&whole))));
            let saved = saved.take();
            assert_eq!(saved.len(), 3 * steps_per_epoch.unwrap_or(5));
            for (epoch, step, saved) in &saved {
                let second = load(saved, &optimizer);
                let resume = Some(Resume { step: step + 1, steps: Some(steps_per_epoch.unwrap_or(5)) });
                let resumed = FitOptions { initial_epoch: *epoch, resume, ..options() };
                let mut job = second.trainer.prepare_fit(corners(45), resumed).unwrap();
                second.trainer.set_running(&saved.continuation).unwrap();
                let rest = run_told(&mut job, &mut |_, _| {});
                assert_eq!(state(&second), state(&whole), "{optimizer}, epoch {epoch}, step {step}");
                for name in ["loss", "accuracy", "val_loss"] {
                    assert_eq!(rest.get(name).unwrap(), &history.get(name).unwrap()[*epoch..], "{name} from {step}");
                }
            }
        }
    }
}

#[test]
fn draws_between_steps_leave_the_order_of_samples_alone() {
    let optimizer = &optimizers()[0];
    // Predictions with noise advance the counter that the order of a pass follows from.
    let draw = |bench: &Bench| {
        let x = corners(8).x;
        bench.trainer.prepare_draws(x, 8, 3, Progress::Never).unwrap().run(&never(), &mut quiet()).unwrap();
    };
    let steps = |from, to| FitOptions { initial_epoch: from, steps_per_epoch: Some(4), ..options(to) };
    let whole = bench(1, optimizer);
    let told = FitOptions { progress: Progress::Never, ..steps(0, 4) };
    let mut job = whole.trainer.prepare_fit(corners(45), told).unwrap();
    let x = Rc::new(RefCell::new(whole.trainer.prepare_draws(corners(8).x, 8, 3, Progress::Never).unwrap()));
    let outcome = job.run(&never(), &mut |event, access| {
        if matches!(event, Event::EpochEnd { epoch: 1, .. }) {
            access.sync_to_host().unwrap();
            x.borrow_mut().run(&never(), &mut quiet()).unwrap();
        }
        Flow::Continue
    });
    assert_eq!(outcome.unwrap(), Outcome::Completed);

    let first = bench(1, optimizer);
    first.fit(corners(45), steps(0, 2));
    let second = load(&save(&first), optimizer);
    second.fit(corners(45), steps(2, 4));
    assert_eq!(second.weights(), whole.weights());

    // After the training itself the counter does advance; the pass goes on all the same.
    draw(&first);
    let third = load(&save(&first), optimizer);
    third.fit(corners(45), steps(2, 4));
    assert_ne!(third.weights(), whole.weights(), "dropout draws other numbers");
}

#[test]
fn averages_stay_where_weights_were_changed_since() {
    let optimizer = &optimizers()[1];
    let one = bench(1, optimizer);
    one.fit(corners(45), options(2));
    let averaged = one.weights();
    assert!(one.trainer.continuation(false).unwrap().iter().any(|(name, _)| name == "unaveraged_0"));
    let weight = one.model.weights()[0].variable.clone();
    weight.assign(weight.value()).unwrap();
    assert!(one.trainer.continuation(false).unwrap().iter().all(|(name, _)| name != "unaveraged_0"));
    assert_eq!(one.weights(), averaged);
}

#[test]
fn running_values_of_other_metrics_are_an_error() {
    let optimizer = &optimizers()[0];
    let one = bench(1, optimizer);
    one.fit(corners(45), options(1));
    let mut values = one.trainer.continuation(true).unwrap();
    values.pop();
    let error = one.trainer.set_running(&values).unwrap_err();
    assert!(matches!(&error, Error::Data(message) if message.contains("those of other metrics")), "{error}");
    for resume in [Resume { step: 6, steps: None }, Resume { step: 1, steps: Some(6) }] {
        let late = FitOptions { resume: Some(resume), ..options(1) };
        let error = one.trainer.prepare_fit(corners(45), late).err().unwrap().to_string();
        assert!(error.starts_with("the interrupted training had 6 steps an epoch, this one has 5"), "{error}");
    }
    let wrong = [("pass".to_string(), Tensor::i32([1], vec![0]).unwrap())];
    let error = one.trainer.set_continuation(&wrong).unwrap_err().to_string();
    assert_eq!(error, "state 'pass' of a training: expected shape [2], received [1]");
}
