//! Training: history, batches, order of samples, validation, going on later, stopping.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::{Bench, classifier, corners, never, part, quiet, sequential, target};
use glorot_nn::rng;
use glorot_tensor::{DType, Tensor};
use glorot_train::{Error, Event, FitOptions, Flow, NonFinite, Outcome, Progress, Validation};
use serde_json::json;

fn epochs(epochs: usize) -> FitOptions {
    FitOptions { epochs, batch_size: 8, ..FitOptions::default() }
}

#[test]
fn learns_to_separate_classes() {
    let bench = Bench::new();
    let history = bench.fit(corners(60), epochs(12));
    let loss = history.get("loss").unwrap();
    assert_eq!(history.epochs, (0..12).collect::<Vec<_>>());
    assert!(loss[11] < 0.05 && loss[0] > 0.5, "{loss:?}");
    assert!(history.get("accuracy").unwrap()[11] > 0.95);
}

#[test]
fn the_loss_of_an_epoch_counts_every_sample_once_with_penalties() {
    let l2 = json!({ "kernel_regularizer": { "class_name": "L2", "config": { "l2": 0.01 } } });
    // Nothing is learned, so the epoch of batches 8, 8, 4 sees the same weights as one batch of 20.
    let still = json!({ "class_name": "SGD", "config": { "learning_rate": 0.0 } });
    let bench = Bench::with(classifier(3, l2), vec![target()], still);
    let data = corners(20);
    let history = bench.fit(data.clone(), epochs(1));
    let whole = bench.trainer.prepare_test_batch(data, true).unwrap().run().unwrap();
    for (name, want) in &whole {
        let got = history.get(name).unwrap()[0];
        assert!((got - want).abs() < 1e-6, "{name}: {got}, expected {want}");
    }
    let plain = Bench::new().trainer.prepare_test_batch(corners(20), true).unwrap().run().unwrap();
    let penalty: f32 = bench.weights()[0].iter().map(|w| 0.01 * w * w).sum();
    assert!(penalty > 0.01 && (whole[0].1 - plain[0].1 - penalty).abs() < 1e-6, "{whole:?} {plain:?} {penalty}");
}

#[test]
fn ten_epochs_are_five_and_five() {
    let options = || FitOptions { shuffle: true, ..epochs(10) };
    let model = || {
        rng::set_seed(1);
        sequential(&[
            ("InputLayer", json!({ "shape": [3] })),
            ("BatchNormalization", json!({})),
            ("Dense", json!({ "units": 4, "activation": "elu" })),
            ("Dropout", json!({ "rate": 0.3 })),
            ("Dense", json!({ "units": 3, "activation": "softmax" })),
        ])
    };
    let nadam = || json!({ "class_name": "Nadam", "config": { "learning_rate": 0.01 } });
    let bench = || Bench::with(model(), vec![target()], nadam());
    let (whole, parts) = (bench(), bench());
    let mut history = whole.fit(corners(30), options());
    let first = parts.fit(corners(30), FitOptions { epochs: 5, ..options() });
    let second = parts.fit(corners(30), FitOptions { initial_epoch: 5, ..options() });
    assert_eq!(whole.weights(), parts.weights());
    assert_eq!(second.epochs, [5, 6, 7, 8, 9]);
    let loss = history.series.remove(0).1;
    assert_eq!(loss, [first.get("loss").unwrap(), second.get("loss").unwrap()].concat());
}

#[test]
fn a_second_epoch_takes_the_samples_in_another_order() {
    let (once, twice) = (Bench::new(), Bench::new());
    let first = once.fit(corners(30), epochs(2));
    twice.fit(corners(30), epochs(1));
    assert_ne!(once.weights(), twice.weights());
    let unshuffled = Bench::new().fit(corners(30), FitOptions { shuffle: false, ..epochs(2) });
    assert_ne!(first.get("loss"), unshuffled.get("loss"));
}

#[test]
fn steps_per_epoch_go_on_in_the_pass() {
    // 5 batches a pass: 3 epochs of 5 steps are 5 epochs of 3 steps.
    let (whole, parts) = (Bench::new(), Bench::new());
    whole.fit(corners(38), epochs(3));
    let options = FitOptions { steps_per_epoch: Some(3), ..epochs(5) };
    parts.fit(corners(38), FitOptions { epochs: 2, ..options.clone() });
    parts.fit(corners(38), FitOptions { initial_epoch: 2, ..options });
    assert_eq!(whole.weights(), parts.weights());
}

#[test]
fn validation_split_takes_the_last_samples_before_shuffling() {
    let data = corners(25);
    // 25 * (1 - 0.3) = 17.5: 17 samples are trained on, as in Keras.
    let split = Bench::new();
    let history = split.fit(data.clone(), FitOptions { validation: Validation::Split(0.3), ..epochs(3) });
    let apart = Bench::new();
    let validation = Validation::Data(part(&data, 17..25));
    let options = FitOptions { validation, validation_batch_size: Some(3), ..epochs(3) };
    let expected = apart.fit(part(&data, 0..17), options);
    assert_eq!(split.weights(), apart.weights());
    assert_eq!(history.get("loss"), expected.get("loss"));
    for name in ["val_loss", "val_accuracy"] {
        let (got, want) = (history.get(name).unwrap(), expected.get(name).unwrap());
        assert!(got.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-6), "{name}: {got:?}, expected {want:?}");
    }
    let mut job = split.trainer.prepare_evaluate(part(&data, 17..25), 32, Progress::Never).unwrap();
    let evaluated = job.run(&never(), &mut quiet()).unwrap();
    assert!((evaluated[0].1 - history.get("val_loss").unwrap()[2]).abs() < 1e-6);
}

#[test]
fn validation_every_second_epoch() {
    let options = FitOptions { validation: Validation::Split(0.5), validation_freq: 2, ..epochs(5) };
    let history = Bench::new().fit(corners(20), options);
    assert_eq!(history.get("loss").unwrap().len(), 5);
    assert_eq!(history.get("val_loss").unwrap().len(), 2);
}

#[test]
fn events_come_in_order() {
    let bench = Bench::new();
    let options = FitOptions { progress: Progress::EveryStep, validation: Validation::Split(0.2), ..epochs(2) };
    let mut job = bench.trainer.prepare_fit(corners(20), options).unwrap();
    assert_eq!(job.names(), ["loss", "accuracy", "val_loss", "val_accuracy"]);
    let mut events = Vec::new();
    job.run(&never(), &mut |event, _| {
        events.push(match event {
            Event::EpochBegin { epoch } => format!("begin {epoch}"),
            Event::BatchBegin { epoch, step } => format!("batch {epoch} {step}"),
            Event::Progress { epoch, step, steps, logs } => {
                format!("step {epoch} {step}/{steps} {}", logs.names().join(" "))
            }
            Event::EpochEnd { epoch, logs, .. } => format!("end {epoch} {}", logs.names().join(" ")),
            Event::TestBegin { .. }
            | Event::TestBatchBegin { .. }
            | Event::TestBatchEnd { .. }
            | Event::TestEnd { .. } => {
                panic!("events of the validation come only where they are asked for")
            }
        });
        Flow::Continue
    })
    .unwrap();
    let epoch = |epoch: usize| {
        let step = |step| [format!("batch {epoch} {step}"), format!("step {epoch} {step}/2 loss accuracy")];
        let end = format!("end {epoch} loss accuracy val_loss val_accuracy");
        [vec![format!("begin {epoch}")], step(0).to_vec(), step(1).to_vec(), vec![end]].concat()
    };
    assert_eq!(events, [epoch(0), epoch(1)].concat());
}

#[test]
fn progress_is_throttled_but_tells_the_last_step() {
    let options = FitOptions { progress: Progress::Every(Duration::from_secs(3600)), ..epochs(2) };
    let bench = Bench::new();
    let mut job = bench.trainer.prepare_fit(corners(40), options).unwrap();
    let mut steps = Vec::new();
    job.run(&never(), &mut |event, _| {
        if let Event::Progress { step, .. } = event {
            steps.push(step);
        }
        Flow::Continue
    })
    .unwrap();
    assert_eq!(steps, [4, 4]);
}

#[test]
fn jobs_run_on_another_thread() {
    let (here, there) = (Bench::new(), Bench::new());
    here.fit(corners(30), epochs(2));
    let mut job = there.trainer.prepare_fit(corners(30), epochs(2)).unwrap();
    let job = std::thread::spawn(move || {
        job.run(&never(), &mut quiet()).unwrap();
        job
    });
    assert_eq!(job.join().unwrap().history().epochs, [0, 1]);
    assert_eq!(here.weights(), there.weights());
}

#[test]
fn cancelling_stops_before_the_next_step_and_keeps_what_was_done() {
    let bench = Bench::new();
    let before = bench.weights();
    let cancel = AtomicBool::new(false);
    let options = FitOptions { progress: Progress::EveryStep, ..epochs(5) };
    let mut job = bench.trainer.prepare_fit(corners(24), options).unwrap();
    let mut last = (0, 0);
    let outcome = job.run(&cancel, &mut |event, _| {
        if let Event::Progress { epoch, step, .. } = event {
            last = (epoch, step);
            cancel.store((epoch, step) == (1, 1), Ordering::Relaxed);
        }
        Flow::Continue
    });
    assert_eq!(outcome.unwrap(), Outcome::Cancelled);
    assert_eq!(last, (1, 1));
    assert_eq!(job.history().epochs, [0]);
    assert_ne!(bench.weights(), before);
    assert_eq!(bench.iterations(), 5);
}

#[test]
fn stopping_in_an_epoch_still_validates() {
    let bench = Bench::new();
    let options = FitOptions { progress: Progress::EveryStep, validation: Validation::Split(0.2), ..epochs(5) };
    let mut job = bench.trainer.prepare_fit(corners(40), options).unwrap();
    let outcome = job.run(&never(), &mut |event, _| match event {
        Event::Progress { epoch: 1, step: 2, .. } => Flow::Stop,
        _ => Flow::Continue,
    });
    assert_eq!(outcome.unwrap(), Outcome::Stopped);
    assert_eq!(job.history().get("val_loss").unwrap().len(), 2);
    assert_eq!(bench.iterations(), 7);
}

#[test]
fn the_handler_reads_and_sets_variables() {
    let bench = Bench::new();
    let rate = bench.optimizer.borrow().learning_rate();
    let kernel = bench.model.weights()[0].variable.clone();
    let stale = kernel.value();
    let mut seen = Vec::new();
    let mut job = bench.trainer.prepare_fit(corners(24), epochs(3)).unwrap();
    job.run(&never(), &mut |event, access| {
        match event {
            Event::EpochEnd { epoch: 0, .. } => {
                assert_eq!(kernel.value().as_f32().unwrap(), stale.as_f32().unwrap());
                let newest = access.get(&kernel).unwrap();
                access.sync_to_host().unwrap();
                assert_eq!(kernel.value().as_f32().unwrap(), newest.as_f32().unwrap());
                assert_ne!(newest.as_f32().unwrap(), stale.as_f32().unwrap());
                access.set(&rate, Tensor::scalar_f32(0.0)).unwrap();
                // A value that was assigned to the variable itself counts as well.
                kernel.assign(Tensor::zeros([3, 4], DType::F32)).unwrap();
            }
            Event::EpochEnd { .. } => seen.push(access.get(&kernel).unwrap().to_f64()),
            _ => {}
        }
        Flow::Continue
    })
    .unwrap();
    // Momentum goes on for a while, from zero and with no rate.
    assert_eq!(rate.value().as_f32().unwrap(), [0.0]);
    assert!(seen[0].iter().all(|w| w.abs() < 1.0) && seen.len() == 2);
}

#[test]
fn a_loss_that_is_not_finite_ends_the_run() {
    let run = |non_finite| {
        let bench = Bench::new();
        let mut data = corners(40);
        let mut x = data.x[0].to_f64();
        x[3 * 20] = f64::NAN; // in the third batch
        data.x[0] = Tensor::from_f64([40, 3], DType::F32, &x).unwrap();
        let options = FitOptions { shuffle: false, non_finite, ..epochs(2) };
        let mut job = bench.trainer.prepare_fit(data, options).unwrap();
        (job.run(&never(), &mut quiet()), bench.weights(), job.history().clone())
    };
    let (result, weights, history) = run(NonFinite::Error);
    let error = result.unwrap_err();
    assert!(matches!(&error, Error::NonFiniteLoss { epoch: 0, step: 2, value } if value.is_nan()), "{error}");
    assert!(error.to_string().contains("learning rate") && error.to_string().contains("epoch 1, step 3"), "{error}");
    assert!(weights[0].iter().any(|w| w.is_nan()), "weights stay as they are");
    assert!(history.epochs.is_empty());
    let (result, _, history) = run(NonFinite::Continue);
    assert_eq!(result.unwrap(), Outcome::Completed);
    assert!(history.get("loss").unwrap()[1].is_nan());
}

#[test]
fn a_job_after_a_failed_one_starts_from_fresh_weights() {
    let bench = Bench::new();
    let good = bench.model.get_weights();
    let mut data = corners(16);
    data.x[0] = Tensor::from_f64([16, 3], DType::F32, &[f64::NAN; 48]).unwrap();
    let mut job = bench.trainer.prepare_fit(data, epochs(1)).unwrap();
    job.run(&never(), &mut quiet()).unwrap_err();
    bench.model.set_weights(&good).unwrap();
    for variable in bench.optimizer.borrow().variables().into_iter().skip(2) {
        variable.assign(Tensor::zeros(variable.spec().shape.clone(), variable.spec().dtype)).unwrap();
    }
    let history = bench.fit(corners(16), epochs(1));
    assert!(history.get("loss").unwrap()[0].is_finite());
}

#[test]
fn while_a_training_runs_others_may_read_but_not_train() {
    let bench = Bench::new();
    let data = corners(24);
    let mut evaluate = bench.trainer.prepare_evaluate(data.clone(), 8, Progress::Never).unwrap();
    let mut second = bench.trainer.prepare_fit(data.clone(), epochs(1)).unwrap();
    let mut job =
        bench.trainer.prepare_fit(data, FitOptions { validation: Validation::Data(corners(24)), ..epochs(2) }).unwrap();
    let mut evaluated = Vec::new();
    job.run(&never(), &mut |event, access| {
        if let Event::EpochEnd { logs, .. } = event {
            access.sync_to_host().unwrap();
            let result = evaluate.run(&never(), &mut quiet()).unwrap();
            assert_eq!(result[0].1, logs.get("val_loss").unwrap());
            evaluated.push(result);
            assert!(matches!(second.run(&never(), &mut quiet()), Err(Error::Busy)));
        }
        Flow::Continue
    })
    .unwrap();
    assert_eq!(evaluated.len(), 2);
    assert_eq!(second.run(&never(), &mut quiet()).unwrap(), Outcome::Completed);
}
